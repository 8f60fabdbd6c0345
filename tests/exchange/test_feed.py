"""Delivering the feed: nothing lost, in order, the same id again; one that is down keeps nobody waiting."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from conversations.models import Ticket
from exchange.batches import batch, events
from exchange.delivering import ALERT_AFTER, Came, Feed
from exchange.models import FeedReceiver
from exchange.positions import give_all, give_positions, last_position
from exchange.progress import replay, standing
from exchange.receivers import Folder
from exchange.signing import sign
from ledger.feed import tell
from ledger.models import FeedEvent
from runtime.clock import Clock
from runtime.database import Database
from runtime.errors import StaffError
from runtime.webhooks import addresses, keys_of, new_secret
from tests.exchange.conftest import SECRET, Books, Hand, webhook
from tests.ledger.portfolio import Portfolio


def some(portfolio: Portfolio, number: int, start: int = 0) -> None:
    with portfolio.db.write() as session:
        for one in range(start, start + number):
            tell(session, kind="test.thing", subject=f"thing:{one}", debtor_id=portfolio.debtor_id, at=portfolio.now,
                 facts={"number": one}, key=f"thing:{one}")


def numbers(found: list[dict[str, Any]]) -> list[int]:
    return [event["facts"]["number"] for event in found]


def test_a_receiver_that_fails_in_every_way_gets_everything_in_order(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 8)
    books.does = ["refuse", "hang", "drop", "elsewhere", "refuse"]
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    came = hand.go(9)
    assert came[:5] == [Came.FAILED] * 5
    assert came[5:] == [Came.SENT] * 3 + [Came.NOTHING]
    unique = list({event["id"]: event for event in books.taken}.values())
    assert numbers(unique) == list(range(8))
    assert [event["position"] for event in unique] == list(range(1, 9))
    assert len(books.taken) == 8 + 3, "the batch whose answer was lost came twice"
    assert {call[0] for call in books.calls[:6]} == {"feed_000000000001_000000000003"}
    assert all(call[1] == books.calls[0][1] for call in books.calls[:6]), "the same id is the same batch"


def test_a_batch_that_is_tried_again_does_not_grow(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 1)
    books.does = ["refuse"]
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    hand.go()
    some(portfolio, 1, start=1)
    hand.go(2)
    assert [call[0] for call in books.calls] == [
        "feed_000000000001_000000000001", "feed_000000000001_000000000001", "feed_000000000002_000000000002"]


def test_failures_wait_longer_each_time_and_never_above_five_minutes(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 1)
    books.does = ["refuse"] * 12
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    waits = []
    for _ in range(12):
        hand.go(after=timedelta(0))
        with portfolio.db.read() as session:
            row = session.get_one(FeedReceiver, "webhook")
            assert row.next_attempt_at is not None
            waits.append((row.next_attempt_at - hand.times.now).total_seconds())
        assert hand.go(after=timedelta(0)) == [Came.NOTHING], "not before its time"
        hand.times.now += timedelta(seconds=waits[-1])
    assert waits[:4] == [4, 8, 16, 32]
    assert max(waits) == waits[-1] == 300


def test_staff_are_told_once_for_each_time_it_fails(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 1)
    books.does = ["refuse"] * (ALERT_AFTER + 3)
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    hand.go(ALERT_AFTER - 1)
    with portfolio.db.read() as session:
        assert session.scalars(select(Ticket)).all() == []
    hand.go(5)
    some(portfolio, 1, start=1)
    books.does = ["refuse"] * ALERT_AFTER
    hand.go(ALERT_AFTER)
    with portfolio.db.read() as session:
        tickets = session.scalars(select(Ticket)).all()
        assert [(ticket.kind, ticket.urgent) for ticket in tickets] == [("feed_failing", True)] * 2
        (one,) = standing(session, ["webhook"])
        assert (one.position, one.waiting, one.problem) == (1, 1, "answered 500")


def test_one_that_is_down_keeps_nobody_waiting(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 4)
    hand = Hand(portfolio.db, portfolio.now, webhook("http://127.0.0.1:1/feed", "dialler"), webhook(books.url, "books"))
    hand.go(3)
    assert numbers(books.taken) == [0, 1, 2, 3]
    with portfolio.db.read() as session:
        assert [(s.name, s.position) for s in standing(session, ["dialler", "books"])] == [("dialler", 0), ("books", 4)]


def test_another_worker_does_not_send_what_one_is_sending(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 2)
    books.does = ["hang"]
    one, two = (Hand(portfolio.db, portfolio.now, webhook(books.url)) for _ in range(2))
    thread = threading.Thread(target=one.go)
    thread.start()
    while not books.calls:
        threading.Event().wait(0.01)
    assert two.go() == [Came.NOTHING]
    thread.join()
    assert len(books.calls) == 1


def test_when_a_worker_dies_while_sending_another_goes_on(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 2)
    dead = Hand(portfolio.db, portfolio.now, webhook(books.url))
    give_all(portfolio.db)
    assert dead.feed._claim(dead.receivers[0]) is not None
    other = Hand(portfolio.db, portfolio.now, webhook(books.url))
    assert other.go(3, after=timedelta(seconds=45)) == [Came.NOTHING, Came.NOTHING, Came.SENT]
    assert numbers(books.taken) == [0, 1]


async def test_the_loop_delivers_and_stops(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 7)
    stop = asyncio.Event()
    feed = Feed(portfolio.db, Clock(source=lambda: portfolio.now), [webhook(books.url)], poll_seconds=0.02)
    running = asyncio.create_task(feed.run(stop))
    for _ in range(200):
        await asyncio.sleep(0.02)
        if len(books.taken) == 7:
            break
    stop.set()
    await asyncio.wait_for(running, 5)
    assert numbers(books.taken) == list(range(7))


# Positions ---------------------------------------------------------------------------------------------------------


def test_an_event_committed_late_is_never_behind_a_reader(portfolio: Portfolio) -> None:
    """A transaction that writes first and commits last: on PostgreSQL its id is the smaller one."""
    if portfolio.db.dialect == "sqlite":
        some(portfolio, 2)  # one writer at a time: it cannot happen
        assert give_all(portfolio.db) == 2
        return
    with portfolio.db.write() as slow:
        tell(slow, kind="test.thing", subject="slow", debtor_id=portfolio.debtor_id, at=portfolio.now,
             facts={"number": 99}, key="slow")
        some(portfolio, 2)
        assert give_all(portfolio.db) == 2
        with portfolio.db.read() as session:
            assert numbers(list(events(session, first=1))) == [0, 1]
    assert give_all(portfolio.db) == 3
    with portfolio.db.read() as session:
        assert numbers(list(events(session, first=3))) == [99]
        late = session.scalars(select(FeedEvent).where(FeedEvent.key == "slow")).one()
        assert late.id < max(session.scalars(select(FeedEvent.id)))


def test_many_writers_and_givers_leave_no_gap_and_nothing_twice(portfolio: Portfolio) -> None:
    seen: list[int] = []

    def write(start: int) -> None:
        for one in range(start, start + 15):
            some(portfolio, 1, start=one)

    def read() -> None:
        at = 1
        while len(seen) < 60:
            give_all(portfolio.db)
            with portfolio.db.read() as session:
                for event in events(session, first=at):
                    assert event["position"] == at
                    seen.append(event["facts"]["number"])
                    at += 1

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200, 300)]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == sorted(n for start in (0, 100, 200, 300) for n in range(start, start + 15))
    for start in (0, 100, 200, 300):
        mine = [n for n in seen if start <= n < start + 15]
        assert mine == sorted(mine), "what one writer did one after the other is told in that order"


def test_what_is_rolled_back_was_never_told(portfolio: Portfolio) -> None:
    with portfolio.db.write() as session:
        tell(session, kind="test.thing", subject="x", debtor_id=portfolio.debtor_id, at=portfolio.now, facts={},
             key="x")
        session.rollback()
    some(portfolio, 1)
    assert give_all(portfolio.db) == 1


def test_positions_are_given_in_transactions_of_bounded_size(portfolio: Portfolio) -> None:
    some(portfolio, 5)
    with portfolio.db.write() as session:
        assert [give_positions(session, at_once=2) for _ in range(4)] == [2, 2, 1, 0]
        assert last_position(session) == 5


# Files -------------------------------------------------------------------------------------------------------------


def folder(path: Path, at_once: int = 3) -> Folder:
    return Folder(path, keys_of(SECRET), at_once=at_once)


def test_files_are_signed_whole_and_in_order(portfolio: Portfolio, tmp_path: Path) -> None:
    some(portfolio, 5)
    hand = Hand(portfolio.db, portfolio.now, folder(tmp_path))
    assert hand.go(3) == [Came.SENT, Came.SENT, Came.NOTHING]
    files = sorted(tmp_path.rglob("*.jsonl"))
    assert [file.name for file in files] == [
        "feed_000000000001_000000000003.jsonl", "feed_000000000004_000000000005.jsonl"]
    assert numbers([json.loads(line) for file in files for line in file.read_text().splitlines()]) == list(range(5))
    for file in files:
        told = json.loads(Path(f"{file}.sig").read_text())
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{told['id']}.{told['timestamp']}.".encode() + file.read_bytes()
        assert told["id"] == file.name
        assert told["signature"] == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert list(tmp_path.rglob(".writing-*")) == []


def test_a_file_that_is_not_full_is_written_once_a_minute(portfolio: Portfolio, tmp_path: Path) -> None:
    hand = Hand(portfolio.db, portfolio.now, folder(tmp_path))
    some(portfolio, 1)
    assert hand.go(after=timedelta(seconds=10)) == [Came.SENT]
    some(portfolio, 1, start=1)
    assert hand.go(5, after=timedelta(seconds=10)) == [Came.NOTHING] * 5
    assert hand.go() == [Came.SENT]


def test_a_folder_that_cannot_be_written_is_tried_again(portfolio: Portfolio, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    some(portfolio, 1)
    hand = Hand(portfolio.db, portfolio.now, folder(tmp_path / "file"))
    assert hand.go() == [Came.FAILED]
    (tmp_path / "file").unlink()
    assert hand.go() == [Came.SENT]


# Replay, secrets, settings -----------------------------------------------------------------------------------------


def test_replay_sends_again_with_the_same_ids_and_can_skip(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 5)
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    hand.go(2)
    first = list(books.taken)
    with portfolio.db.write() as session:
        assert replay(session, "webhook", 3) == 3
    hand.go(2)
    assert books.taken == first + first[2:]
    with portfolio.db.write() as session:
        assert replay(session, "new", 6) == 0
        with pytest.raises(StaffError, match="stands at 5"):
            replay(session, "webhook", 7)
    assert hand.go() == [Came.NOTHING]


def test_a_replay_while_something_is_sent_wins(portfolio: Portfolio, books: Books) -> None:
    some(portfolio, 5)
    hand = Hand(portfolio.db, portfolio.now, webhook(books.url))
    hand.go()
    claimed = hand.feed._claim(hand.receivers[0])
    assert claimed is not None
    with portfolio.db.write() as session:
        replay(session, "webhook", 1)
    hand.feed._taken(hand.receivers[0], claimed)
    hand.go(3)
    assert numbers(books.taken) == [0, 1, 2, 0, 1, 2, 3, 4]


def test_two_secrets_make_two_signatures() -> None:
    old, new = new_secret(), new_secret()
    both = sign(keys_of(f"{new} {old}"), "m", 1, b"body").split()
    assert both == [sign(keys_of(new), "m", 1, b"body"), sign(keys_of(old), "m", 1, b"body")]


@pytest.mark.parametrize("wrong", ["", "secret", "whsec_", "whsec_AAAA", "whsec_!!!", "a b c"])
def test_a_secret_that_is_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        keys_of(wrong)


def test_the_example_of_the_standard() -> None:
    """From the test vectors that Standard Webhooks' libraries share."""
    keys = keys_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


