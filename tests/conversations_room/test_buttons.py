"""Buttons: of their own conversation only, consumed once, dead after a while; titles may be typed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlalchemy import select

from bot.receiving import receive_press, receive_text
from conversations.buttons import button_of, button_titled, consume, usable
from conversations.models import Button, Turn
from conversations.open import open_conversation
from conversations.say import BUTTON_LIFE, Choice, Say, say
from runtime.database import Database
from runtime.errors import DebtorError
from runtime.ids import ConversationId, TurnId
from tests.conversations_room.conftest import Says

OFFER = Choice("yes_set_up", "confirm_plan", {"debts": [1]}, binding=True)
PERSON = Choice("talk_to_person", "request_human")


@pytest.fixture
def shown(db: Database, now: datetime, conversation: ConversationId) -> dict[str, Button]:
    """A binding button and another, under one message."""
    with db.write() as session:
        say(session, conversation_id=conversation, text=Say("thanks", buttons=[OFFER, PERSON]), now=now)
    with db.read() as session:
        return {button.intent: button for button in session.scalars(select(Button))}


def press(db: Database, conversation: ConversationId, button: Button, now: datetime, provider_id: str) -> Turn:
    with db.write() as session:
        return receive_press(session, conversation_id=conversation, provider_id=provider_id, button_id=button.id,
                             now=now).turn


def test_pressed_many_times_at_once_a_binding_button_binds_once(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    presses = 6
    ready = Barrier(presses)

    def one(number: int) -> str | None:
        ready.wait()
        return press(db, conversation, shown["confirm_plan"], now, f"web:{number}").forced_intent

    with ThreadPoolExecutor(presses) as pool:
        assert sorted(map(str, pool.map(one, range(presses)))) == ["confirm_plan"] + ["stale_button"] * (presses - 1)
    with db.read() as session:
        bound = [turn for turn in session.scalars(select(Turn)) if turn.choice]
        assert [turn.forced_intent for turn in bound] == ["confirm_plan"]
        assert session.get_one(Button, shown["confirm_plan"].id).consumed_by == bound[0].id


def test_the_same_press_delivered_twice_is_one_turn(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    first, again = (press(db, conversation, shown["confirm_plan"], now, "web:same") for _ in range(2))
    assert first.id == again.id
    assert again.forced_intent == "confirm_plan"


def test_a_button_of_another_conversation_is_none(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    with db.write() as session:
        other = ConversationId(open_conversation(session, channel="web", now=now).id)
    for wanted in (shown["confirm_plan"].id, "no-such-button", "", "\x00", "'", "\ud800", "A" * 64):
        with pytest.raises(DebtorError) as refused, db.write() as session:
            receive_press(session, conversation_id=other, provider_id="web:x", button_id=wanted, now=now)
        assert refused.value.say == "unknown_button"
    with db.read() as session:
        assert session.scalars(select(Turn)).all() == []
        assert button_of(session, conversation_id=conversation, button_id=shown["confirm_plan"].id)


def test_an_old_button_is_stale_and_binds_nothing(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    late = now + BUTTON_LIFE
    for number, button in enumerate(shown.values()):
        assert not usable(button, now=late)
        turn = press(db, conversation, button, late, f"web:{number}")
        assert (turn.forced_intent, turn.choice) == ("stale_button", None)
    with db.read() as session:
        assert [button.consumed_by for button in session.scalars(select(Button))] == [None, None]


def test_consumed_by_one_turn_only(db: Database, shown: dict[str, Button], says: Says) -> None:
    first, second = TurnId(says("a").id), TurnId(says("b").id)
    with db.write() as session:
        button = session.get_one(Button, shown["confirm_plan"].id)
        assert consume(session, button=button, turn_id=first)
        assert consume(session, button=button, turn_id=first)
        assert not consume(session, button=button, turn_id=second)


@pytest.mark.parametrize("words", ["Talk to a person", " talk to a PERSON. ", "talk to a person!"])
def test_a_title_may_be_typed(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button], words: str
) -> None:
    with db.write() as session:
        turn = receive_text(session, conversation_id=conversation, provider_id="web:x", text=words, now=now).turn
    assert (turn.forced_intent, turn.button_id) == ("request_human", shown["request_human"].id)
    assert turn.raw == words.strip()


def test_typing_the_title_of_a_binding_button_binds_nothing(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    words = shown["confirm_plan"].title
    with db.write() as session:
        turn = receive_text(session, conversation_id=conversation, provider_id="web:x", text=words, now=now).turn
    assert (turn.forced_intent, turn.button_id, turn.choice) == (None, None, None)


def test_titles_of_the_last_message_with_buttons_count(
    db: Database, now: datetime, conversation: ConversationId, shown: dict[str, Button]
) -> None:
    with db.write() as session:
        say(session, conversation_id=conversation, text=Say("thanks", buttons=[Choice("yes", "affirm")]), now=now)
        say(session, conversation_id=conversation, text=Say("thanks"), now=now)
    with db.read() as session:
        assert button_titled(session, conversation_id=conversation, words="talk to a person") is None
        found = button_titled(session, conversation_id=conversation, words="yes")
        assert found is not None
        assert found.intent == "affirm"
