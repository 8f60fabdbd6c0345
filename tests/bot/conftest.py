"""The gateway in earnest, over HTTP, with an engine that answers as it is told."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from sqlalchemy import select

from bot.app import create_app
from bot.engine import Answer
from conversations.models import Conversation, Message, Turn, TurnState
from runtime.database import Database
from runtime.ids import ConversationId

T = TypeVar("T")
PATIENCE_SECONDS = 30.0
FINAL = (TurnState.DONE, TurnState.FAILED, TurnState.DISCARDED)


def answer(*names: str, **more: Any) -> Answer:
    """An answer of the engine that says these texts."""
    messages = [{"say": name, "values": {}} for name in names or ("thanks",)]
    return Answer(**{"messages": messages, "intent": "thank", "confidence": 0.9, "ranking": [],  # type: ignore[arg-type]
                     "actions": []} | more)


class FakeEngine:
    """Answers with what it is told next, or with thanks; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sessions: list[int] = []
        self.next: list[Answer | Exception] = []
        self.always: Answer | Exception | None = None
        self.go = threading.Event()
        self.go.set()

    async def answer(self, conversation: Conversation, turn: Turn) -> Answer:
        """Waits until it may go, then answers."""
        self.asked.append((turn.masked, turn.forced_intent or ""))
        self.sessions.append(turn.engine_session)
        while not self.go.is_set():
            await asyncio.sleep(0.005)
        given = self.always or (self.next.pop(0) if self.next else answer())
        if isinstance(given, Exception):
            raise given
        return given

    async def ready(self) -> bool:
        """Always."""
        return True

    async def close(self) -> None:
        """Nothing to close."""


class Talk:
    """One conversation through the chat API."""

    def __init__(self, client: httpx.Client, db: Database, **session: Any) -> None:
        reply = client.post("/api/chat/session", json=session)
        assert reply.status_code == 201, reply.text
        self.client, self.db = client, db
        self.id = ConversationId(reply.json()["conversation_id"])
        self.headers = {"Authorization": f"Bearer {reply.json()['token']}"}

    def post(self, **body: Any) -> httpx.Response:
        """Send a message as it stands, with an id of its own unless one is given."""
        return self.client.post("/api/chat/messages", json={"id": str(uuid.uuid4())} | body, headers=self.headers)

    def type(self, text: str) -> list[Message]:
        """Type something and wait until it is answered."""
        wanted = str(uuid.uuid4())
        reply = self.post(id=wanted, text=text)
        assert reply.status_code == 202, reply.text
        return self.answer_to(wanted)

    def answer_to(self, wanted: str) -> list[Message]:
        """What was said to the message with this id, once its turn has ended."""
        turn = self.turn(wanted)
        with self.db.read() as session:
            return list(session.scalars(select(Message).where(Message.turn_id == turn.id, Message.author != "debtor")
                                        .order_by(Message.event_id)))

    def turn(self, wanted: str) -> Turn:
        """The turn of the message with this id, once it has ended."""
        def ended() -> Turn | None:
            with self.db.read() as session:
                found = session.scalar(select(Turn).where(Turn.provider_id == f"web:{self.id}:{wanted}"))
                return found if found is not None and found.state in FINAL else None
        return until(ended)

    def messages(self) -> list[Message]:
        """Every message."""
        with self.db.read() as session:
            return list(session.scalars(select(Message).where(Message.conversation_id == self.id)
                                        .order_by(Message.event_id)))

    def turns(self) -> list[Turn]:
        """Every turn."""
        with self.db.read() as session:
            return list(session.scalars(select(Turn).where(Turn.conversation_id == self.id).order_by(Turn.id)))

    def row(self) -> Conversation:
        """The conversation's row."""
        with self.db.read() as session:
            return session.get_one(Conversation, self.id)

    @contextmanager
    def events(self, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The messages of the event stream, as they come."""
        with self.client.stream("GET", "/api/chat/events", headers=self.headers | headers) as stream:
            assert stream.status_code == 200
            yield _messages(stream.iter_lines())


def _messages(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: ") and kind == "message":
            yield json.loads(line[6:])


def until(found: Callable[[], T | None]) -> T:
    """What ``found`` gives as soon as it gives something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.01)
    raise AssertionError("it did not come")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of the gateway."""
    fake = FakeEngine()
    monkeypatch.setattr("bot.app.Engine", lambda: fake)
    monkeypatch.setattr("bot.handling.RETRY_SECONDS", 0.001)
    return fake


@pytest.fixture
def client(db: Database, engine: FakeEngine) -> Iterator[httpx.Client]:
    """A client of the running gateway."""
    server = uvicorn.Server(uvicorn.Config(create_app(db), host="127.0.0.1", port=0, log_config=None,
                                           timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: True if server.started else None)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS, trust_env=False) as opened:
        yield opened
    engine.go.set()
    server.should_exit = True
    thread.join()


@pytest.fixture
def talk(client: httpx.Client, db: Database) -> Talk:
    """A conversation."""
    return Talk(client, db)