def test_addresses_have_names_and_are_safe() -> None:
    assert addresses("https://a.example/x?y=z") == {"webhook": "https://a.example/x?y=z"}
    assert addresses("dialler=https://a.example books=http://127.0.0.1:9/b") == {
        "dialler": "https://a.example", "books": "http://127.0.0.1:9/b"}
    for wrong in ("http://a.example", "ftp://a.example", "https://", "x", "https://a https://b", "files=https://a"):
        with pytest.raises(ValueError, match="as"):
            addresses(wrong)


def test_events_hold_references_and_no_person(db: Database, portfolio: Portfolio, now: datetime) -> None:
    debt = portfolio.debt("NG-1", 10_000)
    portfolio.pay("p1", {debt: 2_500})
    give_all(db)
    with db.read() as session:
        (event,) = batch(session, first=1, last=1).events
    assert event == {
        "position": 1, "id": event["id"], "kind": "payment.received", "subject": event["subject"],
        "at": "2026-03-03T12:00:00.000Z", "debtor": "M100", "debt": "NG-1", "creditor": "GAS", "facts": {
            "posting": event["facts"]["posting"], "reverses": None, "key": "p1", "direction": "credit",
            "amount": {"minor": 2500, "currency": "GBP"}, "owed": {"minor": 7500, "currency": "GBP"},
            "overpaid": {"minor": 0, "currency": "GBP"}, "value_date": "2026-03-03", "through": ["processor_clearing"]},
    }
    assert event["id"].startswith("evt_")
