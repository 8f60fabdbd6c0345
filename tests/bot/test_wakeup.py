"""A message stored by another process wakes the listeners of its conversation, on both databases."""

import asyncio
from datetime import datetime

from sqlalchemy import text

from bot.wakeup import Wakeup
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
