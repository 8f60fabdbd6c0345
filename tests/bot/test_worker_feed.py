"""The worker delivers the feed beside its other work: each goes on when the other stumbles."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest

from bot import worker as room
from bot.worker import Worker
from conversations.outbox import put
from ledger.feed import tell
from runtime.clock import Clock
from runtime.database import Database
from runtime.settings import settings
from tests.ledger.portfolio import found_portfolio

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="


async def test_both_are_delivered_and_both_stop(
    db: Database, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URL", "down=http://127.0.0.1:1/x"), ("DIR", str(tmp_path)), ("SECRET", SECRET),
                        ("POLL_SECONDS", "0.1")):
        monkeypatch.setenv(f"DEBTDESK_FEED_{name}", value)
    settings.cache_clear()
    sent: list[str] = []

    async def deliver(item: object, **_: object) -> None:
        sent.append(getattr(item, "key", ""))

    monkeypatch.setattr(room, "deliver", deliver)
    with db.write() as session:
        debtor_id, _, _ = found_portfolio(session, now)
        tell(session, kind="test.thing", subject="x", debtor_id=debtor_id, at=now, facts={}, key="x")
        put(session, key="m", kind="alert_email", payload={}, now=now)
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(db, Clock(source=lambda: now), None).run(stop))
    for _ in range(200):
        await asyncio.sleep(0.05)
        if sent and list(tmp_path.rglob("*.jsonl")):
            break
    stop.set()
    await asyncio.wait_for(running, 20)
    (file,) = tmp_path.rglob("*.jsonl")
    assert sent == ["m"]
    assert json.loads(file.read_text())["kind"] == "test.thing"
    settings.cache_clear()
