"""Talking to either bot as a client on the same machine does, one turn at a time, and timing it.

Plain ``http.client`` with connections kept open: the same cheap client for both, so that what is measured is the bot.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Protocol
from uuid import uuid4

from bot.client_key import ClientKey

LONGEST = 60.0
"""Seconds a turn may take before the benchmark gives up."""
IDLE = 2.0
"""Seconds after which a connection is opened anew: servers close idle ones after five."""


class BenchError(Exception):
    """A turn failed: the benchmark has nothing to say."""


class Talker(Protocol):
    """One conversation with a bot."""

    def ask(self, text: str) -> float:
        """Send a message; the seconds until the bot's answer is here. Raises BenchError when none comes."""

    def close(self) -> None:
        """Hang up."""


class _Sender:
    """A connection for JSON calls, kept open between them as long as a server may be trusted to."""

    def __init__(self, port: int) -> None:
        self._connection = _connection(port)
        self._used = time.monotonic()

    def post(self, path: str, body: dict[str, Any], headers: Mapping[str, str], *, expected: int) -> Any:
        """The answer to a call. Raises BenchError when it has another status."""
        if time.monotonic() - self._used > IDLE:
            self._connection.close()  # opens again by itself
        try:
            self._connection.request("POST", path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **headers})  # fmt: skip
            response = self._connection.getresponse()
            said = response.read()
        except (OSError, HTTPException) as error:
            raise BenchError(f"POST {path}: {type(error).__name__}: {error}") from error
        self._used = time.monotonic()
        if response.status != expected:
            raise BenchError(f"POST {path} answered {response.status}: {said[:300]!r}")
        return json.loads(said)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class DeskTalker:
    """A conversation with Debtdesk through its gateway: the chat API, and the answer over server-sent events."""

    def __init__(self, port: int, link: str | None = None) -> None:
        """``link``: a personal token, so that the conversation is a verified debtor's from the start."""
        self._sending = _Sender(port)
        self._hearing = _connection(port)
        self._key = ClientKey()
        began = self._sending.post("/api/chat/session", {"client_key": self._key.public, **(
            {"link": link} if link else {})}, {}, expected=201)
        self._id = str(began["conversation_id"])
        self._listen(began["token"])

    def _listen(self, token: str, last: int = 0) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._hearing.request("GET", "/api/chat/events", headers=self._headers | {"Last-Event-ID": str(last)})
        self._events = _events(self._hearing.getresponse())
        if next(self._events)[0] != "session":
            raise BenchError("the event stream did not begin with a session event")

    def _renew(self, last: int) -> None:
        """Somebody was verified: prove the key, and hear what was said since."""
        nonce = self._sending.post("/api/chat/session/nonce", {}, self._headers, expected=201)["nonce"]
        renewed = self._sending.post("/api/chat/session/renew", self._key.renewal(self._id, nonce), self._headers,
                                     expected=201)
        self._hearing.close()  # opens again by itself
        self._listen(renewed["token"], last)

    def ask(self, text: str) -> float:
        """Send a message; the seconds until the bot's message has arrived over the event stream."""
        own = str(uuid4())
        body = {"id": own, "text": text, "proof": self._key.proof(self._id, own, text)}
        began = time.perf_counter()
        self._sending.post("/api/chat/messages", body, self._headers, expected=202)
        mine, last = False, 0
        while event := next(self._events, None):
            kind, data = event
            if kind == "session" and data.get("state") == "renew":
                self._renew(last)
            if kind != "message":
                continue
            last = int(data["id"])
            if data.get("client_id") == own:
                mine = True  # what comes before it answers an earlier message
            elif mine and data["author"] == "bot":
                return time.perf_counter() - began
        raise BenchError(f"the event stream ended before {text!r} was answered")

    def close(self) -> None:
        """Close both connections."""
        self._sending.close()
        self._hearing.close()


class StockTalker:
    """A conversation with the stock bot over Rasa's own REST channel."""

    def __init__(self, port: int) -> None:
        self._sending = _Sender(port)
        self._sender = uuid4().hex

    def ask(self, text: str) -> float:
        """Send a message; the seconds until the answer is here."""
        began = time.perf_counter()
        body = {"sender": self._sender, "message": text}
        answers = self._sending.post("/webhooks/rest/webhook", body, {}, expected=200)
        took = time.perf_counter() - began
        if not answers or not any(answer.get("text") for answer in answers):
            raise BenchError(f"the stock bot had no answer to {text!r}")
        return took

    def close(self) -> None:
        """Close the connection."""
        self._sending.close()


def _connection(port: int) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port, timeout=LONGEST)


def _events(response: HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """The server-sent events of a response, as type and data."""
    kind, data = "message", ""
    with suppress(HTTPException):
        for raw in response:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(":")
            if name == "event":
                kind = value.strip()
            elif name == "data":
                data += value
            elif not line and data:
                yield kind, json.loads(data)
                kind, data = "message", ""
