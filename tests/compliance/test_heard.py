"""What is said to staff has its legal effect at once; nothing is said of it, and twice is once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.receiving import receive_press, receive_text
from compliance.models import Level, Verification
from compliance.preferences import contact_stopped
from compliance.standing import who
from conversations import ownership
from conversations.models import Author, Conversation, Message, Ticket, Turn, TurnState
from conversations.say import Choice, Say, say
from ledger.holds import active_holds
from ledger.kinds import HoldReason
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId, StaffId
from tests.compliance.conftest import Household

Talk = Callable[..., ConversationId]

SAID = [
    ("this debt isn't mine", HoldReason.DISPUTE), ("I dispute this bill", HoldReason.DISPUTE),
    ("talk to my lawyer", HoldReason.REPRESENTED), ("i've been declared bankrupt", HoldReason.BANKRUPTCY),
    ("someone opened it in my name", HoldReason.FRAUD), ("no es mía", HoldReason.DISPUTE),
    ("you've got the wrong person", HoldReason.STAFF_REVIEW), ("she passed away in May", HoldReason.STAFF_REVIEW),
]


def verify(db: Database, conversation: ConversationId, debtor_id: DebtorId, now: datetime) -> None:
    with db.write() as session:
        session.add(Verification(conversation_id=conversation, debtor_id=debtor_id, level=Level.VERIFIED,
                                 method="factors", verified_at=now, last_used_at=now))


@pytest.fixture
def held(db: Database, home: Household, talk: Talk, now: datetime) -> ConversationId:
    """A verified debtor's conversation that staff hold."""
    conversation = talk()
    verify(db, conversation, home.jane, now)
    with db.write() as session:
        ownership.take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
    return conversation


def types(db: Database, conversation: ConversationId, words: str, now: datetime, once: str = "") -> None:
    with db.write() as session:
        receive_text(session, conversation_id=conversation, provider_id=f"web:{once or words}", text=words, now=now,
                     claiming=True)


def reasons(db: Database, debtor_id: DebtorId, now: datetime) -> list[str]:
    with db.read() as session:
        return [str(hold.reason) for hold in active_holds(session, debtor_id=debtor_id, now=now)]


@pytest.mark.parametrize(("words", "reason"), SAID)
def test_a_right_typed_to_staff_takes_effect_at_once(
    db: Database, home: Household, held: ConversationId, now: datetime, words: str, reason: HoldReason
) -> None:
    types(db, held, words, now)
    assert reasons(db, home.jane, now) == [reason]
    with db.read() as session:
        assert [m.author for m in session.scalars(select(Message))] == [Author.DEBTOR]
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.debtor_id, ticket.state) == (home.jane, "open")
        assert [turn.state for turn in session.scalars(select(Turn))] == [TurnState.DONE]
        assert who(session, held, now=now).verified == home.jane  # that is for staff to judge


@pytest.mark.parametrize("words", ["what if it isn't mine?", "thanks ana", "that's not my fault", "can i pay 20"])
def test_other_words_change_nothing(db: Database, home: Household, held: ConversationId, now: datetime,
                                    words: str) -> None:
    types(db, held, words, now)
    assert reasons(db, home.jane, now) == []
    with db.read() as session:
        assert session.scalars(select(Ticket)).all() == []
        assert session.scalars(select(Turn)).one().actions is None


def test_said_twice_is_one_matter(db: Database, home: Household, held: ConversationId, now: datetime) -> None:
    types(db, held, "it's not mine", now, "a")
    types(db, held, "it's not mine", now, "a")  # delivered again
    types(db, held, "it is not mine!!", now + timedelta(minutes=2), "b")
    assert reasons(db, home.jane, now) == ["dispute"]
    with db.read() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_a_stop_beside_something_else_is_heard_too(db: Database, home: Household, held: ConversationId,
                                                   now: datetime) -> None:
    types(db, held, "not mine, and stop texting me", now)
    assert reasons(db, home.jane, now) == ["dispute"]
    with db.read() as session:
        assert contact_stopped(session, home.jane, held, "email")
        assert session.scalars(select(Turn)).one().actions == ["heard_dispute", "heard_stop_contact"]


def test_somebody_unknown_is_put_before_staff(db: Database, home: Household, talk: Talk, now: datetime) -> None:
    conversation = talk()
    with db.write() as session:
        ownership.take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
    types(db, conversation, "this isn't mine", now)
    assert reasons(db, home.jane, now) == []
    with db.read() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.kind, ticket.debtor_id) == ("dispute", None)


def test_while_the_bot_answers_it_is_left_to_the_bot(db: Database, home: Household, talk: Talk,
                                                     now: datetime) -> None:
    conversation = talk()
    verify(db, conversation, home.jane, now)
    types(db, conversation, "this isn't mine", now)
    assert reasons(db, home.jane, now) == []
    with db.read() as session:
        assert session.scalars(select(Turn)).one().state == TurnState.HANDLING


def test_a_button_that_says_so_is_heard_as_well(db: Database, home: Household, held: ConversationId,
                                                now: datetime) -> None:
    with db.write() as session:
        shown = say(session, conversation_id=held, now=now, text=Say("thanks", {}, (
            Choice("not_right", "dispute_debt", {"all": True}), Choice("what_i_owe", "ask_balance"))))
        session.flush()
        mine, other = (button["id"] for button in shown.buttons)
        for once, button in (("1", other), ("2", mine)):
            receive_press(session, conversation_id=held, provider_id=f"web:{once}", button_id=button, now=now)
    assert set(reasons(db, home.jane, now)) == {"dispute"}
    with db.read() as session:
        assert [turn.actions for turn in session.scalars(select(Turn).order_by(Turn.id))] == [None, ["heard_dispute"]]
        assert session.get_one(Conversation, held).owner == "staff"
