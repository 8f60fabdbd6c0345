"""How long the audit of many messages takes, and whether its memory grows with them. On SQLite."""

import dataclasses
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from audit.running import Report, audit
from audit.scope import Scope
from bench.report import Row, table
from compliance.models import Level, Verification
from conversations.models import Conversation, Message, Ticket, Turn
from ledger.models import Creditor, Debtor
from ledger.money import Money
from ledger.opening import open_debt
from runtime.database import Database
from runtime.ids import DebtorId
from runtime.migrate import upgrade

MESSAGES = 100_000
LONGEST = 60.0
"""Seconds in which so many messages are to be audited."""
TALK = 50
"""Messages of one conversation: about what a debtor says in a month."""
GROWS = 64
"""Mebibytes by which the memory may grow between a tenth of the messages and all of them."""
NOW = datetime(2026, 3, 3, 16, 0, tzinfo=timezone.utc)

SCRIPT: tuple[tuple[str, str, str, str | None, dict[str, Any]], ...] = (
    (
        "what do i owe",
        "action_balance",
        "{owed} in total today, Robin, to Northern Gas. Would you like the details, to pay some, or to spread it?",
        "balance",
        {"balance": True},
    ),
    (
        "i can manage 25 a month i think, from the first of next month if thats ok with you",
        "action_greet",
        "Hello Robin, good to hear from you. What would you like to do?",
        "hello_name",
        {"name": "Robin"},
    ),
    (
        "who are you and why are you writing to me again",
        "action_who_are_you",
        "It's right to check. I'm an automated assistant for Harbour & Vale Recoveries Ltd. Don't take my word or my "
        "links for it: look us up on the Financial Services Register and call the number you find there.",
        "who_are_you_verified",
        {"legal_name": "Harbour & Vale Recoveries Ltd", "register": "Financial Services Register", "creditors": []},
    ),
    ("ok thanks", "action_thanks", "You're welcome. I'm here whenever you need me.", "thanks", {}),
    (
        "my hours were cut at work and i dont know what to do, can somebody call me back on monday",
        "action_callback",
        "We'll ring you, number D-2001. When suits you? We can call Mon-Thu 09:00-18:00, Fri 09:00-17:00.",
        "callback",
        {"number": "D-2001", "hours": "Mon-Thu 09:00-18:00", "when": False},
    ),
)
"""What the debtor types, what is done, what is answered, and with which values."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """One audit: seconds, and the most memory this process had until its end, in mebibytes."""

    seconds: float
    peak: float
    report: Report


def lines(*, say: Callable[[str], None], messages: int = MESSAGES) -> list[str]:
    """Measure, and the table."""
    with tempfile.TemporaryDirectory(prefix="audit-bench-") as folder:
        say(f"audit: {messages:,} messages are written ...")
        database = Database(f"sqlite:///{Path(folder) / 'audit.sqlite3'}")
        upgrade(database)
        write(database, messages)
        say("audit: a tenth of them, then all ...")
        few = measure(database, until=NOW + timedelta(days=messages // TALK // 10))
        every = measure(database)
        database.close()
    assert every.report.messages == messages, every.report.messages
    assert every.report.clean, every.report.findings[:3]
    grown = every.peak - few.peak
    return table(
        [
            Row(
                f"audit of {messages:,} messages by 41 rules",
                f"{every.seconds:.1f} s",
                f"{LONGEST:.0f} s allowed",
                every.seconds / LONGEST,
                1.0,
            ),
            Row(
                "memory: all of them more than a tenth", f"{grown:.0f} MiB", f"{GROWS} MiB allowed", grown / GROWS, 1.0
            ),
        ],
        beside="limit",
    )


def measure(database: Database, *, until: datetime | None = None) -> Measured:
    """Audit everything, or what was said before ``until``."""
    began = time.perf_counter()
    with database.read() as session:
        report = audit(session, Scope(now=NOW + timedelta(days=20_000), until=until))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Measured(seconds, peak, report)


def write(database: Database, messages: int) -> None:
    """Conversations of ``TALK`` messages, each with a debtor of its own, one begun on each day."""
    with database.write() as session:
        creditor = Creditor(
            ref="NG", name="Northern Gas", country="GB", currency="GBP", policy="uk-standard", own_collector=False
        )
        session.add(creditor)
        session.flush()
        for number in range(messages // TALK):
            _conversation(session, creditor, number)


def _conversation(session: Session, creditor: Creditor, number: int) -> None:
    at = NOW + timedelta(days=number)
    debtor = Debtor(
        ref=f"B-{number}",
        first_name="Robin",
        last_name="Tester",
        country="GB",
        region="England",
        timezone="Europe/London",
        created_at=at,
    )
    session.add(debtor)
    session.flush()
    owed = Money(20_000 + number, "GBP")
    open_debt(
        session,
        key=f"bench:{number}",
        ref=f"BD-{number}",
        debtor_id=DebtorId(debtor.id),
        creditor_id=creditor.id,
        kind="energy",
        opened_on=at.date(),
        effective_on=at.date(),
        principal=owed,
        now=at,
        actor="bench",
        time_barred=False,
    )
    name = f"bench-{number:08}"
    session.execute(
        insert(Conversation),
        [
            {
                "id": name,
                "channel": "web",
                "locale": "en-GB",
                "language": "en",
                "created_at": at,
                "owner": "bot",
                "last_activity_at": at + timedelta(minutes=TALK),
                "next_event": TALK + 1,
                "owner_version": 0,
                "engine_session": 1,
                "engine_turns": TALK,
                "misunderstandings": 0,
            }
        ],
    )
    session.add(
        Verification(
            conversation_id=name,
            debtor_id=debtor.id,
            level=Level.VERIFIED,
            method="factors",
            verified_at=at,
            last_used_at=at + timedelta(minutes=TALK),
        )
    )
    turns = [
        {
            "conversation_id": name,
            "provider_id": f"{name}:{place}",
            "state": "done",
            "raw": f"{said[0]} {name}.{place}",
            "masked": said[0],
            "terms": {},
            "factors": {},
            "intent": "x",
            "actions": [said[1]],
            "owner_version": 0,
            "engine_session": 1,
            "attempts": 1,
            "language": "en",
            "received_at": at + timedelta(minutes=2 * place),
            "done_at": at + timedelta(minutes=2 * place),
        }
        for place, said in _script()
    ]
    ids = session.scalars(insert(Turn).returning(Turn.id, sort_by_parameter_order=True), turns).all()
    session.execute(insert(Message), list(_messages(name, at, owed, ids)))
    session.add(
        Ticket(
            key=name,
            conversation_id=name,
            debtor_id=debtor.id,
            kind="callback",
            summary="Ring back.",
            opened_at=at,
            closed_at=at + timedelta(days=1),
            state="closed",
        )
    )
    session.flush()
    session.expunge_all()
    session.add(creditor)


def _script() -> Iterator[tuple[int, tuple[str, str, str, str | None, dict[str, Any]]]]:
    return ((place, SCRIPT[place % len(SCRIPT)]) for place in range(TALK // 2))


def _messages(name: str, at: datetime, owed: Money, turns: Any) -> Iterator[dict[str, Any]]:
    money = f"£{owed.decimal}"
    balance = {
        "name": "Robin",
        "totals": [owed.json()],
        "disputed": [],
        "plans": [],
        "stale": [],
        "invite": True,
        "debts": [{"creditor": "Northern Gas", "balance": owed.json()}],
    }
    for place, (typed, _, answer, say, values) in _script():
        when = at + timedelta(minutes=2 * place)
        first = "I'm Harbour & Vale's automated assistant. " if place == 0 else ""
        yield {
            "conversation_id": name,
            "event_id": 2 * place + 1,
            "author": "debtor",
            "say": None,
            "text": f"{typed} {name}.{place}",  # no two texts are alike: nothing is remembered
            "values": None,
            "buttons": [],
            "card": None,
            "turn_id": turns[place],
            "at": when,
        }
        yield {
            "conversation_id": name,
            "event_id": 2 * place + 2,
            "author": "bot",
            "say": say,
            "card": None,
            "text": first + answer.format(owed=money),
            "turn_id": turns[place],
            "at": when + timedelta(seconds=1),
            "values": balance if values.get("balance") else values,
            "buttons": [{"id": f"{name}-{place}", "title": "Talk to a person"}],
        }
