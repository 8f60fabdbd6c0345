"""Staff take a conversation, in the console itself, while the bot is answering and not."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import select

from console.models import Role
from console.staff import add_staff
from conversations.models import Conversation, Message, Turn, TurnState
from tests.console.conftest import PASSWORD, Browser
from tests.end_to_end.conftest import Desk
from tests.end_to_end.debtor import Chat, make_person, personal_link
from tests.end_to_end.test_turns import held, turn_of, until


@pytest.fixture(scope="module")
def ana(desk: Desk) -> Iterator[Browser]:
    """Ana at the console."""
    with desk.database.write() as session:
        add_staff(session, name="Ana Diaz", email="ana@desk.example", password=PASSWORD, role=Role.AGENT, now=desk.now)
    with httpx.Client(base_url=desk.url, timeout=30, trust_env=False) as client:
        browser = Browser(client)
        assert browser.sign_in("ana@desk.example").status_code == 303
        yield browser


@pytest.fixture
def chat(desk: Desk) -> Chat:
    return Chat(desk, link=personal_link(desk, make_person(desk, {})))


def version(desk: Desk, conversation: str) -> int:
    with desk.database.read() as session:
        return session.get_one(Conversation, conversation).owner_version


def act(desk: Desk, ana: Browser, conversation: str, what: str, **data: object) -> None:
    """Press one of the console's buttons."""
    if what != "reply":
        data["seen_version"] = version(desk, conversation)
    reply = ana.post(f"/conversations/{conversation}/{what}", **data)
    assert reply.status_code == 303, reply.text


@contextmanager
def taken(desk: Desk, ana: Browser, conversation: str) -> Iterator[None]:
    """Ana has the conversation meanwhile."""
    act(desk, ana, conversation, "take")
    yield
    act(desk, ana, conversation, "hand-back")


def test_an_answer_the_bot_was_making_is_discarded(desk: Desk, ana: Browser, chat: Chat) -> None:
    wanted, waiting = str(uuid.uuid4()), str(uuid.uuid4())
    with held(desk, "engine"):
        chat.send({"id": wanted, "text": "what do i owe"})
        until(lambda: (turn := turn_of(chat, wanted)) and turn.state == TurnState.HANDLING)
        chat.send({"id": waiting, "text": "are you there"})
        act(desk, ana, chat.conversation_id, "take")
    for one in (wanted, waiting):
        assert chat.answer_to(f"web:{chat.conversation_id}:{one}") == []
        turn = turn_of(chat, one)
        assert turn is not None
        assert turn.state == TurnState.DISCARDED
        assert "staff took the conversation" in str(turn.error)
    page = ana.get(f"/conversations/{chat.conversation_id}").text
    assert "what do i owe" in page
    assert "are you there" in page
    assert "staff took the conversation" in page
    assert "discarded: staff took the conversation" in (desk.logs / "gateway.log").read_text(encoding="utf-8")
    act(desk, ana, chat.conversation_id, "hand-back")
    assert [m.say for m in chat.type("what do i owe")] == ["balance"]


def test_while_staff_talk_the_bot_is_silent_and_then_it_answers_again(desk: Desk, ana: Browser, chat: Chat) -> None:
    with taken(desk, ana, chat.conversation_id):
        before = len(chat.messages())
        assert chat.type("what do i owe") == []
        assert chat.last_turn().intent is None
        act(desk, ana, chat.conversation_id, "reply", words="This is Ana. <b>How</b> can I help?", once="1")
        act(desk, ana, chat.conversation_id, "reply", words="This is Ana. <b>How</b> can I help?", once="1")
        assert [(m.author, m.text) for m in chat.messages()[before:]] == [
            ("debtor", "what do i owe"), ("staff", "This is Ana. <b>How</b> can I help?")]
    assert [m.say for m in chat.type("what do i owe")] == ["balance"]
    assert chat.conversation().engine_session >= 3


def test_a_reply_of_staff_comes_over_the_event_stream(desk: Desk, ana: Browser, chat: Chat) -> None:
    last = chat.messages()[-1].event_id
    with taken(desk, ana, chat.conversation_id), desk.client.stream(
            "GET", "/api/chat/events", headers=chat.headers | {"Last-Event-ID": str(last)}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: session"
        act(desk, ana, chat.conversation_id, "reply", words="Over the stream.", once="1")
        shown = next(line for line in lines if line.startswith("data: ") and "Over the stream." in line)
    assert '"author": "staff"' in shown
    assert '"author_name": "Ana' in shown


def test_a_reply_of_staff_arrives_on_telegram(desk: Desk, ana: Browser) -> None:
    desk.telegram.write(8801, "hello")
    desk.telegram.wait_for(8801, 2)
    with desk.database.read() as session:
        [conversation] = [c.id for c in session.scalars(select(Conversation).where(Conversation.channel == "telegram"))
                          if c.address == "8801"]
    with taken(desk, ana, conversation):
        act(desk, ana, conversation, "reply", words="Ana here, on Telegram.", once="1")
        assert desk.telegram.wait_for(8801, 3)[-1]["text"] == "Ana here, on Telegram."
        desk.telegram.write(8801, "what do i owe")
        until(lambda: _heard(desk, conversation, "what do i owe"))
    desk.telegram.write(8801, "hello again")
    assert "Ana" not in desk.telegram.wait_for(8801, 4)[-1]["text"]
    assert len(desk.telegram.wait_for(8801, 4)) == 4


def test_what_is_urgent_takes_effect_while_staff_talk(desk: Desk, ana: Browser, chat: Chat) -> None:
    with taken(desk, ana, chat.conversation_id):
        [said] = chat.type("i want to end my life")
        assert said.say == "self_harm"
        chat.type("stop contacting me")
        row = chat.conversation()
        assert row.safeguarded_at
        assert row.contact_stopped_at


def _heard(desk: Desk, conversation: str, words: str) -> bool:
    with desk.database.read() as session:
        found = session.scalars(select(Message).where(Message.conversation_id == conversation)).all()
        states = session.scalars(select(Turn.state).where(Turn.conversation_id == conversation)).all()
    return any(m.text == words for m in found) and set(states) == {TurnState.DONE}
