"""Telegram when things go wrong: nothing is lost, and one bad update does not keep the rest back."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from telegram.error import NetworkError

from bot import telegram
from bot.delivery import TELEGRAM_LIMIT, deliver, in_parts
from bot.delivery_error import DeliveryError
from bot.telegram import TelegramChannel, make_bot
from bot.worker import MAX_ATTEMPTS, Worker
from conversations.models import Conversation, Message, OutboxItem, Turn
from conversations.open import open_conversation
from conversations.outbox import put
from conversations.ownership import take
from conversations.say import Choice, Say, pass_on, say
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, StaffId
from runtime.settings import settings
from tests.end_to_end.telegram_server import TelegramServer

TOKEN = "123456:" + "A" * 35


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TelegramServer]:
    """A server that speaks the Bot API, at the address of the settings."""
    with TelegramServer(TOKEN) as running:
        chosen = settings().model_copy(update={"telegram_bot_token": SecretStr(TOKEN),
                                               "telegram_api_url": f"{running.url}/bot"})
        for room in ("bot.telegram", "bot.delivery"):
            monkeypatch.setattr(f"{room}.settings", lambda: chosen)
        monkeypatch.setattr(telegram, "BACKOFF_SECONDS", 0.01)
        yield running


@pytest.fixture
def channel(db: Database) -> TelegramChannel:
    return TelegramChannel(Mock(database=db, clock=Clock()), TOKEN)


async def listen(channel: TelegramChannel, enough: Callable[[], bool]) -> None:
    """Let the channel poll until there is enough."""
    polling = asyncio.create_task(channel.run())
    while not enough():
        assert not polling.done(), polling.exception()
        await asyncio.sleep(0.01)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


def heard(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Turn.raw).order_by(Turn.id)))


def said(db: Database) -> list[str | None]:
    with db.read() as session:
        return list(session.scalars(select(Message.say).where(Message.author == "bot").order_by(Message.id)))


async def test_it_waits_for_telegram_and_for_the_database(
    db: Database, server: TelegramServer, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[Exception] = [NetworkError("away"), RuntimeError("odd")]
    making, storing = telegram.make_bot, channel._store

    def make(token: str) -> Any:
        if problems:
            raise problems.pop()
        return making(token)

    away = [OperationalError("", {}, Exception())] * 20

    def store(update: Any) -> Any:
        if away:
            raise away.pop()
        return storing(update)
    monkeypatch.setattr(telegram, "make_bot", make)
    monkeypatch.setattr(channel, "_store", store)
    server.write(7, "hello")
    await listen(channel, lambda: heard(db) == ["hello"])


async def test_one_update_that_cannot_be_stored_is_passed_over(
    db: Database, server: TelegramServer, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture
) -> None:
    storing = channel._store

    def store(update: Any) -> Any:
        if update.message.text == "poison":
            raise ValueError("nobody has thought of this")
        return storing(update)
    monkeypatch.setattr(channel, "_store", store)
    server.write(7, "poison")
    server.write(8, "hello")
    await listen(channel, lambda: heard(db) == ["hello"])
    assert "passed over" in caplog.text


async def test_odd_updates(db: Database, server: TelegramServer, channel: TelegramChannel) -> None:
    for language in ("xx", "zz-ZZ", "zh-hans", "", "en-AQ", "pt-br-verylongindeed"):
        server.write(900, "hello")
        server._updates[-1]["message"]["from"]["language_code"] = language
        server._updates[-1]["message"]["chat"]["id"] = server._next
    texts = ["\x00", "/start \x00", "/start " + "A" * 400, "/restart", '/inform{"x":"y"}', "😀", "{{7*7}}",
             "/start\xa0x"]
    for text in texts:
        server.write(7, text)
    server.press(7, "no such button")
    server.press(7, "\x00" * 64)
    server.write(7, "a" * 4096)
    server.write(7, "last")
    await listen(channel, lambda: heard(db)[-1:] == ["last"])
    assert len(heard(db)) == 6 + len(texts) + 4
    assert said(db).count("unknown_button") == 2
    assert said(db).count("message_too_long") == 1
    with db.read() as session:  # what was refused is answered, and staff see it
        assert "a" * 4000 in session.scalars(select(Message.text)).all()
        assert {m.masked.startswith("/") for m in session.scalars(select(Turn))} == {False}


async def test_what_is_refused_is_said_once_and_not_by_the_bot_while_staff_talk(
    db: Database, server: TelegramServer, channel: TelegramChannel
) -> None:
    server.write(7, "a" * 4096)
    server.write(7, "first")
    await listen(channel, lambda: heard(db)[-1:] == ["first"])
    channel._offset = None  # as after a crash: everything is delivered once more
    server.write(7, "next")
    await listen(channel, lambda: heard(db)[-1:] == ["next"])
    assert len(heard(db)) == 3
    assert said(db).count("message_too_long") == 1
    with db.write() as session:
        row = session.scalars(select(Conversation)).one()
        take(session, conversation_id=ConversationId(row.id), staff_id=StaffId(1), seen_version=0)
    server.write(7, "b" * 4096)
    server.write(7, "second")
    await listen(channel, lambda: heard(db)[-1:] == ["second"])
    assert said(db).count("message_too_long") == 1


# Delivery --------------------------------------------------------------------------------------------------------


def test_long_texts_go_out_in_parts_that_telegram_takes() -> None:
    for text in ("", "a", "word " * 2000, "😀" * 4000, "a" * 9000, "é\n" * 4096, "a " * 2048 + "😀"):
        parts = in_parts(text)
        assert all(0 < len(part.encode("utf-16-le")) // 2 <= TELEGRAM_LIMIT for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())


async def test_a_long_reply_of_staff_arrives_whole(db: Database, server: TelegramServer) -> None:
    clock = Clock()
    with db.write() as session:
        conversation = ConversationId(open_conversation(session, channel="telegram", address="7", now=clock.now()).id)
        pass_on(session, conversation_id=conversation, words="😀" * 4000, staff_name="Ana", now=clock.now())
        text = Say("thanks", buttons=[Choice("yes", "affirm")])
        say(session, conversation_id=conversation, text=text, now=clock.now())
    async with make_bot(TOKEN) as bot:
        worker = Worker(db, clock, bot)
        while await worker.deliver_due():
            pass
    sent = server.wait_for(7, 3)
    assert "".join(m["text"] for m in sent[:2]) == "😀" * 4000
    assert [bool(m.get("reply_markup")) for m in sent] == [False, False, True]


async def test_what_fails_in_an_unforeseen_way_does_not_keep_the_rest_back(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: list[str] = []

    async def odd(item: OutboxItem, **_: Any) -> None:
        if item.key == "bad":
            raise KeyError("card")
        delivered.append(item.key)
    monkeypatch.setattr("bot.worker.deliver", odd)
    clock = Clock()
    with db.write() as session:
        for key in ("bad", "good"):
            put(session, key=key, kind="telegram", payload={}, now=clock.now())
    worker = Worker(db, clock, None)
    await worker.deliver_due()
    assert delivered == ["good"]
    for _ in range(MAX_ATTEMPTS):
        with db.write() as session:
            bad = session.scalars(select(OutboxItem).where(OutboxItem.key == "bad")).one()
            bad.next_attempt_at = clock.now()
        await worker.deliver_due()
    with db.read() as session:
        states = {item.key: (item.state, item.error) for item in session.scalars(select(OutboxItem))}
    assert states == {"bad": ("failed", "KeyError"), "good": ("sent", None)}


async def test_a_kind_nobody_knows_is_given_up_at_once(db: Database) -> None:
    with pytest.raises(DeliveryError) as problem:
        await deliver(OutboxItem(kind="pigeon", payload={}), database=db, bot=None)
    assert problem.value.final
