"""The retention job: what is over goes, what is not stays, in bounded steps, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from compliance.models import IdentityAttempt, OfferedFactors, OneTimeCode
from conversations.models import Conversation, Message, OutboxItem
from conversations.open import open_conversation
from conversations.outbox import put
from ledger.models import Debtor
from privacy import retention as job
from privacy.retention import retention
from runtime.database import Database
from runtime.ids import ConversationId
from tests.privacy.conftest import Desk

Later = Callable[[int], datetime]
OVER = 3 * 365 + 2


def fill(desk: Desk, count: int = 3) -> None:
    """Some of every short-lived thing."""
    with desk.db.write() as session:
        for number in range(count):
            here = ConversationId(open_conversation(session, channel="web", now=desk.now, address=f"a{number}").id)
            session.add(OfferedFactors(conversation_id=here, factors={"names": ["jane"]}, at=desk.now))
            session.add(IdentityAttempt(conversation_id=here, address_hash="x", matched=False, at=desk.now))
            session.add(OneTimeCode(key=f"c{number}", conversation_id=here, code_hash="x", sent_at=desk.now,
                                    expires_at=desk.now))
            put(session, key=f"s{number}", kind="code_email", payload={"to": "jane@example.com", "code": "123456"},
                now=desk.now).state = "sent"
            put(session, key=f"m{number}", kind="telegram", payload={"words": "hello jane"}, now=desk.now,
                conversation_id=here).state = "sent"
        put(session, key="waiting", kind="telegram", payload={"words": "hello jane"}, now=desk.now)


def counts(db: Database) -> dict[str, int]:
    """How many there are."""
    with db.read() as session:
        found = {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
                 for table in (OfferedFactors, IdentityAttempt, OneTimeCode)}
        return found | {"payloads": len([1 for payload in session.scalars(select(OutboxItem.payload)) if payload])}


def test_short_lived_things_go_when_their_days_are_over(desk: Desk, later: Later) -> None:
    fill(desk)
    at_first = counts(desk.db)
    assert retention(desk.db, now=desk.now, tracker=desk.tracker).counts == {}
    assert counts(desk.db) == at_first
    for day, gone in ((2, {"factors offered": 3, "codes sent": 3}),
                      (31, {"one-time codes": 3, "messages sent": 3}), (91, {"identity attempts": 3})):
        assert retention(desk.db, now=later(day), dry_run=True, tracker=desk.tracker).counts == gone
        assert retention(desk.db, now=later(day), tracker=desk.tracker).counts == gone
        assert retention(desk.db, now=later(day), tracker=desk.tracker).counts == {}
    assert counts(desk.db) == {"offered_factors": 0, "identity_attempt": 0, "one_time_code": 0, "payloads": 2}


def test_more_than_one_step_holds_ends_all_the_same(
    desk: Desk, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 2)
    fill(desk, 5)
    assert retention(desk.db, now=later(2), tracker=desk.tracker).counts == {"factors offered": 5, "codes sent": 5}


def test_debtors_are_erased_three_years_after_the_last_activity(desk: Desk, later: Later) -> None:
    with desk.db.write() as session:  # his ticket is open, so John stays
        session.add(Debtor(ref="NEW", first_name="Ada", last_name="Moss", country="GB", created_at=later(900)))
    desk.settle(later(0))
    assert retention(desk.db, now=later(OVER - 3), tracker=desk.tracker).debtors == []
    dry = retention(desk.db, now=later(OVER), dry_run=True, tracker=desk.tracker)
    assert dry.debtors == ["DD-1042", "DD-2002", "0379-NEVHP"]
    with desk.db.read() as session:
        assert session.scalar(select(func.count()).where(Debtor.erased_at.is_not(None))) == 0
    done = retention(desk.db, now=later(OVER), tracker=desk.tracker)
    assert done.debtors == dry.debtors
    assert done.counts["debtors"] == 3
    assert retention(desk.db, now=later(OVER), tracker=desk.tracker).counts == {}
    with desk.db.read() as session:
        assert session.scalars(select(Debtor.ref).where(Debtor.erased_at.is_(None)).order_by(Debtor.id)).all() == [
            "DD-2001", "NEW"]


def test_what_forbids_it_in_the_end_is_said(desk: Desk, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.models import DebtBalance
    desk.settle(later(0))
    with desk.db.write() as session:
        session.get_one(DebtBalance, desk.home.gas).overpayment = 500
    done = retention(desk.db, now=later(OVER), tracker=desk.tracker)
    assert done.left == {"DD-1042": "money paid too much is still to be given back"}
    assert "DD-1042" not in done.debtors


def test_conversations_with_nobody_known_go_too(desk: Desk, later: Later) -> None:
    with desk.db.write() as session:
        here = ConversationId(open_conversation(session, channel="web", now=desk.now, address="somewhere").id)
    desk.says(here, "who are you", desk.now)
    assert retention(desk.db, now=later(OVER - 3), tracker=desk.tracker).counts == {}
    assert retention(desk.db, now=later(OVER), tracker=desk.tracker).counts["conversations with nobody known"] == 1
    with desk.db.read() as session:
        assert session.scalars(select(Message.text).where(Message.conversation_id == here)).all() == ["", ""]
        assert session.get_one(Conversation, here).address is None
    assert retention(desk.db, now=later(OVER), tracker=desk.tracker).counts == {}


def test_with_the_tracker_away_nothing_of_a_debtor_is_erased_and_it_is_said(
    desk: Desk, later: Later, tmp_path: Path
) -> None:
    desk.settle(later(0))
    (tmp_path / "broken").write_bytes(b"this is no database" * 100)
    done = retention(desk.db, now=later(OVER), tracker=f"sqlite:///{tmp_path / 'broken'}")
    assert "tracker cannot be reached" in (done.tracker or "")
    assert done.debtors == []
    assert retention(desk.db, now=later(OVER), tracker=desk.tracker).debtors[0] == "DD-1042"


def test_a_clock_a_little_later_changes_nothing(desk: Desk, later: Later) -> None:
    fill(desk)
    retention(desk.db, now=later(2), tracker=desk.tracker)
    assert retention(desk.db, now=later(2) + timedelta(hours=3), tracker=desk.tracker).counts == {}
