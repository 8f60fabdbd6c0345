"""The database: all or nothing, exact instants, and errors that do not quote what was to be stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from conversations.models import Conversation
from conversations.open import open_conversation
from ledger.models import Debtor
from runtime.clock import Clock, ClockOffset
from runtime.database import Database
from runtime.errors import OperatorError


def test_an_exception_takes_everything_back(db: Database, now: datetime) -> None:
    def half() -> None:
        with db.write() as session:
            open_conversation(session, channel="web", now=now)
            raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        half()
    with db.read() as session:
        assert session.query(Conversation).count() == 0


def test_an_error_does_not_quote_what_was_to_be_stored(db: Database, now: datetime) -> None:
    def person() -> Debtor:
        return Debtor(ref="DD-1", first_name="Private", last_name="Person", date_of_birth="1984-05-17",
                      postcode="LS1 4AB", country="GB", vulnerable=False, created_at=now)
    with pytest.raises(DBAPIError) as problem, db.write() as session:
        session.add_all([person(), person()])
    assert not [word for word in ("Private", "Person", "1984", "LS1") if word in str(problem.value)]


def test_an_instant_is_an_instant(db: Database, now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=-7)))
    with db.write() as session:
        conversation = open_conversation(session, channel="web", now=elsewhere)
    with db.read() as session:
        stored = session.get_one(Conversation, conversation.id).created_at
    assert (stored, stored.tzinfo) == (now, UTC)
    with pytest.raises(StatementError, match="naive"), db.write() as session:
        open_conversation(session, channel="web", now=now.replace(tzinfo=None))


def test_what_is_private_is_not_readable_in_the_database(db: Database, now: datetime) -> None:
    with db.write() as session:
        open_conversation(session, channel="telegram", address="447700900123", now=now).open_question = {
            "name": "identity", "data": {"then": "secret plan"}}
    with db.read() as session:
        row = repr(session.execute(text("SELECT * FROM conversation")).all())
    assert "447700900123" not in row
    assert "secret plan" not in row


@pytest.mark.parametrize("url", ["", "garbage", "://", "mysql://user:hunter2@host/x", "postgresql://u:hunter2@h:port/x",
                                 "sqlite:////proc/nowhere/x.sqlite3"])
def test_an_address_that_is_none_is_one_line(url: str) -> None:
    with pytest.raises(OperatorError) as wrong:
        Database(url)
    assert "hunter2" not in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("url", ["sqlite:////tmp", "postgresql://u:hunter2@127.0.0.1:1/x"])
def test_a_database_that_is_away_is_one_line(url: str) -> None:
    database = Database(url)
    with pytest.raises(OperatorError, match="cannot be opened") as wrong:
        database.check()
    assert "hunter2" not in str(wrong.value)
    assert "\n" not in str(wrong.value)
    database.close()


def test_every_process_has_the_same_time(db: Database, now: datetime) -> None:
    at = [now]
    clocks = [Clock(db, source=lambda: at[0]) for _ in range(2)]
    assert [clock.now() for clock in clocks] == [now, now]
    with db.write() as session:
        session.add(ClockOffset(id=1, seconds=3600))
    at[0] += timedelta(seconds=2)
    assert [clock.now() for clock in clocks] == [at[0] + timedelta(hours=1)] * 2
    assert clocks[0].today("Pacific/Auckland").day == 4


def test_who_has_not_written_yet_stands_in_nobodys_way(db: Database, now: datetime) -> None:
    def write() -> int:
        with db.write() as session:
            return open_conversation(session, channel="web", now=now).id

    with ThreadPoolExecutor(20) as pool, db.write() as early:
        assert len(set(pool.map(lambda _: write(), range(20)))) == 20
        late = open_conversation(early, channel="web", now=now)
    with db.read() as session:
        assert session.query(Conversation).count() == 21
        assert session.get(Conversation, late.id) is not None
