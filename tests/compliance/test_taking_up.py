"""What a stranger says takes effect once it is known who it was; what somebody else says closes the conversation."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from compliance import placing
from compliance.identity import Verified, offer_factors
from compliance.models import Channel
from compliance.preferences import allowed_channels
from conversations.duty import seen
from conversations.models import Ticket
from ledger.holds import active_holds
from ledger.kinds import HoldReason
from runtime.database import Database
from runtime.ids import ConversationId, StaffId
from tests.compliance.conftest import Household

Talk = Callable[..., ConversationId]


def said(name: str, conversation: ConversationId, now: datetime, key: str = "1:a") -> dict[str, object]:
    return {"key": key, "conversation_id": conversation, "debtor_id": None, "now": now, "today": now.date(),
            **({"contact": None} if name == "represented" else {}),
            **({"debt_id": None} if name in ("dispute", "fraud") else {})}


@pytest.mark.parametrize(("name", "reason"), [
    ("bankruptcy", HoldReason.BANKRUPTCY), ("represented", HoldReason.REPRESENTED), ("complaint", HoldReason.COMPLAINT),
    ("vulnerability", HoldReason.VULNERABILITY), ("self_harm", HoldReason.SELF_HARM), ("fraud", HoldReason.FRAUD),
    ("dispute", HoldReason.DISPUTE), ("validation", HoldReason.VALIDATION),
])
def test_it_is_held_once_it_is_known_whose(db: Database, home: Household, talk: Talk, now: datetime, name: str,
                                           reason: HoldReason) -> None:
    conversation = talk()
    with db.write() as session:
        getattr(placing, name)(session, **said(name, conversation, now))
        assert not active_holds(session, debtor_id=home.jane, now=now)
        for _ in range(2):
            placing.take_up(session, conversation_id=conversation, debtor_id=home.jane, now=now, today=now.date())
        assert [hold.reason for hold in active_holds(session, debtor_id=home.jane, now=now)] == [reason]
        (ticket,) = session.scalars(select(Ticket)).all()
        assert ticket.debtor_id == home.jane
        assert "Verified since." in ticket.summary


def test_a_stop_reaches_every_channel_once_it_is_known_whose(db: Database, home: Household, talk: Talk,
                                                             now: datetime) -> None:
    conversation = talk()
    with db.write() as session:
        placing.stop_contact(session, **said("stop_contact", conversation, now))
        placing.take_up(session, conversation_id=conversation, debtor_id=home.jane, now=now, today=now.date())
        assert allowed_channels(session, home.jane) == dict.fromkeys(Channel, False)


def test_what_is_about_to_be_applied_is_left(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    with db.write() as session:
        placing.dispute(session, **said("dispute", conversation, now))
        placing.take_up(session, conversation_id=conversation, debtor_id=home.jane, now=now, today=now.date(),
                        besides=("dispute",))
        assert not active_holds(session, debtor_id=home.jane, now=now)


@pytest.mark.parametrize("name", placing.CLOSING)
def test_somebody_else_closes_the_conversation(db: Database, home: Household, talk: Talk, now: datetime,
                                               name: str) -> None:
    conversation, other = talk(), talk()
    with db.write() as session:
        getattr(placing, name)(session, **said(name, conversation, now))
        assert placing.closed_by(session, conversation) == name
        assert placing.closed_by(session, other) is None
        placing.take_up(session, conversation_id=conversation, debtor_id=home.jane, now=now, today=now.date())
        assert not active_holds(session, debtor_id=home.jane, now=now), "staff match it, not the machine"
        placing.for_themselves(session, **said("", conversation, now, "2:a"))
        assert placing.closed_by(session, conversation) is None
        getattr(placing, name)(session, **said(name, conversation, now, "3:a"))
        assert placing.closed_by(session, conversation) == name, "said again, closed again"
        for ticket in session.scalars(select(Ticket)):
            ticket.state = "closed"
        session.flush()
        assert placing.closed_by(session, conversation) is None, "staff have sorted it out"


def test_a_hold_is_not_doubled(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    with db.write() as session:
        for turn in ("1:a", "2:a"):
            placing.complaint(session, key=turn, conversation_id=conversation, debtor_id=home.jane, now=now,
                              today=now.date())
        assert len(active_holds(session, debtor_id=home.jane, now=now)) == 1


def test_a_colleague_is_there_only_in_office_hours(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    night = now + timedelta(hours=12)
    with db.write() as session:
        for at, there in ((now, True), (night, False)):
            seen(session, StaffId(1), at)
            placed = placing.request_human(session, key=f"{at}", conversation_id=conversation, debtor_id=home.jane,
                                           words="a person please", now=at, today=at.date())
            assert placed.staffed is there


@pytest.mark.parametrize(("words", "closed", "only"), [
    ("no texts please, email is better", {"sms"}, None),
    ("don't ring me, just text", {"phone"}, None),
    ("dont ring me just text me", {"phone"}, None),
    ("email only", {str(c) for c in Channel if c != Channel.EMAIL}, "email"),
    ("don't call before ten", set(), None),
    ("no more letters", {"letter"}, None),
])
def test_a_named_channel(db: Database, home: Household, talk: Talk, now: datetime, words: str, closed: set[str],
                         only: str | None) -> None:
    conversation = talk()
    with db.write() as session:
        placed = placing.contact_preference(session, key="1:a", conversation_id=conversation, debtor_id=home.jane,
                                            words=words, now=now, today=now.date())
        assert {str(c) for c, allowed in allowed_channels(session, home.jane).items() if not allowed} == closed
        assert placed.only == only


def test_one_channel_is_kept_after_a_stop(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    given = {"conversation_id": conversation, "debtor_id": home.jane, "now": now, "today": now.date()}
    with db.write() as session:
        placing.stop_contact(session, key="1:a", **given)
        placed = placing.contact_preference(session, key="2:a", words="Keep e-mail", keep=Channel.EMAIL, **given)
        assert placed.kept == "email"
        assert [c for c, allowed in allowed_channels(session, home.jane).items() if allowed] == [Channel.EMAIL]


def test_factors_still_verify_elsewhere(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    with db.write() as session:
        outcome = offer_factors(session, conversation_id=conversation, address=None, now=now, factors={
            "references": ["DD-1042"], "dates_of_birth": ["1981-03-12"], "postcodes": ["SW1A 2AA"]})
        assert outcome == Verified(home.jane)
