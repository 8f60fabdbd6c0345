"""Somebody who never stops writing on Telegram: as much is taken in as on the web, and what matters all the same."""

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.engine import EngineError
from bot.limits import ACCOUNT_SHARE
from compliance.models import Level, Verification
from conversations.models import Conversation, Message, Ticket, Turn, TurnState
from conversations.ownership import take
from conversations.turns import OPEN
from runtime.database import Database
from runtime.ids import ConversationId, StaffId
from runtime.settings import settings
from tests.bot.conftest import FakeEngine, answer, until
from tests.compliance.conftest import Household
from tests.end_to_end.telegram_server import TelegramServer

TOKEN = "123456:" + "A" * 35
LIMIT = 4
TOO_MUCH = "too_many_messages"


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> Iterator[TelegramServer]:
    """Telegram, as the gateway reaches it; an engine that says thanks; four messages a minute."""
    engine.always = answer()
    monkeypatch.setattr(engine, "answer", lambda *given: FakeEngine.answer(engine, *given))
    with TelegramServer(TOKEN) as running:
        chosen = settings().model_copy(update={
            "telegram_bot_token": SecretStr(TOKEN), "telegram_api_url": f"{running.url}/bot",
            "messages_per_minute": LIMIT, "calls_per_minute": 10_000})
        for room in ("bot.app", "bot.telegram"):
            monkeypatch.setattr(f"{room}.settings", lambda: chosen)
        yield running


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute does not pass, however slow the machine is."""
    monkeypatch.setattr("bot.limits.time", SimpleNamespace(monotonic=lambda: 1000.0))


def turns(db: Database, wanted: int) -> list[Turn]:
    """All turns, once there are so many and none is open."""
    def all_ended() -> list[Turn] | None:
        with db.read() as session:
            found = list(session.scalars(select(Turn).order_by(Turn.id)))
        assert len(found) <= wanted
        return found if len(found) == wanted and not any(turn.state in OPEN for turn in found) else None
    return until(all_ended)


def said(db: Database) -> list[str | None]:
    with db.read() as session:
        return list(session.scalars(select(Message.say).where(Message.author == "bot").order_by(Message.id)))


def talks(db: Database, wanted: int) -> list[Conversation]:
    def there() -> list[Conversation] | None:
        with db.read() as session:
            found = list(session.scalars(select(Conversation).order_by(Conversation.created_at)))
        return found if len(found) == wanted else None
    return until(there)


def test_what_is_too_much_is_said_once_and_kept_for_staff(
        telegram: TelegramServer, client: httpx.Client, db: Database, engine: FakeEngine) -> None:
    for number in range(3 * LIMIT):
        telegram.write(7, f"line {number}")
    telegram.press(7, "no such button")
    telegram.write(7, "/start " + "S" * 43)
    telegram.write(8, "hello")  # somebody else
    found = turns(db, 3 * LIMIT + 3)
    assert len(engine.asked) == LIMIT + 1
    assert said(db).count(TOO_MUCH) == 1
    assert said(db).count("thanks") == LIMIT + 1
    assert "unknown_button" not in said(db)
    assert [turn.raw for turn in found[:-3]] == [f"line {number}" for number in range(3 * LIMIT)]
    assert [turn.raw for turn in found[-3:]] == ["[button]", "start", "hello"]
    assert {turn.state for turn in found} == {TurnState.DONE}
    with db.read() as session:
        assert not [text for text in session.scalars(select(Message.text)) if "SSSS" in text]
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("words", "kind", "say"), [
    ("i want to kill myself", "self_harm_risk", "self_harm"), ("STOP", "stop_contact", "stopped_here"),
    ("what do i owe, and stop texting me", "stop_contact", "stopped_here"),
])
def test_a_stop_or_a_cry_for_help_is_heard_in_any_flood(
        telegram: TelegramServer, client: httpx.Client, db: Database, engine: FakeEngine, words: str, kind: str,
        say: str) -> None:
    engine.always = EngineError("away")  # and without the engine
    for number in range(2 * LIMIT):
        telegram.write(7, f"line {number}")
    for _ in range(3):
        telegram.write(7, words)
    found = turns(db, 2 * LIMIT + 3)
    assert [turn.forced_intent for turn in found[-3:]] == [kind, None, None]
    assert said(db).count(say) == 1
    assert said(db).count(TOO_MUCH) == 1
    (talk,) = talks(db, 1)
    assert (talk.safeguarded_at if kind == "self_harm_risk" else talk.contact_stopped_at) is not None
    with db.read() as session:
        kinds = select(func.count()).select_from(Ticket).where(Ticket.kind.in_(["self_harm", "stop_contact"]))
        assert session.scalar(kinds) == 1
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("beneath", [False, True])
def test_it_is_heard_in_what_is_not_taken_in_otherwise(
        telegram: TelegramServer, client: httpx.Client, db: Database, engine: FakeEngine, beneath: bool) -> None:
    engine.always = EngineError("away")
    if beneath:  # a photograph
        telegram.write(7, "x")
        message = telegram._updates[-1]["message"]
        del message["text"]
        message |= {"caption": "i am going to kill myself", "photo": [
            {"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}
    else:
        telegram.write(7, "a" * 4050 + " i am going to kill myself")
    (turn,) = turns(db, 1)
    assert turn.forced_intent == "self_harm_risk"
    with db.read() as session:
        (shown,) = session.scalars(select(Message.text).where(Message.author == "debtor"))
    assert shown.startswith("[photo] i am" if beneath else "aaaa")
    assert said(db)[-1] == "self_harm"
    assert "message_too_long" not in said(db)
    assert client.get("/healthz").status_code == 200


def test_a_letter_that_is_too_long_for_the_bot_takes_its_legal_effect(
        telegram: TelegramServer, client: httpx.Client, db: Database) -> None:
    telegram.write(7, "I dispute this debt, it is not mine. " + "It was in May. " * 270)
    (turn,) = turns(db, 1)
    assert turn.actions == ["heard_dispute"]
    assert said(db).count("message_too_long") == 1
    with db.read() as session:
        assert session.scalars(select(Ticket.kind)).all() == ["dispute"]
    assert client.get("/healthz").status_code == 200


def test_one_debtor_has_so_many_messages_over_all_chats(
        telegram: TelegramServer, client: httpx.Client, db: Database, home: Household) -> None:
    chats = range(1, ACCOUNT_SHARE + 3)
    for chat in chats:
        telegram.write(chat, "/start")
    with db.write() as session:
        for talk in talks(db, len(chats)):
            session.add(Verification(conversation_id=talk.id, debtor_id=home.jane, level=Level.VERIFIED, method="link",
                                     verified_at=talk.created_at, last_used_at=datetime.now(talk.created_at.tzinfo)))
    for _ in range(LIMIT - 1):
        for chat in chats:
            telegram.write(chat, "hello")
    turns(db, len(chats) * LIMIT)
    assert said(db).count("thanks") == ACCOUNT_SHARE * LIMIT
    assert said(db).count(TOO_MUCH) == len(chats) * (LIMIT - 1) - ACCOUNT_SHARE * LIMIT
    assert client.get("/healthz").status_code == 200


def test_nothing_is_said_while_staff_talk(telegram: TelegramServer, client: httpx.Client, db: Database) -> None:
    telegram.write(7, "hello")
    turns(db, 1)
    with db.write() as session:
        take(session, conversation_id=ConversationId(talks(db, 1)[0].id), staff_id=StaffId(1), seen_version=0)
    for number in range(2 * LIMIT):
        telegram.write(7, f"line {number}")
    assert [turn.raw for turn in turns(db, 1 + 2 * LIMIT)][1:] == [f"line {number}" for number in range(2 * LIMIT)]
    assert TOO_MUCH not in said(db)
    assert client.get("/healthz").status_code == 200


def test_what_is_delivered_again_is_neither_counted_as_new_nor_answered(
        telegram: TelegramServer, client: httpx.Client, db: Database, engine: FakeEngine) -> None:
    telegram.write(7, "hello")
    turns(db, 1)
    telegram.redeliver = 2
    telegram.write(7, "again")
    turns(db, 2)
    until(lambda: telegram.redeliver == 0 or None)
    telegram.write(8, "after")
    turns(db, 3)
    assert engine.asked == [("hello", ""), ("again", ""), ("after", "")]
    assert said(db).count("thanks") == 3
    assert client.get("/healthz").status_code == 200
