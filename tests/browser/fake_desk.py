"""A small server that speaks the chat API from memory, so that the page can be tested alone and made to suffer."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bot import pages
from compliance.session_keys import renewal_words, signed_by

Event = tuple[int | None, str, dict[str, Any]]


class FakeDesk:
    """One conversation per session. ``refuse`` holds answers to give instead, by call, used up one by one."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.url = ""
        self.sessions: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.posted: list[dict[str, Any]] = []
        self.resumed_from: list[str] = []
        self.messages: list[dict[str, Any]] = []
        self.events: list[Event] = []
        self.refuse: dict[str, list[Response]] = {"session": [], "messages": [], "events": [], "history": []}
        self.tokens: set[str] = set()
        self.retired: set[str] = set()
        self.renewed: list[dict[str, Any]] = []
        self.cut = 0
        self.reply: Callable[[FakeDesk, dict[str, Any]], None] = lambda desk, body: None
        self._routes()

    def say(self, text: str, author: str = "bot", **more: Any) -> dict[str, Any]:
        """Stores a message and sends it to whoever listens."""
        message = {
            "id": len(self.messages) + 1,
            "author": author,
            "text": text,
            "buttons": [],
            "at": datetime.now(UTC).isoformat(),
        } | more
        self.messages.append(message)
        self.events.append((message["id"], "message", message))
        return message

    def send(self, kind: str, **data: Any) -> None:
        """Sends an event that is no message."""
        self.events.append((None, kind, data))

    def close_streams(self) -> None:
        """Ends every open event stream, as a restart of the server would."""
        self.cut += 1

    def expire(self) -> None:
        """Makes every token handed out so far worthless."""
        self.tokens.clear()
        self.close_streams()

    def verified(self, *, told: bool = True) -> None:
        """Somebody was verified: the tokens die, and the stream says so, or is cut."""
        self.retired |= self.tokens
        self.tokens.clear()
        if told:
            self.send("session", state="renew")
        else:
            self.close_streams()

    def _refusal(self, request: Request, call: str) -> Response | None:
        if self.refuse[call]:
            return self.refuse[call].pop(0)
        token = _bearer(request)
        if call != "session" and token not in self.tokens:
            code = "session_renew" if token in self.retired else "session_over"
            return JSONResponse({"detail": {"code": code, "message": "Session over"}}, status_code=401)
        return None

    def _renewing(self) -> None:
        @self.app.post("/api/chat/session/nonce")
        async def nonce(request: Request) -> Response:
            known = _bearer(request) in self.retired and "client_key" in self.sessions[-1]
            return JSONResponse({"nonce": f"nonce-{len(self.renewed) + 1}"} if known else {}, 201 if known else 401)

        @self.app.post("/api/chat/session/renew")
        async def renew(request: Request) -> Response:
            body = await request.json()
            key = self.sessions[-1]["client_key"]
            words = renewal_words("c1", f"nonce-{len(self.renewed) + 1}")
            if not signed_by(key, signature=body["signature"], words=words):
                return JSONResponse({"detail": {"code": "session_over", "message": "no"}}, 401)
            self.renewed.append(body)
            self.events = [event for event in self.events if event[2].get("state") != "renew"]
            token = f"renewed-{len(self.renewed)}"
            self.tokens = {token}
            answer = {"conversation_id": "c1", "token": token, "expires_at": datetime.now(UTC).isoformat()}
            return JSONResponse(answer, status_code=201)

    def _routes(self) -> None:
        self._renewing()

        @self.app.post("/api/chat/session")
        async def session(request: Request) -> Response:
            body = await request.json()
            if refusal := self._refusal(request, "session"):
                return refusal
            self.sessions.append(body)
            token = f"token-{len(self.sessions)}"
            self.tokens.add(token)
            expires = datetime.now(UTC) + timedelta(hours=1)
            answer = {"conversation_id": "c1", "token": token, "expires_at": expires.isoformat()}
            return JSONResponse(answer, status_code=201)

        @self.app.delete("/api/chat/session")
        async def end(request: Request) -> Response:
            self.deleted.append(request.headers["authorization"])
            return Response(status_code=204)

        @self.app.post("/api/chat/messages")
        async def messages(request: Request) -> Response:
            body = await request.json()
            if refusal := self._refusal(request, "messages"):
                return refusal
            self.posted.append(body)
            if all(message.get("client_id") != body["id"] for message in self.messages):
                titles = {one["id"]: one["title"] for message in self.messages for one in message["buttons"]}
                text = titles[body["button"]] if "button" in body else body["text"]
                self.say(text, author="debtor", client_id=body["id"])
                self.reply(self, body)
            return JSONResponse({"id": body["id"]}, status_code=202)

        @self.app.get("/api/chat/history")
        async def history(request: Request) -> Response:
            return self._refusal(request, "history") or JSONResponse({"messages": self.messages})

        @self.app.get("/api/chat/events")
        async def events(request: Request) -> Response:
            if refusal := self._refusal(request, "events"):
                return refusal
            last = request.headers.get("last-event-id", "0")
            self.resumed_from.append(last)
            return StreamingResponse(self._stream(int(last)), media_type="text/event-stream")

        self.app.include_router(pages.router)

    async def _stream(self, last: int) -> AsyncIterator[str]:
        cut, sent = self.cut, 0
        yield ": here\n\n"
        while cut == self.cut:
            for number, kind, data in self.events[sent:]:
                sent += 1
                if number is None:
                    yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"
                elif number > last:
                    yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
            await asyncio.sleep(0.02)


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


@contextmanager
def serving(desk: FakeDesk, port: int = 0) -> Iterator[FakeDesk]:
    """Serves a fake desk on a free port of this machine while the block runs."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        desk.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(desk.app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield desk
        desk.close_streams()
        server.should_exit = True
        thread.join(5)
