"""A debtor ends a hold of their own wish; what waits for an outcome is for staff."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.ending import said
from compliance import placing
from compliance.hold_log import Deed, HoldAct
from conversations.models import Ticket
from conversations.texts import texts
from ledger.holds import active_holds, place_hold
from ledger.kinds import HoldReason
from ledger.models import Hold
from runtime.ids import ConversationId
from tests.actions.talking import BY_INTENT, Talk

ENGLISH = texts("en", "en-GB")
PRESSED = {"request_breathing_space": "action_breathing_space", "deny": "action_no"}


@pytest.fixture(autouse=True)
def _pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    for intent, action in PRESSED.items():
        monkeypatch.setitem(BY_INTENT, intent, action)


def reasons(talk: Talk) -> list[str]:
    with talk.database.read() as session:
        return [str(hold.reason) for hold in active_holds(session, debtor_id=talk.debtor_id, now=talk.now)]


def words(talk: Talk) -> str:
    return " ".join(ENGLISH.text(one["say"], one["values"], "") for one in talk.last)


def place(talk: Talk, reason: HoldReason) -> int:
    with talk.database.write() as session:
        return place_hold(session, key=f"test:{reason}", debtor_id=talk.debtor_id, debt_id=None, reason=reason,
                          until=None, actor="debtor", cause="test", now=talk.now).id


def test_a_pause_asked_for_by_mistake_is_ended_by_one_button(talk: Talk) -> None:
    assert talk.type("action_breathing_space", "i need some time") == ["breathing_space"]
    assert "end_hold" in talk.titles
    assert talk.press("end_hold") == ["hold_end_sure"]
    assert reasons(talk) == ["advice"]  # nothing has happened yet
    assert "so that you can get advice" in words(talk)
    assert "You don't have to end it" in words(talk)
    talk.now += timedelta(minutes=1)
    assert talk.press("yes_end_hold") == ["hold_ended"]
    assert reasons(talk) == []
    said_now = words(talk)
    assert "By your own choice the hold for getting advice ended today, 3 March" in said_now
    assert "pay" in talk.titles
    with talk.database.read() as session:
        hold = session.scalars(select(Hold)).one()
        assert (hold.lifted_at, hold.lifted_by) == (talk.now, "debtor")
        act = session.scalars(select(HoldAct)).one()
        assert (act.what, act.actor, act.authority) == (Deed.LIFTED, "debtor", "bot")
        assert "the debtor's own choice" in act.why
        ticket = session.scalars(select(Ticket)).one()
        assert "The debtor ended the hold, by their own choice." in ticket.summary
    assert talk.type("action_balance", "what do i owe") == ["balance"]
    assert "end_hold" not in talk.titles


def test_to_keep_it_changes_nothing(talk: Talk) -> None:
    talk.type("action_breathing_space", "i need some time")
    talk.press("end_hold")
    talk.press("keep_hold")
    assert reasons(talk) == ["advice"]


@pytest.mark.parametrize("reason", [HoldReason.HARDSHIP, HoldReason.ADVICE, HoldReason.ALREADY_PAID])
def test_the_answer_to_what_do_i_owe_has_the_button(talk: Talk, reason: HoldReason) -> None:
    place(talk, reason)
    assert talk.type("action_balance", "what do i owe") == ["balance_on_hold"]
    talk.press("end_hold")
    assert talk.press("yes_end_hold") == ["hold_ended"]
    assert reasons(talk) == []


@pytest.mark.parametrize("reason", [one for one in HoldReason if one not in (
    HoldReason.HARDSHIP, HoldReason.ADVICE, HoldReason.ALREADY_PAID, HoldReason.SELF_HARM, HoldReason.DECEASED)])
def test_what_waits_for_an_outcome_is_never_ended_in_chat(talk: Talk, reason: HoldReason) -> None:
    hold = place(talk, reason)
    talk.type("action_balance", "what do i owe")
    assert "end_hold" not in talk.titles
    assert talk.type("action_breathing_space", "please lift the hold") == ["hold_not_yours"]
    assert "a colleague has to look at" in words(talk)
    with talk.database.write() as session:
        assert placing.end_own_holds(session, key="k", conversation_id=ConversationId(talk.conversation_id),
                                     debtor_id=talk.debtor_id, hold_ids=[hold], now=talk.now) == []
    assert reasons(talk) == [reason]


def test_beside_a_dispute_only_the_pause_ends(talk: Talk) -> None:
    talk.type("action_dispute", "the northern gas one isnt mine")
    place(talk, HoldReason.HARDSHIP)
    assert talk.type("action_breathing_space", "end the hold please") == ["hold_end_sure"]
    assert "What is on hold for another reason stays so." in words(talk)
    talk.press("yes_end_hold")
    assert reasons(talk) == ["dispute"]
    assert "The rest stays on hold for another reason." in words(talk)


def test_after_a_stop_no_reminders_come_back(talk: Talk) -> None:
    place(talk, HoldReason.HARDSHIP)
    talk.type("action_stop_contact", "stop")
    talk.type("action_breathing_space", "end the hold")
    assert "write to you" not in words(talk)
    talk.press("yes_end_hold")
    assert reasons(talk) == []
    assert "write to you" not in words(talk)


def test_a_hold_that_ended_meanwhile(talk: Talk) -> None:
    place(talk, HoldReason.HARDSHIP)
    talk.type("action_breathing_space", "end the hold")
    asked = talk.last
    talk.press("yes_end_hold")
    talk.last = asked
    assert talk.press("yes_end_hold") == ["hold_ended_before"]


def test_only_the_holds_that_were_shown_end(talk: Talk) -> None:
    place(talk, HoldReason.HARDSHIP)
    talk.type("action_breathing_space", "end the hold")
    place(talk, HoldReason.ADVICE)
    assert talk.press("yes_end_hold") == ["hold_ended"]
    assert reasons(talk) == ["advice"]


def test_typed_words_never_end_it_themselves(talk: Talk) -> None:
    place(talk, HoldReason.HARDSHIP)
    for action in ("action_misunderstood", "action_cancel", "action_cancel_plan", "action_hardship_hold"):
        assert talk.type(action, "cancel my hold") == ["hold_end_sure"]
        assert talk.type(action, "yes end the hold") == ["hold_end_sure"]
    assert reasons(talk) == ["hardship"]


@pytest.mark.parametrize("text", ["end the hold", "can you take me off hold", "i don't need the pause any more",
                                  "lift my hold pls", "take that hold off"])
def test_words_that_end_a_hold(text: str) -> None:
    assert said(text)


@pytest.mark.parametrize("text", ["please stop everything and put it on hold", "don't end the hold", "stop calling me",
                                  "i need a pause", "is it still on hold", "cancel my plan", "do not lift the hold"])
def test_words_that_do_not(text: str) -> None:
    assert not said(text)
