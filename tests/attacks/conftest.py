"""The gateway over HTTP with the real actions behind it, the household, and clients that are and are not honest."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from actions.catalogue import ROOMS
from actions.running import run
from bot.client_key import ClientKey
from bot.engine import Answer
from compliance.links import make_link
from conversations.models import Conversation, Turn
from runtime.clock import Clock
from runtime.database import Database
from tests.bot.conftest import FakeEngine, Talk
from tests.bot.conftest import client as gateway_client
from tests.compliance.conftest import home as household

client = gateway_client
home = household
assert ROOMS  # importing them declares the actions
FACTORS = "Jane Roe 12/3/81 SW1A 2AA ref DD-1042"
SECRETS = ("Northern Gas", "00.00")
"""What nobody but Jane may read."""


class Actions(FakeEngine):
    """An engine that understands nothing, and asks the real actions: identity for factors, the balance for the rest."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db, self._clock = db, Clock(db)
        self.action = "action_balance"

    async def answer(self, conversation: Conversation, turn: Turn) -> Answer:
        """What the action says."""
        self.asked.append((turn.masked, turn.forced_intent or ""))
        action = "action_inform" if turn.forced_intent == "inform" else self.action
        says = await asyncio.to_thread(run, self._db, self._clock, action=action, turn_id=turn.id)
        return Answer(messages=says, intent="inform", confidence=1.0, ranking=[], actions=[action])


@pytest.fixture
def now() -> datetime:
    """The present: the gateway's clock is the real one."""
    return datetime.now(UTC)


@pytest.fixture
def db(make_sqlite: Any) -> Iterator[Database]:
    """SQLite only; the rooms beneath are tested on both."""
    database = make_sqlite()
    yield database
    database.close()


@pytest.fixture
def engine(db: Database, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of the gateway: the real actions."""
    made = Actions(db)
    monkeypatch.setattr("bot.app.Engine", lambda: made)
    monkeypatch.setattr("bot.handling.RETRY_SECONDS", 0.001)
    return made


class Visitor(Talk):
    """A client that makes a key and proves it, as the page does."""

    def __init__(self, client: httpx.Client, db: Database, *, keyed: bool = True, **session: Any) -> None:
        self.key = ClientKey()
        super().__init__(client, db, **({"client_key": self.key.public} if keyed else {}), **session)
        self.keyed = keyed

    def post(self, **body: Any) -> httpx.Response:
        """Send a message, signed."""
        body = {"id": str(uuid.uuid4())} | body
        if self.keyed and "text" in body and "proof" not in body:
            body["proof"] = self.key.proof(self.id, body["id"], body["text"])
        return super().post(**body)

    def nonce(self) -> httpx.Response:
        """Ask for a nonce."""
        return self.client.post("/api/chat/session/nonce", headers=self.headers)

    def renew(self) -> httpx.Response:
        """Prove the key; the new token is used from then on."""
        nonce = self.nonce()
        if nonce.status_code != 201:
            return nonce
        reply = self.client.post("/api/chat/session/renew", headers=self.headers,
                                 json=self.key.renewal(self.id, nonce.json()["nonce"]))
        if reply.status_code == 201:
            self.headers = {"Authorization": f"Bearer {reply.json()['token']}"}
        return reply

    def history(self) -> httpx.Response:
        """What was said."""
        return self.client.get("/api/chat/history", headers=self.headers)

    def with_token_of(self, other: Talk) -> "Visitor":
        """This client, handed the session of another: it keeps its own key."""
        self.id, self.headers = other.id, dict(other.headers)
        return self


def every_route(app: FastAPI | APIRouter) -> Iterator[BaseRoute]:
    """All routes, those of routers that were included as well."""
    for route in app.routes:
        included = getattr(route, "original_router", None)
        yield from every_route(included) if included is not None else [route]


def personal_link(db: Database, now: datetime, *, sent: bool = False, reference: str = "DD-1042") -> str:
    """A token."""
    with db.write() as session:
        return make_link(session, reference=reference, verifies=not sent, created_by="test", now=now)
