"""A turn from claim to end when things go wrong: said honestly, put before a person, nothing made by half."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from bot.engine import Answer, Engine, EngineError
from bot.handling import TurnHandler
from compliance.preferences import contact_stopped
from conversations import ownership
from conversations.models import Conversation, Message, Ticket, Turn, TurnState
from conversations.open import ask, open_conversation
from conversations.say import Say
from conversations.turns import LEASE, MAX_ATTEMPTS, Heard, receive, waiting
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, StaffId
from tests.bot.conftest import FakeEngine, Talk, answer, until

DEAD = EngineError("ConnectError: refused")


def tickets(db: Database) -> list[tuple[str, bool]]:
    with db.read() as session:
        return [(t.kind, t.urgent) for t in session.scalars(select(Ticket).order_by(Ticket.id))]


# The engine fails ------------------------------------------------------------------------------------------------


def test_an_engine_that_is_down_is_said_honestly(talk: Talk, engine: FakeEngine, db: Database) -> None:
    engine.always = DEAD
    [said] = talk.type("what do i owe")
    assert said.say == "trouble"
    with db.read() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.kind, ticket.urgent) == ("failed_turn", True)
        assert ticket.number in said.text
    assert talk.turns()[0].state == TurnState.FAILED
    assert len(engine.asked) == MAX_ATTEMPTS
    engine.always = None
    assert [m.say for m in talk.type("again")] == ["thanks"]


def test_what_passes_by_itself_is_not_noticed(talk: Talk, engine: FakeEngine, db: Database) -> None:
    for problem in (DEAD, EngineError("no usable reply", afresh=True), RuntimeError("anything")):
        engine.next = [problem]
        assert [m.say for m in talk.type("hello")] == ["thanks"]
    assert tickets(db) == []


def test_a_session_in_which_the_answer_was_lost_is_left(talk: Talk, engine: FakeEngine) -> None:
    engine.next = [EngineError("no usable reply", afresh=True)]
    talk.type("hello")
    assert engine.sessions == [1, 2]
    talk.type("hello")
    assert engine.sessions == [1, 2, 2]


@pytest.mark.parametrize("broken", [
    {"say": "no_such_text"}, {"say": "identity_done"}, {"say": "thanks", "buttons": [{"title": "yes"}]},
    {"say": "thanks", "buttons": [{"title": "nope", "intent": "affirm"}]}, {"say": "thanks", "card": {"x": 1}}])
def test_a_text_that_does_not_fit_is_trouble_at_once(
    talk: Talk, engine: FakeEngine, db: Database, broken: dict[str, Any]
) -> None:
    engine.next = [answer(messages=[{"say": "thanks", "values": {}}, broken])]
    assert [m.say for m in talk.type("hello")] == ["trouble"]  # neither half of it
    assert tickets(db) == [("failed_turn", True)]
    assert len(engine.asked) == 1


def test_self_harm_and_stop_take_effect_without_the_engine(talk: Talk, engine: FakeEngine, db: Database) -> None:
    engine.always = DEAD
    [said] = talk.type("i want to kill myself")
    assert said.say == "self_harm"
    assert "116 123" in said.text
    assert talk.row().safeguarded_at is not None
    assert tickets(db) == [("self_harm", True)]
    [said] = talk.type("stop")
    assert said.say == "stopped_here"
    assert talk.row().contact_stopped_at is not None


def test_a_stop_beside_something_else_is_heard_without_the_engine(
    talk: Talk, engine: FakeEngine, db: Database
) -> None:
    engine.always = DEAD
    [said] = talk.type("wrong number, stop texting me")
    assert said.say == "stopped_here"
    assert talk.row().contact_stopped_at is not None
    assert ("failed_turn", True) in tickets(db)  # the rest of it is for a person


def test_what_an_action_has_done_is_said_though_the_engine_lost_its_answer(
    talk: Talk, engine: FakeEngine, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def loses(_conversation: Conversation, turn: Turn) -> Answer:
        with db.write() as session:
            session.get_one(Turn, turn.id).answers = {"action_x": [Say("cancelled").json()]}
        raise EngineError("ReadTimeout: ")
    monkeypatch.setattr(engine, "answer", loses)
    assert [m.say for m in talk.type("hello")] == ["cancelled"]
    assert tickets(db) == []
    assert talk.turns()[0].state == TurnState.DONE


@pytest.mark.parametrize(("status", "body"), [
    (500, b"boom"), (503, b"{}"), (200, b""), (200, b"null"), (200, b"[]"), (200, b"{}"), (200, b"\xff"),
    (200, json.dumps({"messages": None, "intent": "x", "confidence": 1, "ranking": [], "actions": []}).encode()),
    (200, json.dumps({"messages": [], "intent": "x", "confidence": 1, "ranking": [], "actions": []}).encode()),
    (200, json.dumps({"messages": [3], "intent": "x", "confidence": 1, "ranking": [], "actions": []}).encode()),
    (200, json.dumps({"messages": [{}], "intent": "x", "confidence": 1, "ranking": [], "actions": []}).encode())])
async def test_an_answer_of_another_form_is_noticed(status: int, body: bytes) -> None:
    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        writer.close()

    async with await asyncio.start_server(answers, "127.0.0.1", 0) as server:
        engine = Engine(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(EngineError):
            await engine.answer(Conversation(id="c"), Turn(id=1, masked="x", language="en", engine_session=1))
        await engine.close()


# The gateway dies between two steps ------------------------------------------------------------------------------


@pytest.fixture
def conversation(db: Database, now: datetime) -> ConversationId:
    with db.write() as session:
        return ConversationId(open_conversation(session, channel="web", now=now).id)


Types = Callable[..., Turn]


@pytest.fixture
def types(db: Database, conversation: ConversationId, now: datetime) -> Types:
    def type_(words: str = "hello", **heard: Any) -> Turn:
        with db.write() as session:
            return receive(session, conversation_id=conversation, provider_id=f"web:{words}", now=now,
                           heard=Heard(raw=words, shown=words, masked=words, terms={}, factors={}, **heard))[0]
    return type_


def gateway(db: Database, now: datetime, engine: Any = None) -> TurnHandler:
    """A gateway that begins at ``now``, as after a crash."""
    return TurnHandler(db, Clock(source=lambda: now), engine or FakeEngine(), Mock())


def said(db: Database, conversation: ConversationId) -> list[str | None]:
    with db.read() as session:
        return list(session.scalars(select(Message.say).where(Message.conversation_id == conversation,
                                                              Message.author != "debtor").order_by(Message.event_id)))


def test_killed_after_storing(db: Database, conversation: ConversationId, types: Types, now: datetime) -> None:
    first, again = types("hello"), types("hello")
    assert first.id == again.id
    with db.read() as session:
        assert waiting(session, now=now) == [conversation]
    asyncio.run(gateway(db, now)._drain(conversation))
    assert said(db, conversation) == ["thanks"]


def test_killed_while_the_engine_was_asked(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types("one")
    types("two")
    dying = gateway(db, now)
    assert dying._claim(conversation) is not None
    engine = FakeEngine()
    asyncio.run(gateway(db, now, engine)._drain(conversation))
    assert engine.asked == []  # it may still be answered
    with db.read() as session:
        assert waiting(session, now=now) == [conversation]  # the second one; the first is before it
        later = now + LEASE
        assert waiting(session, now=later) == [conversation]
    asyncio.run(gateway(db, later, engine)._drain(conversation))
    assert [masked for masked, _ in engine.asked] == ["one", "two"]
    assert engine.sessions == [1, 1]  # the engine finds the turn in the session it was asked in
    assert said(db, conversation) == ["thanks", "thanks"]


def test_killed_before_the_answer_was_stored(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types()
    slow, quick = gateway(db, now), gateway(db, now + LEASE)
    first = slow._claim(conversation)
    second = quick._claim(conversation)
    assert first
    assert second
    quick._finish(second[1], answer())
    slow._finish(first[1], answer())
    slow._give_up(first[1], "too late")
    assert said(db, conversation) == ["thanks"]
    assert tickets(db) == []


def test_killed_again_and_again_it_ends_in_an_honest_sentence(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types()
    engine = FakeEngine()
    for life in range(MAX_ATTEMPTS):
        assert gateway(db, now + life * LEASE)._claim(conversation) is not None
    asyncio.run(gateway(db, now + MAX_ATTEMPTS * LEASE, engine)._drain(conversation))
    assert engine.asked == []
    assert said(db, conversation) == ["trouble"]
    assert tickets(db) == [("failed_turn", True)]


def test_urgent_effects_come_once_though_the_turn_is_ended_twice(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types("i want to die", forced_intent="self_harm_risk")
    first, second = gateway(db, now), gateway(db, now + LEASE)
    one, two = first._claim(conversation), second._claim(conversation)
    assert one
    assert two
    first._give_up(one[1], "down")
    second._give_up(two[1], "down")
    assert said(db, conversation) == ["self_harm"]
    assert tickets(db) == [("self_harm", True)]


# Staff take over -------------------------------------------------------------------------------------------------


def take(db: Database, conversation: ConversationId, version: int = 0) -> None:
    with db.write() as session:
        ownership.take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=version)


def test_an_answer_that_comes_after_a_takeover_is_discarded_and_what_it_asked_forgotten(
    db: Database, conversation: ConversationId, types: Types, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    turn = types("spread it")
    handler = gateway(db, now)
    claimed = handler._claim(conversation)
    assert claimed
    with db.write() as session:  # the action has run, and asked something
        session.get_one(Turn, turn.id).answers = {"action_plan": [Say("thanks").json()]}
        ask(session, conversation_id=conversation, name="plan_offer", data={})
    take(db, conversation)
    handler._finish(claimed[1], answer())
    assert said(db, conversation) == []
    with db.read() as session:
        stored = session.get_one(Turn, turn.id)
        assert stored.state == TurnState.DISCARDED
        assert "staff took the conversation" in str(stored.error)
        assert session.get_one(Conversation, conversation).open_question is None
        assert [m.text for m in session.scalars(select(Message))] == ["spread it"]
    assert "discarded" in caplog.text


def test_what_was_received_before_a_takeover_is_left_to_staff(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    turn = types("what do i owe")
    take(db, conversation)
    engine = FakeEngine()
    asyncio.run(gateway(db, now, engine)._drain(conversation))
    assert engine.asked == []
    assert said(db, conversation) == []
    with db.read() as session:
        stored = session.get_one(Turn, turn.id)
        assert (stored.state, stored.done_at) == (TurnState.DISCARDED, now)
        assert waiting(session, now=now + timedelta(days=1)) == []


def test_what_is_urgent_takes_effect_though_staff_hold_the_conversation(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types("stop texting me", forced_intent="stop_contact")  # received before, not handled yet
    take(db, conversation)
    types("i want to end my life", forced_intent="self_harm_risk")
    types("are you there")
    engine = FakeEngine()
    asyncio.run(gateway(db, now, engine)._drain(conversation))
    assert engine.asked == []
    assert said(db, conversation) == ["stopped_here", "self_harm"]
    with db.read() as session:
        row = session.get_one(Conversation, conversation)
        assert row.contact_stopped_at
        assert row.safeguarded_at
        assert [t.state for t in session.scalars(select(Turn).order_by(Turn.id))] == [TurnState.DONE] * 3
    assert ("self_harm", True) in tickets(db)


def test_a_dispute_left_to_staff_takes_effect_and_the_bot_says_nothing(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    types("this debt is not mine")  # received before, not handled yet
    take(db, conversation)
    engine = FakeEngine()
    asyncio.run(gateway(db, now, engine)._drain(conversation))
    assert engine.asked == []
    assert said(db, conversation) == []
    assert tickets(db) == [("dispute", False)]
    with db.read() as session:
        stored = session.scalars(select(Turn)).one()
        assert (stored.state, stored.actions) == (TurnState.DISCARDED, ["heard_dispute"])


@pytest.mark.parametrize(("words", "forced", "kind"), [
    ("talk to my lawyer", None, "represented"), ("stop texting me", "stop_contact", "stop_contact"),
    ("i want to die", "self_harm_risk", "self_harm")])
def test_an_answer_lost_to_a_takeover_does_not_lose_the_effect(
    db: Database, conversation: ConversationId, types: Types, now: datetime, words: str, forced: str | None, kind: str
) -> None:
    types(words, forced_intent=forced)
    handler = gateway(db, now)
    claimed = handler._claim(conversation)
    assert claimed
    take(db, conversation)
    handler._finish(claimed[1], answer())  # the engine had not called an action yet
    assert said(db, conversation) == []
    assert [one for one, _ in tickets(db)] == [kind]


def test_what_an_action_did_before_a_takeover_is_not_done_again(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    turn = types("this debt is not mine")
    handler = gateway(db, now)
    claimed = handler._claim(conversation)
    assert claimed
    with db.write() as session:
        session.get_one(Turn, turn.id).answers = {"action_dispute": [Say("thanks").json()]}
    take(db, conversation)
    handler._finish(claimed[1], answer())
    assert tickets(db) == []


def test_after_handing_back_the_bot_answers_in_a_session_of_its_own(
    db: Database, conversation: ConversationId, types: Types, now: datetime
) -> None:
    take(db, conversation)
    types("for staff")
    with db.write() as session:
        ownership.hand_back(session, conversation_id=conversation, seen_version=1)
    types("for the bot")
    engine = FakeEngine()
    asyncio.run(gateway(db, now, engine)._drain(conversation))
    assert [masked for masked, _ in engine.asked] == ["for the bot"]
    assert engine.sessions == [3]
    assert said(db, conversation) == ["thanks"]


def test_a_gateway_that_finds_work_of_a_dead_one_does_it(talk: Talk, engine: FakeEngine, db: Database) -> None:
    with db.write() as session:  # stored by another process, which never woke anybody
        turn, _ = receive(session, conversation_id=talk.id, provider_id="web:left", now=talk.row().created_at,
                          heard=Heard(raw="left", shown="left", masked="left", terms={}, factors={}))
    until(lambda: True if talk.turns()[0].state == TurnState.DONE else None)
    assert [m.turn_id for m in talk.messages()][1:] == [turn.id, turn.id]


def test_contact_that_is_stopped_stays_stopped(talk: Talk, engine: FakeEngine, db: Database) -> None:
    engine.always = DEAD
    talk.type("STOP")
    talk.type("STOP")
    with db.read() as session:
        assert contact_stopped(session, None, talk.id, "web")
