"""The benchmark of the import, at a size at which its figures mean nothing."""

from datetime import date
from pathlib import Path

import pytest

from bench import ledger_import
from bench.ledger_import import run
from bench.portfolio import write_portfolio
from tests.conftest import DIALECTS


def test_the_portfolio_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_portfolio(tmp_path / name, 50, seed=seed, today=date(2026, 4, 15))
    first, same, other = ((tmp_path / name).read_text() for name in "abc")
    assert first == same != other
    assert first.count("\n") == 51


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_row_of_the_table_is_measured(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import, "PAYMENTS", 40)
    monkeypatch.setattr(ledger_import, "QUESTIONS", 20)
    said: list[str] = []
    rows = run(300, dialect, say=said.append)
    assert len(rows) == 6
    assert all(row.what.startswith(f"{dialect}: ") for row in rows)
    assert [row.ratio is None for row in rows] == [False, False, False, True, False, False]
    assert all(row.ratio > 0 for row in rows if row.ratio is not None)
    assert said
