"""The worker: what is due is sent once and in order; what fails is tried again, or given up and said so."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import delivery
from bot.worker import MAX_ATTEMPTS, Worker
from conversations.models import OutboxItem, Ticket
from conversations.open import open_conversation
from conversations.outbox import put
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId
from runtime.settings import settings
from tests.ledger.planning import agree, at
from tests.ledger.portfolio import Portfolio, found_portfolio


class Times:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def items(db: Database) -> list[OutboxItem]:
    with db.read() as session:
        return list(session.scalars(select(OutboxItem).order_by(OutboxItem.id)))


def put_two(db: Database, now: datetime) -> None:
    with db.write() as session:
        conversation = ConversationId(open_conversation(session, channel="telegram", address="1", now=now).id)
        for number in (1, 2):
            put(session, key=f"m{number}", kind="telegram", payload={"message_id": number},
                conversation_id=conversation, now=now)


def deliveries(monkeypatch: pytest.MonkeyPatch, *outcomes: Exception | None) -> list[str]:
    """Replace the sending; the outcomes come in turn, then everything succeeds."""
    sent: list[str] = []
    left = list(outcomes)

    async def deliver(item: OutboxItem, **_: Any) -> None:
        outcome = left.pop(0) if left else None
        if outcome:
            raise outcome
        sent.append(item.key)

    monkeypatch.setattr("bot.worker.deliver", deliver)
    return sent


async def run(db: Database, times: Times, rounds: int = 1) -> None:
    worker = Worker(db, Clock(source=times), None)
    for _ in range(rounds):
        await worker.deliver_due()


async def test_a_conversations_messages_keep_their_order(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_two(db, now)
    times = Times(now)
    sent = deliveries(monkeypatch, delivery.DeliveryError("down"))
    await run(db, times, rounds=3)
    assert sent == []  # the first waits for its next try, and the second behind it
    times.now += timedelta(minutes=5)
    await run(db, times, rounds=3)
    assert sent == ["m1", "m2"]
    assert [i.state for i in items(db)] == ["sent", "sent"]
    await run(db, times, rounds=2)
    assert sent == ["m1", "m2"]


async def test_the_wait_that_the_other_side_asks_for_is_kept(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_two(db, now)
    times = Times(now)
    sent = deliveries(monkeypatch, delivery.DeliveryError("too many", wait_seconds=120))
    await run(db, times)
    times.now += timedelta(seconds=119)
    await run(db, times)
    assert sent == []
    times.now += timedelta(seconds=2)
    await run(db, times)
    assert sent == ["m1"]


async def test_what_can_never_succeed_is_given_up_and_the_next_is_sent(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_two(db, now)
    sent = deliveries(monkeypatch, delivery.DeliveryError("blocked", final=True))
    await run(db, Times(now), rounds=2)
    assert sent == ["m2"]
    assert [(i.state, i.error) for i in items(db)] == [("failed", "blocked"), ("sent", None)]


async def test_attempts_are_bounded(db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    put_two(db, now)
    times = Times(now)
    deliveries(monkeypatch, *[delivery.DeliveryError("down")] * 100)
    for _ in range(MAX_ATTEMPTS):
        await run(db, times)
        times.now += timedelta(hours=2)
    assert items(db)[0].state == "failed"
    assert items(db)[0].attempts == MAX_ATTEMPTS


class Smtp(socketserver.StreamRequestHandler):
    """Enough of SMTP to take a mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        data = False
        for raw in self.rfile:
            line = raw.rstrip(b"\r\n")
            if data:
                data = line != b"."
                self.server.lines.append(line.decode())  # type: ignore[attr-defined]
                if not data:
                    self.wfile.write(b"250 ok\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            elif line.upper() == b"DATA":
                data = True
                self.wfile.write(b"354 go on\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A mail server; the lines it was sent."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        server.lines = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"smtp://127.0.0.1:{server.server_address[1]}"
        chosen = settings().model_copy(update={"smtp_url": address, "alert_email": "duty@example.org"})
        monkeypatch.setattr(delivery, "settings", lambda: chosen)
        yield server.lines  # type: ignore[attr-defined]
        server.shutdown()


async def test_a_code_is_mailed_without_a_hint_of_a_debt(db: Database, now: datetime, smtp: list[str]) -> None:
    with db.write() as session:
        item = put(session, key="c", kind="code_email", now=now,
                   payload={"to": "someone@example.org", "code": "482913", "minutes": 10, "language": "en"})
    await delivery.deliver(item, database=db, bot=None)
    mail = "\n".join(smtp)
    assert "482913" in mail
    assert "To: someone@example.org" in mail
    assert not [word for word in ("debt", "collect", "recover", "owe") if word in mail.lower().replace(
        "help@harbourvale.example", "")]


async def test_an_alert_names_the_ticket_and_nothing_else(db: Database, now: datetime, smtp: list[str]) -> None:
    with db.write() as session:
        item = put(session, key="a", kind="alert_email", now=now,
                   payload={"ticket": "D-2001", "kind": "human", "urgent": True, "opened_at": now.isoformat(),
                            "console": "http://127.0.0.1/console/tickets/D-2001"})
    await delivery.deliver(item, database=db, bot=None)
    mail = "\n".join(smtp)
    assert "Subject: URGENT D-2001: human" in mail
    assert "To: duty@example.org" in mail


async def test_a_mail_server_that_is_down_is_tried_again(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings().model_copy(update={"smtp_url": "smtp://127.0.0.1:1", "alert_email": "duty@example.org"})
    monkeypatch.setattr(delivery, "settings", lambda: chosen)
    with db.write() as session:
        item = put(session, key="a", kind="alert_email", now=now,
                   payload={"ticket": "D-2001", "kind": "human", "urgent": True})
    with pytest.raises(delivery.DeliveryError) as failed:
        await delivery.deliver(item, database=db, bot=None)
    assert not failed.value.final


def test_a_plan_with_too_many_misses_comes_to_staff_once(db: Database, now: datetime) -> None:
    times = Times(now)
    with db.write() as session:
        debtor_id, gas, _ = found_portfolio(session, now)
    portfolio = Portfolio(db, debtor_id, gas, gas, now)
    agree(portfolio, [portfolio.debt("A1", 20_000)], 20_000, 5_000)
    found = []
    for day in (date(2026, 4, 10), date(2026, 4, 11), date(2026, 5, 10), date(2026, 6, 10)):
        times.now = at(day)
        Worker(db, Clock(source=times), None).housekeeping()
        with db.read() as session:
            found.append(list(session.scalars(select(Ticket))))
    assert [len(tickets) for tickets in found] == [0, 0, 1, 1]
    (ticket,) = found[-1]
    assert (ticket.kind, ticket.debtor_id, ticket.state) == ("plan_behind", debtor_id, "open")
    assert "2 missed in all, 100.00 GBP behind" in ticket.summary
