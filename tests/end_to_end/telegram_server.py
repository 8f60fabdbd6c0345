"""A small server that speaks Telegram's Bot API over HTTP, with 429, 5xx and duplicates on demand."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """The bot has gone while it was polling."""


class TelegramServer:
    """Gives updates to ``getUpdates``, keeps what ``sendMessage`` sent; ``fail`` makes the next sends fail."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.sent: list[dict[str, Any]] = []
        self.fail: list[tuple[int, dict[str, Any]]] = []
        self.redeliver = 0
        self._updates: list[dict[str, Any]] = []
        self._next = 1000
        self._changed = threading.Condition()
        self._server = _Quiet(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def write(self, chat: int, text: str, *, chat_type: str = "private") -> int:
        """A person writes to the bot; returns the update's id."""
        person = {"id": chat, "is_bot": False, "first_name": "Someone", "language_code": "en"}
        message = {"message_id": self._next, "date": int(time.time()), "from": person, "text": text,
                   "chat": {"id": chat, "type": chat_type, "first_name": "Someone"}}
        return self._put({"message": message})

    def press(self, chat: int, data: str) -> int:
        """A person presses a button."""
        person = {"id": chat, "is_bot": False, "first_name": "Someone", "language_code": "en"}
        message = {"message_id": self._next, "date": int(time.time()), "text": "…",
                   "chat": {"id": chat, "type": "private", "first_name": "Someone"}}
        return self._put({"callback_query": {"id": str(self._next), "from": person, "chat_instance": "1",
                                             "data": data, "message": message}})

    def wait_for(self, chat: int, count: int, seconds: float = 40) -> list[dict[str, Any]]:
        """Wait until the chat was sent ``count`` messages; all of them."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(found := [m for m in self.sent if str(m["chat_id"]) == str(chat)]) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"only {len(found)} of {count} messages were sent: {found}"
                self._changed.wait(left)
            return found

    def _put(self, update: dict[str, Any]) -> int:
        with self._changed:
            number = self._next
            self._next += 1
            self._updates.append({"update_id": number, **update})
            self._changed.notify_all()
            return number

    def _poll(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        deadline = time.monotonic() + min(seconds, 5)
        with self._changed:
            while True:
                if self.redeliver and self._updates:
                    self.redeliver -= 1
                    return self._updates[-1:]
                if found := [u for u in self._updates if u["update_id"] >= offset]:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                self._changed.wait(left)

    def _answer(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if method == "getMe":
            return 200, {"id": 1, "is_bot": True, "first_name": "Desk", "username": "desk_bot"}
        if method == "getUpdates":
            return 200, self._poll(int(body.get("offset") or 0), float(body.get("timeout") or 0))  # type: ignore[return-value]
        if method == "sendMessage":
            with self._changed:
                if self.fail:
                    return self.fail.pop(0)
                self.sent.append(body)
                self._changed.notify_all()
            return 200, {"message_id": len(self.sent), "date": int(time.time()), "text": body["text"],
                         "chat": {"id": int(body["chat_id"]), "type": "private"}}
        return 200, True  # type: ignore[return-value]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                is_json = "json" in (self.headers.get("Content-Type") or "")
                body = json.loads(raw or "{}") if is_json else {k: v[0] for k, v in parse_qs(raw).items()}
                bot, _, method = self.path.strip("/").partition("/")
                if bot != f"bot{server.token}":
                    self._reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
                    return
                status, result = server._answer(method, body)
                self._reply(status, {"ok": True, "result": result} if status == 200 else
                            {"ok": False, "error_code": status, **result})

            def _reply(self, status: int, body: dict[str, Any]) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler
