"""Turns under strain: twice, at once, out of date, and with a process dying in the middle."""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import func, select

from conversations.models import Ticket, Turn, TurnState
from conversations.turns import LEASE
from ledger.plans import plans_of
from runtime.clock import ClockOffset
from tests.end_to_end.conftest import Desk
from tests.end_to_end.debtor import PATIENCE_SECONDS, Chat, Person, make_person, personal_link

T = TypeVar("T")


def until(found: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """What ``found`` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come")


@pytest.fixture
def person(desk: Desk) -> Person:
    return make_person(desk, {"debts": [{"creditor": "DEMO-NG", "amount": "600.00"}]})


@pytest.fixture
def chat(desk: Desk, person: Person) -> Chat:
    return Chat(desk, link=personal_link(desk, person))


def turn_of(chat: Chat, wanted: str) -> Turn | None:
    with chat.desk.database.read() as session:
        return session.scalar(select(Turn).where(Turn.provider_id == f"web:{chat.conversation_id}:{wanted}"))


def at_once(chat: Chat, bodies: list[dict[str, str]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(chat.send, bodies))


# Twice and at once -----------------------------------------------------------------------------------------------


def test_the_same_message_many_times_at_once_is_one_turn(chat: Chat) -> None:
    wanted = str(uuid.uuid4())
    replies = at_once(chat, [{"id": wanted, "text": "what do i owe"}] * 6)
    assert [(r.status_code, r.json()) for r in replies] == [(202, {"id": wanted})] * 6
    assert [m.say for m in chat.answer_to(f"web:{chat.conversation_id}:{wanted}")] == ["balance"]
    with chat.desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Turn)
                              .where(Turn.conversation_id == chat.conversation_id)) == 1


def test_a_binding_button_pressed_many_times_at_once_makes_one_plan(chat: Chat, person: Person) -> None:
    chat.type("can i spread it")
    chat.press("£")
    button = next(b["id"] for m in chat.last for b in m.buttons if b["title"].startswith("Yes"))
    ids = [str(uuid.uuid4()) for _ in range(4)]
    replies = at_once(chat, [{"id": one, "button": button} for one in ids])
    assert {r.status_code for r in replies} == {202}
    said = [[m.say for m in chat.answer_to(f"web:{chat.conversation_id}:{one}")] for one in ids]
    assert sum("plan_made" in one for one in said) == 1
    assert sum("stale_button" in one for one in said) == 3
    with chat.desk.database.read() as session:
        assert len(plans_of(session, person.debtor_id, today=chat.desk.now.date())) == 1


def test_a_button_from_before_is_explained_and_what_is_open_is_shown_again(chat: Chat, person: Person) -> None:
    chat.type("can i spread it")
    chat.press("£")
    first = next(b["id"] for m in chat.last for b in m.buttons if b["title"].startswith("Yes"))
    with chat.desk.database.write() as session:  # a week goes by
        from conversations.models import Button
        session.get_one(Button, first).expires_at = chat.desk.now
    said = chat._send({"button": first})
    assert said[0].say == "stale_button"
    assert [b for m in said for b in m.buttons if b["title"].startswith("Yes") and b["id"] != first]
    with chat.desk.database.read() as session:
        assert plans_of(session, person.debtor_id, today=chat.desk.now.date()) == []


def test_a_title_may_be_typed_but_not_to_bind(chat: Chat, person: Person) -> None:
    chat.type("what do i owe")
    titles = [b["title"] for m in chat.last for b in m.buttons]
    details = next(title for title in titles if title.startswith("Details"))
    assert chat.type(details.upper())
    assert chat.last_turn().button_id
    chat.type("can i spread it")
    chat.press("£")
    title = next(b["title"] for m in chat.last for b in m.buttons if b["title"].startswith("Yes"))
    assert "plan_made" not in [m.say for m in chat.type(title)]
    with chat.desk.database.read() as session:
        assert plans_of(session, person.debtor_id, today=chat.desk.now.date()) == []


def test_typing_while_the_bot_answers_keeps_the_order(chat: Chat) -> None:
    words = ["hello", "what do i owe", "thanks", "bye"]
    ids = [str(uuid.uuid4()) for _ in words]
    for one, text in zip(ids, words, strict=True):
        assert chat.send({"id": one, "text": text}).status_code == 202
    answers = [chat.answer_to(f"web:{chat.conversation_id}:{one}") for one in ids]
    assert [a[0].say for a in answers] == ["hello_name", "balance", "thanks", "goodbye"]
    events = [m.event_id for a in answers for m in a]
    assert events == sorted(events)


def test_the_stream_goes_on_where_it_was_cut(desk: Desk, chat: Chat) -> None:
    def read(count: int, last: int = 0) -> list[tuple[int, str]]:
        headers = chat.headers | {"Last-Event-ID": str(last)}
        with desk.client.stream("GET", "/api/chat/events", headers=headers) as stream:
            ids = (int(line[4:]) for line in stream.iter_lines() if line.startswith("id: "))
            return [(number, "") for number in islice(ids, count)]
    chat.type("hello")
    seen = read(2)
    chat.type("what do i owe")
    with ThreadPoolExecutor(2) as pool:  # in two windows
        rest = list(pool.map(lambda _: read(len(chat.messages()) - 2, seen[-1][0]), range(2)))
    assert rest[0] == rest[1]
    assert [number for number, _ in seen + rest[0]] == [m.event_id for m in chat.messages()]


# A process dies --------------------------------------------------------------------------------------------------


@contextmanager
def held(desk: Desk, name: str) -> Iterator[None]:
    """The process stands still meanwhile."""
    pid = desk.stack.pids[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kill(desk: Desk, name: str) -> int:
    """The process is gone, without a word; the supervisor will start it again."""
    pid = desk.stack.pids[name]
    os.kill(pid, signal.SIGKILL)
    until(lambda: desk.stack.pids.get(name) != pid)
    return pid


def ready(desk: Desk) -> bool:
    try:
        return desk.client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_the_gateway_dies_while_the_engine_answers(desk: Desk, chat: Chat, person: Person) -> None:
    chat.type("can i spread it")
    chat.press("£")
    button = next(b["id"] for m in chat.last for b in m.buttons if b["title"].startswith("Yes"))
    wanted = str(uuid.uuid4())
    with held(desk, "engine"):
        assert chat.send({"id": wanted, "button": button}).status_code == 202
        until(lambda: (turn := turn_of(chat, wanted)) and turn.state == TurnState.HANDLING)
        kill(desk, "gateway")
    until(lambda: ready(desk))
    with desk.database.write() as session:  # its lease runs out
        offset = session.get(ClockOffset, 1) or ClockOffset(id=1, seconds=0)
        offset.seconds += int(LEASE.total_seconds()) + 1
        session.add(offset)
    said = chat.answer_to(f"web:{chat.conversation_id}:{wanted}")
    assert [m.say for m in said] == ["plan_made"]
    turn = turn_of(chat, wanted)
    assert turn is not None
    assert (turn.state, turn.attempts) == (TurnState.DONE, 2)
    with desk.database.read() as session:
        assert len(plans_of(session, person.debtor_id, today=desk.now.date())) == 1
    assert len([m for m in chat.messages() if m.client_id == wanted]) == 1


def test_the_action_server_dies(desk: Desk, chat: Chat) -> None:
    kill(desk, "actions")
    [said] = chat.type("what do i owe")
    assert said.say == "trouble"
    with desk.database.read() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.conversation_id == chat.conversation_id)).one()
    assert (ticket.kind, ticket.urgent) == ("failed_turn", True)
    assert ticket.number in said.text
    until(lambda: _answers(f"http://127.0.0.1:{desk.chosen.actions_port}/health"))
    assert [m.say for m in chat.type("what do i owe")] == ["balance"]


def test_the_engine_dies_and_what_is_urgent_still_takes_effect(desk: Desk, chat: Chat) -> None:
    kill(desk, "engine")
    assert [m.say for m in chat.type("what do i owe")] == ["trouble"]
    [said] = chat.type("i want to kill myself")
    assert said.say == "self_harm"
    assert "116 123" in said.text
    assert "£" not in said.text
    assert chat.conversation().safeguarded_at is not None
    chat.type("stop messaging me")
    assert chat.conversation().contact_stopped_at is not None
    with desk.database.read() as session:
        kinds = session.scalars(select(Ticket.kind).where(Ticket.conversation_id == chat.conversation_id)).all()
    assert {"failed_turn", "self_harm"} <= set(kinds)
    until(lambda: ready(desk), seconds=240)
    other = Chat(desk)
    assert [m.say for m in other.type("hello")] == ["hello"]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
