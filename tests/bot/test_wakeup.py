"""A message stored by another process wakes the listeners of its conversation, on both databases."""

import asyncio
from datetime import datetime

from sqlalchemy import text

from bot.events import Fresh
from bot.wakeup import News, Wakeup
from conversations.open import open_conversation
from conversations.say import Say, say
from runtime.database import Database
from runtime.ids import ConversationId


def other_process(db: Database) -> Database:
    """The same database through connections of its own, as another process has them."""
    return Database(db.url.render_as_string(hide_password=False))


def a_conversation(db: Database, now: datetime) -> ConversationId:
    with db.write() as session:
        return ConversationId(open_conversation(session, channel="web", now=now).id)


async def test_only_the_conversation_with_news_is_woken(db: Database, now: datetime) -> None:
    mine, theirs = a_conversation(db, now), a_conversation(db, now)
    wakeup = Wakeup(db)
    wakeup.start()
    writer = other_process(db)
    try:
        with wakeup.listener(mine) as my_news, wakeup.listener(theirs) as their_news:
            await asyncio.sleep(0.3)  # until the watching thread listens
            with writer.write() as session:
                say(session, conversation_id=mine, text=Say("thanks"), now=now)
            await asyncio.wait_for(my_news.wait(), 10)
            assert not their_news.is_set()
    finally:
        wakeup.stop()
        writer.close()


async def test_a_write_that_is_no_message_wakes_nobody(db: Database, now: datetime) -> None:
    mine = a_conversation(db, now)
    wakeup = Wakeup(db)
    wakeup.start()
    writer = other_process(db)
    try:
        with wakeup.listener(mine) as my_news:
            await asyncio.sleep(0.3)
            with writer.write() as session:
                session.execute(text("UPDATE conversation SET misunderstandings = 1"))
            await asyncio.sleep(0.3)
            assert not my_news.is_set()
    finally:
        wakeup.stop()
        writer.close()


async def test_who_has_read_the_message_is_not_woken_by_it(db: Database) -> None:
    wakeup = Wakeup(db)
    with wakeup.listener("c") as news:
        news.seen = 7
        wakeup.wake("c", 7)
        assert not news.is_set()
        wakeup.wake("c", 8)
        assert news.is_set()
        news.clear()
        wakeup.wake("c")
        assert news.is_set()


def told(*ids: int, busy: bool = False) -> Fresh:
    """Messages with these event ids, as who stored them hands them over."""
    return Fresh([{"id": number} for number in ids], busy, newest=100 + max(ids))


def after_reading() -> News:
    """News of a listener that has read the database once."""
    news = News()
    assert news.take(0) is None
    return news


def test_what_is_told_in_a_row_needs_no_reading() -> None:
    news = after_reading()
    news.hear(told(4, busy=True))
    news.hear(told(5, 6))
    assert news.is_set()
    fresh = news.take(3)
    assert fresh is not None
    assert ([m["id"] for m in fresh.messages], fresh.busy, fresh.newest) == ([4, 5, 6], False, 106)
    assert not news.is_set()


def test_a_gap_in_what_was_told_is_read_from_the_database() -> None:
    news = after_reading()
    news.hear(told(5))
    assert news.take(3) is None


def test_what_was_seen_already_is_not_shown_again() -> None:
    news = after_reading()
    news.hear(told(3))
    news.hear(told(4))
    fresh = news.take(3)
    assert fresh is not None
    assert [m["id"] for m in fresh.messages] == [4]


def test_where_another_process_wrote_too_the_database_is_read() -> None:
    news = after_reading()
    news.hear(told(4))
    news.look()
    assert news.take(3) is None
    news.hear(told(5))
    assert news.take(4) is not None  # that was for once


async def test_only_listeners_of_the_conversation_are_told(db: Database) -> None:
    wakeup = Wakeup(db)
    with wakeup.listener("mine") as mine, wakeup.listener("theirs") as theirs:
        wakeup.tell("mine", told(1))
        assert (mine.is_set(), theirs.is_set()) == (True, False)
