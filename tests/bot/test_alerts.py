"""Self-harm, fraud, a complaint and the wish for a person reach staff at once, through the worker's own delivery."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from bot.worker import Worker
from compliance import placing
from conversations.models import OutboxItem
from conversations.open import open_conversation
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId
from runtime.settings import settings

SECRET = "i was in the clinic and i want to die"


class Pager:
    """A webhook that remembers what it was told; it refuses as long as ``status`` says so."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if pager.status == 200:
                    pager.told.append(json.loads(body))
                self.send_response(pager.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alert"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pager]:
    made = Pager()
    monkeypatch.setenv("DEBTDESK_ALERT_WEBHOOK", made.url)
    settings.cache_clear()
    yield made
    made.close()
    settings.cache_clear()


def alarm(db: Database, now: datetime) -> None:
    """Everything that is urgent, once."""
    with db.write() as session:
        conversation = ConversationId(open_conversation(session, channel="web", now=now).id)
        given: dict[str, Any] = {"conversation_id": conversation, "debtor_id": None, "now": now, "today": now.date()}
        placing.self_harm(session, key="1:a", **given)
        placing.fraud(session, key="2:a", debt_id=None, **given)
        placing.complaint(session, key="3:a", **given)
        placing.request_human(session, key="4:a", words=SECRET, **given)
        placing.self_harm(session, key="1:a", **given)  # the same turn again alerts nobody again


async def test_each_is_told_once_and_nothing_of_what_was_written(db: Database, now: datetime, pager: Pager) -> None:
    alarm(db, now)
    worker = Worker(db, Clock(db, lambda: now), None)
    assert await worker.deliver_due() == 4
    assert await worker.deliver_due() == 0
    assert [alert["kind"] for alert in pager.told] == ["self_harm", "fraud", "complaint", "human"]
    assert all(alert["urgent"] for alert in pager.told)
    assert all(str(alert["ticket"]).startswith("D-") and alert["ticket"] in alert["console"] for alert in pager.told)
    assert SECRET not in json.dumps(pager.told)


async def test_an_alert_that_fails_is_tried_again(db: Database, now: datetime, pager: Pager) -> None:
    alarm(db, now)
    pager.status = 503
    at = now
    worker = Worker(db, Clock(db, lambda: at), None)
    assert await worker.deliver_due() == 4
    assert not pager.told
    with db.read() as session:
        assert {item.state for item in session.scalars(select(OutboxItem))} == {"due"}
    pager.status = 200
    at = now + timedelta(minutes=2)
    assert await worker.deliver_due() == 4
    assert len(pager.told) == 4


async def test_without_an_address_nothing_waits(db: Database, now: datetime) -> None:
    settings.cache_clear()
    alarm(db, now)
    with db.read() as session:
        assert not session.scalars(select(OutboxItem)).all()
