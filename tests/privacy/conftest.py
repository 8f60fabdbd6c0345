"""Somebody who has told the desk a lot, and others who must not be touched by what is done with it."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from compliance.evidence import record
from compliance.models import ContactWish, Level, Verification
from compliance.preferences import stop_all
from conversations.models import Turn
from conversations.open import open_conversation
from conversations.outbox import put
from conversations.say import hear, pass_on
from conversations.tickets import open_ticket
from ledger.models import Budget, Debtor
from ledger.money import Money
from ledger.receipts import receive
from payments.models import Payment, PaymentStatus, StripeEvent
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId
from tests.compliance.conftest import Household
from tests.compliance.conftest import home as home
from tests.compliance.conftest import talk as talk

SAID = ("my name is jane roe and i live at SW1A 2AA", "i lost my job and i am ill", "ring me on 07700 900123")
SECRETS = ("jane", "roe", "SW1A 2AA", "1981-03-12", "jane@example.com", "07700 900123", "lost my job", "an adviser",
           "Quillfeather")
"""What must be nowhere once it was erased."""


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Erasure and retention are tested on both."""
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()


@dataclass
class Desk:
    """The household with a past."""

    db: Database
    home: Household
    now: datetime
    tracker: str
    alone: ConversationId
    shared: ConversationId

    def verified(self, conversation_id: ConversationId, debtor_id: DebtorId, at: datetime,
                 ended: datetime | None = None, reason: str | None = None) -> None:
        """Somebody is verified."""
        with self.db.write() as session:
            session.add(Verification(conversation_id=conversation_id, debtor_id=debtor_id, level=Level.VERIFIED,
                                     method="factors", verified_at=at, last_used_at=at, ended_at=ended,
                                     ended_reason=reason))

    def says(self, conversation_id: ConversationId, words: str, at: datetime) -> None:
        """Somebody writes and is answered."""
        with self.db.write() as session:
            turn = Turn(conversation_id=conversation_id, provider_id=f"t:{conversation_id}:{at.isoformat()}", raw=words,
                        masked="[name]", terms={}, factors={"names": words.split()[:1]}, received_at=at)
            session.add(turn)
            session.flush()
            hear(session, conversation_id=conversation_id, words=words, turn=turn, now=at)
            pass_on(session, conversation_id=conversation_id, words=f"Answer to: {words}", staff_name="Ana", now=at)

    def settle(self, at: datetime) -> None:
        """Everything of Jane's is paid."""
        with self.db.write() as session:
            for debt in (self.home.gas, self.home.parcel):
                receive(session, key=f"paid:{debt}", split={debt: Money(10_000, "GBP")}, effective_on=at.date(),
                        posted_at=at, actor="test", cause="test")


@pytest.fixture
def desk(db: Database, home: Household, now: datetime, tmp_path: Path) -> Desk:
    """Jane alone in one conversation, and after John in another; a budget, wishes, tickets, payments, evidence."""
    tracker = tmp_path / "tracker.sqlite3"
    with db.write() as session:
        alone, shared, others = (ConversationId(open_conversation(session, channel="web", now=now, address=a).id)
                                 for a in ("jane's phone", "a shared phone", "john's phone"))
    made = Desk(db, home, now, f"sqlite:///{tracker}", alone, shared)
    minute = timedelta(minutes=1)
    made.verified(alone, home.jane, now)
    for number, words in enumerate(SAID):
        made.says(alone, words, now + number * minute)
    made.verified(shared, home.father, now, now + 2 * minute, "replaced")
    made.says(shared, "john speaking", now + minute)
    made.verified(shared, home.jane, now + 3 * minute)
    made.says(shared, "jane here, Quillfeather is my other name", now + 4 * minute)
    made.verified(others, home.father, now)
    made.says(others, "my name is john doe", now)
    with db.write() as session:
        jane = session.get_one(Debtor, home.jane)
        jane.representative, jane.vulnerable, jane.vulnerability_note = "an adviser of jane's", True, "lost my job"
        session.add(Budget(key="b", debtor_id=home.jane, version=1, taken_on=now.date(), form={"wages": "lost my job"},
                           actor="debtor", recorded_at=now))
        session.add(ContactWish(debtor_id=home.jane, words="not at work, jane roe", since=now))
        stop_all(session, debtor_id=home.jane, reason="stop_contact", now=now)
        open_ticket(session, key="t1", conversation_id=alone, debtor_id=home.jane, kind="human", urgent=False,
                    summary="Wants a person: i lost my job", now=now).state = "closed"
        open_ticket(session, key="t2", conversation_id=None, debtor_id=home.father, kind="human", urgent=False,
                    summary="john wants a person", now=now)
        put(session, key="o1", kind="telegram", payload={"words": "jane roe"}, conversation_id=alone, now=now)
        session.add(Payment(object_key="pi_1:succeeded", payment_intent="pi_1", debtor_id=home.jane, amount=1,
                            currency="GBP", livemode=False, status=PaymentStatus.POSTED, paid_at=now))
        session.add(StripeEvent(id="evt_1", kind="payment_intent.succeeded", payment_intent="pi_1", livemode=False,
                                raw='{"name": "jane roe"}', created_at=now, received_at=now))
        session.add(StripeEvent(id="evt_2", kind="payment_intent.succeeded", payment_intent="pi_2", livemode=False,
                                raw='{"name": "john doe"}', created_at=now, received_at=now))
        record(session, key="e1", kind="consent.given", debtor_id=home.jane, now=now, content={"words": "jane roe"})
    with sqlite3.connect(tracker) as events:
        events.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, data TEXT)")
        events.executemany("INSERT INTO events (sender_id, data) VALUES (?, ?)",
                           [(f"{alone}.1", "i lost my job"), (f"{alone}.12", "x"), (f"{others}.1", "y")])
    events.close()
    return made


@pytest.fixture
def later(now: datetime) -> Callable[[int], datetime]:
    """So many days after the present."""
    return lambda days: now + timedelta(days=days)
