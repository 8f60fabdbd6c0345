"""``debtdesk feed`` and ``debtdesk export`` as a person runs them."""

import csv
import json
import stat
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import export as export_command
from cli import feed as feed_command
from cli.main import app
from exchange.models import FeedReceiver
from runtime.clock import Clock
from runtime.database import Database
from runtime.errors import OperatorError, StaffError
from runtime.settings import settings
from tests.exchange.conftest import SECRET, Hand, webhook
from tests.ledger.portfolio import Portfolio


@pytest.fixture
def run(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands on the portfolio, to which somebody has paid once, at its own time."""
    for command in (feed_command, export_command):
        monkeypatch.setattr(command, "database", lambda: portfolio.db)
        monkeypatch.setattr(command, "Clock", lambda db: Clock(source=lambda: portfolio.now))
    portfolio.pay("p1", {portfolio.debt("NG-1", 10_000): 2_500})
    return CliRunner()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> object:
    """Settings with one receiver."""
    monkeypatch.setenv("DEBTDESK_FEED_URL", "dialler=http://127.0.0.1:1/feed")
    monkeypatch.setenv("DEBTDESK_FEED_SECRET", SECRET)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_tail_prints_what_receivers_get(run: CliRunner) -> None:
    said = run.invoke(feed_command.feed, ["tail"])
    (event,) = [json.loads(line) for line in said.output.splitlines()]
    assert (event["position"], event["kind"], event["debt"]) == (1, "payment.received", "NG-1")
    assert run.invoke(feed_command.feed, ["tail", "--from", "2"]).output == ""


def test_status_says_who_waits_and_why(run: CliRunner, portfolio: Portfolio, told: object) -> None:
    assert "dialler" in run.invoke(feed_command.feed, ["status"]).output
    Hand(portfolio.db, portfolio.now, webhook("http://127.0.0.1:1/feed", "dialler")).go()
    said = run.invoke(feed_command.feed, ["status"], terminal_width=200).output
    assert "1 event so far" in said
    assert "ConnectError" in said


def test_status_without_receivers(run: CliRunner) -> None:
    assert "Nobody is told" in run.invoke(feed_command.feed, ["status"]).output


def test_replay(run: CliRunner, portfolio: Portfolio, told: object) -> None:
    assert "dialler: 0 event(s)" in run.invoke(feed_command.feed, ["replay", "--from", "2"]).output
    with portfolio.db.read() as session:
        assert session.get_one(FeedReceiver, "dialler").position == 1
    wrong = run.invoke(feed_command.feed, ["replay", "--from", "1", "--receiver", "books"])
    assert isinstance(wrong.exception, StaffError)
    assert "there are: dialler" in str(wrong.exception)


def test_a_new_secret_is_one(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run.invoke(feed_command.feed, ["secret"]).output.strip()
    assert made != run.invoke(feed_command.feed, ["secret"]).output.strip()
    monkeypatch.setenv("DEBTDESK_FEED_SECRET", made)
    settings.cache_clear()
    assert settings().feed_secret is not None
    settings.cache_clear()


@pytest.mark.parametrize(("name", "value", "said"), [
    ("DEBTDESK_FEED_URL", "https://a.example", "DEBTDESK_FEED_SECRET: .*debtdesk feed secret"),
    ("DEBTDESK_FEED_DIR", "feed", "DEBTDESK_FEED_SECRET: .*debtdesk feed secret"),
    ("DEBTDESK_FEED_URL", "http://a.example", "DEBTDESK_FEED_URL: "),
    ("DEBTDESK_FEED_SECRET", "hunter2", "DEBTDESK_FEED_SECRET: "),
    ("DEBTDESK_FEED_POLL_SECONDS", "0", "DEBTDESK_FEED_POLL_SECONDS: "),
])
def test_wrong_settings_are_one_line_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    with pytest.raises(OperatorError, match=said) as wrong:
        settings()
    assert "hunter2" not in str(wrong.value)
    monkeypatch.undo()
    settings.cache_clear()


def test_postings_to_a_file_with_progress(run: CliRunner, tmp_path: Path) -> None:
    out = tmp_path / "march.csv"
    said = run.invoke(export_command.export, [
        "postings", "--from", "2026-03-01", "--to", "2026-03-31", "--creditor", "gas", "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "4 entries" in said.output
    assert [row["kind"] for row in csv.DictReader(out.read_text().splitlines())] == ["opening"] * 2 + ["payment"] * 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_a_remittance_and_a_statement(run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run.invoke(export_command.export, ["remittance", "GAS"])
    assert "to pay over: 25.00 GBP" in said.output
    assert run.invoke(export_command.export, ["statement", "ng-1", "--format", "html"]).exit_code == 0
    assert run.invoke(export_command.export, ["statement", "M100"]).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "remittance-gas-2026-03-01-2026-03-03.pdf", "statement-2026-03-03.html", "statement-2026-03-03.pdf"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["remittance", "NOBODY"], "there are: GAS, PARCEL"), (["statement", "NOBODY"], "no debtor or account"),
    (["postings", "--from", "2026-03-02", "--to", "2026-03-01"], "begins"),
    (["postings", "--out", "/nowhere/x.csv"], "cannot be written"), (["postings", "--creditor", "X"], "no creditor"),
])
def test_what_is_wrong_is_said(run: CliRunner, arguments: list[str], said: str) -> None:
    wrong = run.invoke(export_command.export, arguments)
    assert isinstance(wrong.exception, StaffError)
    assert said in str(wrong.exception)


def test_nothing_is_left_when_an_export_breaks(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: Database, now: datetime
) -> None:
    def breaks(*_: object, **__: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(export_command, "write_postings", breaks)
    (tmp_path / "x.csv").write_text("as it was")
    run.invoke(export_command.export, ["postings", "--out", str(tmp_path / "x.csv")])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as it was"]


@pytest.mark.parametrize("command", ["feed", "export"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([command, "--help"], [command, {"feed": "tail", "export": "statement"}[command], "--help"]):
        with pytest.raises(SystemExit):
            app(arguments)
        assert f"debtdesk {command}" in capsys.readouterr().out
