"""``debtdesk accrue`` and ``debtdesk ledger check`` as a person, or cron, runs them."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import cli.accrue
import cli.ledger
from bot.worker import Worker
from cli.main import app
from ledger.models import Accrual
from runtime.clock import Clock, real_now
from runtime.database import Database
from tests.ledger.bearing_policy import policies_in, write_policy
from tests.ledger.portfolio import Portfolio, found_portfolio

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def book(make_sqlite: Callable[[], Database], monkeypatch: pytest.MonkeyPatch) -> Portfolio:
    """A debt of £1,000.00 placed a hundred days ago."""
    db = make_sqlite()
    monkeypatch.setattr(cli.accrue, "database", lambda: db)
    monkeypatch.setattr(cli.ledger, "database", lambda: db)
    placed = real_now() - timedelta(days=100)
    with db.write() as session:
        portfolio = Portfolio(db, *found_portfolio(session, placed), placed)
    portfolio.debt("A1", 100_000)
    return portfolio


def run(*words: str) -> int:
    try:
        return app(list(words))
    except SystemExit as end:
        return int(end.code or 0)


def test_the_check_ends_with_a_status_for_cron(book: Portfolio, capsys: Capture) -> None:
    assert run("ledger", "check") == 0
    said = capsys.readouterr()
    assert said.out.startswith("The ledger is in order (")
    assert "Checked" in said.err
    with book.db.write() as session:
        session.execute(text("UPDATE debt_balance SET fees = 7"))
    assert run("ledger", "check") == 1
    said = capsys.readouterr()
    assert said.out == "balances equal entries: fees of debt A1 is 7, its entries say 0\n"
    assert "1 finding(s)" in said.err


def test_interest_by_command(book: Portfolio, capsys: Capture, tmp_path: Path) -> None:
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2020-01-01')
    tomorrow = real_now().date() + timedelta(days=1)
    with policies_in(tmp_path):
        assert run("accrue", "--dry-run") == 0
        assert "nothing was written" in capsys.readouterr().out
        assert run("accrue", "--until", f"{tomorrow}") == 1
        assert "is not over yet" in capsys.readouterr().err
        assert run("accrue") == 0
        assert "added 100.00 GBP" in capsys.readouterr().out
        assert run("accrue") == 0
        assert "0 debts looked at" in capsys.readouterr().out


def test_the_worker_adds_interest_once_a_day(book: Portfolio, tmp_path: Path) -> None:
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2020-01-01')
    yesterday: date = Clock(book.db).today(None) - timedelta(days=1)
    with policies_in(tmp_path):
        worker = Worker(book.db, Clock(book.db), None)
        for _ in range(2):
            worker._accrue(yesterday)
    with book.db.read() as session:
        state = session.query(Accrual).one()
        assert (state.through, state.accrued) == (yesterday, 10_000)
