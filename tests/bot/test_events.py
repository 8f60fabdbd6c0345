"""The event stream: everything once and in order, however often it is cut and whoever else listens."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from bot.events import HISTORY
from conversations.ownership import take
from conversations.say import Say, pass_on, say
from runtime.database import Database
from runtime.ids import StaffId
from tests.bot.conftest import FakeEngine, Talk


@pytest.fixture(autouse=True)
def no_keepalive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent because time has passed: what comes was woken."""
    monkeypatch.setattr("bot.chat_api.KEEPALIVE_SECONDS", 3600.0)


def test_it_goes_on_from_the_last_event_seen(talk: Talk) -> None:
    talk.type("one")
    with talk.events() as events:
        seen = [m["id"] for m in islice(events, 3)]
    talk.type("two")
    with talk.events(**{"Last-Event-ID": str(seen[-1])}) as events:
        seen += [m["id"] for m in islice(events, 2)]
    assert seen == [1, 2, 3, 4, 5]
    assert seen == [m.event_id for m in talk.messages()]


def test_more_than_one_page_comes_without_a_pause(talk: Talk, db: Database) -> None:
    with db.write() as session:
        for number in range(HISTORY + 5):
            say(session, conversation_id=talk.id, text=Say("thanks"), seed=str(number), now=talk.row().created_at)
    with talk.events() as events:
        assert [m["id"] for m in islice(events, HISTORY + 6)] == list(range(1, HISTORY + 7))


def test_an_event_id_from_the_future_brings_only_what_is_newer(talk: Talk) -> None:
    with talk.events(**{"Last-Event-ID": "2"}) as events:
        talk.type("one")
        assert next(events)["id"] == 3


def test_two_windows_see_the_same(talk: Talk) -> None:
    with talk.events() as first, talk.events() as second, ThreadPoolExecutor(2) as pool:
        both = [pool.submit(lambda events=events: list(islice(events, 5))) for events in (first, second)]
        talk.type("one")
        talk.type("two")
        assert both[0].result() == both[1].result()
        assert [m["author"] for m in both[0].result()] == ["bot", "debtor", "bot", "debtor", "bot"]


def test_what_another_process_or_a_colleague_writes_comes_at_once(talk: Talk, db: Database) -> None:
    with db.write() as session:
        take(session, conversation_id=talk.id, staff_id=StaffId(1), seen_version=0)
    with talk.events() as events:
        next(events)
        for number in range(12):  # through every connection of the pool
            with db.write() as session:
                pass_on(session, conversation_id=talk.id, words=f"reply {number}", staff_name="Ana",
                        now=talk.row().created_at)
            shown = next(events)
            assert (shown["text"], shown["author"], shown["author_name"]) == (f"reply {number}", "staff", "Ana")


def test_typing_while_the_bot_answers_keeps_the_order(talk: Talk, engine: FakeEngine) -> None:
    engine.go.clear()
    sent = [str(uuid.uuid4()) for _ in range(4)]
    for number, wanted in enumerate(sent):
        talk.post(id=wanted, text=f"word {number}")
    engine.go.set()
    answers = [talk.answer_to(wanted)[0].event_id for wanted in sent]
    assert answers == sorted(answers)
    assert [masked for masked, _ in engine.asked] == [f"word {number}" for number in range(4)]
    said = [m for m in talk.messages() if m.author == "debtor"]
    assert [m.text for m in said] == [f"word {number}" for number in range(4)]
    assert [m.client_id for m in said] == sent
