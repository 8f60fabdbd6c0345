"""``debtdesk import`` as a person runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from cli import import_
from cli.import_ import run_import
from ledger.models import Debt, Debtor
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.settings import ROOT

Write = Callable[..., Path]
HEADER = "creditor_ref,debtor_ref,country,debt_ref,currency,principal,opened_on,status"
GOOD = "NG,DD-1,GB,NG-1,GBP,120.50,2025-11-03,"
BAD = "NG,DD-1,GB,NG-2,GBP,12O.50,2025-13-03,"


@pytest.fixture
def sqlite(make_sqlite: Callable[[], Database]) -> Database:
    return make_sqlite()


def debts(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Debt)) or 0


def test_a_good_file(sqlite: Database, csv_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = csv_file(HEADER, GOOD, GOOD.replace("NG-1", "NG-2") + "disputed", GOOD.replace("NG-1", "NG-3") + "settled")
    run_import(sqlite, path)
    said = capsys.readouterr()
    assert "3 debts opened, 1 new debtor, 1 new creditor" in said.out
    assert "1 debt settled, 1 dispute hold placed" in said.out
    assert "1 debtor cannot be identified by what the file says" in said.out
    assert "debtdesk link REF" in said.out
    assert "Checking rows, placing debts" in said.err
    run_import(sqlite, path)
    assert "nothing new" in capsys.readouterr().out
    assert debts(sqlite) == 3


def test_bad_rows_are_all_listed_and_nothing_is_imported(
    sqlite: Database, csv_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(HEADER, GOOD, BAD, BAD.replace("NG-2", "NG 3").replace("[", "x"))
    with pytest.raises(typer.Exit) as stopped:
        run_import(sqlite, path)
    assert stopped.value.exit_code == 1
    said = capsys.readouterr().out
    assert said.count("line 3: ") == 2
    assert said.count("line 4: ") == 3
    assert "Nothing was imported: 2 bad rows of 3" in said
    assert debts(sqlite) == 0
    run_import(sqlite, path, skip_bad=True)
    assert "2 bad rows left out (--skip-bad)" in capsys.readouterr().out
    assert debts(sqlite) == 1


def test_a_dry_run_writes_nothing(sqlite: Database, csv_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    run_import(sqlite, csv_file(HEADER, GOOD), dry_run=True)
    assert "A dry run: nothing was written" in capsys.readouterr().out
    with sqlite.read() as session:
        assert session.scalars(select(Debtor)).all() == []


def test_markup_in_a_file_is_only_text(sqlite: Database, csv_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        run_import(sqlite, csv_file(HEADER, GOOD.replace("120.50", "[bold]5[/nothing]")))
    assert "'[bold]5[/nothing]' is not an amount" in capsys.readouterr().out


def test_two_imports_at_once_end_in_one_clear_line(
    sqlite: Database, csv_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collides(*_: object, **__: object) -> None:
        raise IntegrityError("insert", {}, Exception("unique"))

    monkeypatch.setattr(import_, "load", collides)
    with pytest.raises(OperatorError, match="nothing was imported"):
        run_import(sqlite, csv_file(HEADER, GOOD))


def test_help_has_an_example_and_errors_are_one_line(csv_file: Write, tmp_path: Path) -> None:
    def debtdesk(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli.main", "import", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )

    shown = debtdesk("--help")
    assert shown.returncode == 0
    assert "--as-of 2013-06-30" in " ".join(shown.stdout.split())
    for arguments, says in (
        ((str(tmp_path / "none.csv"),), "There is no file"),
        ((str(csv_file("a;b;c", name="semicolons.csv")),), "separated by a semicolon"),
        ((str(csv_file(HEADER, GOOD)), "--mapping", "nothing"), "There is no mapping file nothing"),
        ((str(csv_file(HEADER, GOOD)), "--as-of", "30/06/2013"), "2013"),
    ):
        failed = debtdesk(*arguments)
        assert failed.returncode != 0
        assert says in failed.stderr
        assert "Traceback" not in failed.stderr
