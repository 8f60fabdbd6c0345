"""Doubt about danger is a question; who asked to be left alone is asked for nothing."""

from datetime import datetime

from sqlalchemy import select

from actions.running import run
from conversations.models import Conversation, Ticket
from ledger.holds import active_holds
from runtime.clock import Clock
from runtime.database import Database
from tests.actions.conftest import Says
from tests.actions.talking import Talk
from tests.actions.test_running import person


def test_a_doubtful_sign_of_danger_is_a_question_and_staff_read_it(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    turn = says("i just cant do this any more lol", verified=debtor)
    said = run(demo, Clock(source=lambda: now), action="action_self_harm", turn_id=turn.id,
               ranking=[{"name": "self_harm_risk", "confidence": 0.3}])
    assert [one["say"] for one in said] == ["self_harm_unsure"]
    with demo.read() as session:
        assert active_holds(session, debtor_id=debtor, now=now) == []
        assert session.get_one(Conversation, turn.conversation_id).safeguarded_at is None
        ticket = session.scalars(select(Ticket).where(Ticket.conversation_id == turn.conversation_id)).one()
        assert (ticket.kind, ticket.urgent) == ("self_harm_doubt", True)


def test_a_sure_sign_of_danger_stops_everything(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    turn = says("i want to die", verified=debtor)
    said = run(demo, Clock(source=lambda: now), action="action_self_harm", turn_id=turn.id,
               ranking=[{"name": "self_harm_risk", "confidence": 1.0}])
    assert [one["say"] for one in said] == ["self_harm"]
    with demo.read() as session:
        assert [hold.reason for hold in active_holds(session, debtor_id=debtor, now=now)] == ["self_harm"]


def test_after_a_stop_a_question_is_answered_and_nothing_invited(talk: Talk) -> None:
    assert talk.type("action_stop_contact", "stop") == ["stopped"]
    assert talk.type("action_balance", "what do i owe") == ["balance"]
    assert talk.values["stopped"] is True
    assert talk.values["invite"] is False
    assert {button["intent"] for button in talk.last[-1]["buttons"]} == {"ask_debt_details", "request_human"}
    talk.type("action_help", "what can i do")
    assert not {button["intent"] for button in talk.last[-1]["buttons"]} & {"pay_now", "request_payment_plan"}
