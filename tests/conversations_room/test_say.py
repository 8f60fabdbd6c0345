"""The one door: what passes it is numbered, rendered, stored, and put up for delivery."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlalchemy import select

from conversations.models import Author, Button, Conversation, Message, OutboxItem
from conversations.open import open_conversation
from conversations.say import Choice, Say, hear, pass_on, say
from conversations.texts import TextError
from runtime.database import Database
from runtime.ids import ConversationId
from tests.conversations_room.conftest import Says

MONEY = {"minor": 4000, "currency": "GBP"}


def test_events_count_up_without_a_gap_though_all_speak_at_once(
    db: Database, now: datetime, conversation: ConversationId
) -> None:
    writers, each = 4, 5
    ready = Barrier(writers)

    def speak(_number: int) -> None:
        ready.wait()
        for _ in range(each):
            with db.write() as session:
                seen = session.get_one(Conversation, conversation)  # as callers do: seen before it is locked
                say(session, conversation_id=conversation, text=Say("thanks"), now=now)
                assert seen.id == conversation

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(speak, range(writers)))
    with db.read() as session:
        found = session.scalars(select(Message.event_id).where(Message.conversation_id == conversation)).all()
    assert sorted(found) == list(range(1, writers * each + 1))


def test_what_is_not_a_text_is_not_said(db: Database, now: datetime, conversation: ConversationId) -> None:
    for text in (Say("no_such_text"), Say("identity_done"), Say("thanks", buttons=[Choice("no_such_title", "help")]),
                 Say("balance", {"totals": "much"})):
        with pytest.raises(TextError), db.write() as session:
            say(session, conversation_id=conversation, text=text, now=now)
    with db.read() as session:
        assert session.scalars(select(Message)).all() == []
        assert session.get_one(Conversation, conversation).next_event == 1


def test_an_action_cannot_send_what_is_no_say(db: Database, now: datetime, conversation: ConversationId) -> None:
    for odd in ({"say": "thanks", "buttons": [{"title": "yes"}]}, {"say": "thanks", "buttons": 3}, {"values": {}},
                {"say": "thanks", "card": {"rows": []}}, {"say": "thanks", "values": [1]},
                {"say": "thanks", "card": 5}):
        with pytest.raises(TextError), db.write() as session:
            say(session, conversation_id=conversation, text=Say.from_json(odd), now=now)


def test_values_are_never_read_as_a_template(db: Database, now: datetime, conversation: ConversationId) -> None:
    odd = "{{ 7*7 }}{% for x in (1).__class__.__mro__ %}<b>*_[x](y)"
    with db.write() as session:
        made = say(session, conversation_id=conversation, text=Say("identity_done", {"name": odd}), now=now)
    assert odd in made.text


def test_a_long_title_is_cut_to_what_the_column_holds(
    db: Database, now: datetime, conversation: ConversationId
) -> None:
    choice = Choice("creditor_choice", "request_payment_plan", {}, {"creditor": "Gas & Co. " * 40, "balance": MONEY})
    with db.write() as session:
        made = say(session, conversation_id=conversation, text=Say("thanks", buttons=[choice]), now=now)
    with db.read() as session:
        button = session.scalar(select(Button))
        assert button is not None
        assert len(button.title) <= 120
        assert made.buttons == [{"id": button.id, "title": button.title}]


def test_only_what_is_for_telegram_is_put_up_for_delivery(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    with db.write() as session:
        say(session, conversation_id=conversation, text=Say("thanks"), now=now)
        other = ConversationId(open_conversation(session, channel="telegram", address="77", now=now).id)
        said = say(session, conversation_id=other, text=Say("thanks"), now=now)
        staff = pass_on(session, conversation_id=other, words="This is Ana.", staff_name="Ana", now=now)
    with db.read() as session:
        assert [i.payload for i in session.scalars(select(OutboxItem).order_by(OutboxItem.id))] == [
            {"message_id": said.id}, {"message_id": staff.id}]
        assert staff.author == Author.STAFF


@pytest.mark.parametrize("words", [
    "\u202eevil", "😀" * 4000, "<script>alert(1)</script>", "=1+1", "'; DROP TABLE turn; --"])
def test_words_come_back_as_they_were_written(
    db: Database, now: datetime, conversation: ConversationId, says: Says, words: str
) -> None:
    turn = says("x")
    with db.write() as session:
        hear(session, conversation_id=conversation, words=words, turn=turn, now=now)
    with db.read() as session:
        assert words in session.scalars(select(Message.text)).all()
