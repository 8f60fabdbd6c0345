"""Files of any size: memory that does not grow with them, a process beside, a crash in the middle."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bench.portfolio import write_portfolio
from ledger.check import check
from ledger.importing import beside
from ledger.importing.checking import Chunk, Request, check_rows
from ledger.importing.load import Loaded, load
from ledger.models import Debt, Debtor, Entry, Txn
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.settings import ROOT

TODAY = date(2026, 4, 15)
NOW = datetime(2026, 4, 15, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
def portfolio_file(tmp_path: Path) -> Callable[[int], Path]:
    """A synthetic portfolio of so many debts."""

    def write(debts: int) -> Path:
        path = tmp_path / f"portfolio-{debts}.csv"
        write_portfolio(path, debts, today=TODAY)
        return path

    return write


def bring_in(db: Database, path: Path) -> Loaded:
    return load(db, Request(path, TODAY), now=NOW, actor="import")


def rows(db: Database) -> list[int]:
    with db.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Debtor, Debt, Txn, Entry)]


def test_memory_does_not_grow_with_the_file(
    make_sqlite: Callable[[], Database], portfolio_file: Callable[[int], Path]
) -> None:
    def peak(debts: int) -> int:
        path, db = portfolio_file(debts), make_sqlite()
        tracemalloc.start()
        assert bring_in(db, path).new_debts == debts
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        db.close()
        return top

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "_large", lambda _: False)  # all of it in the process that is watched
        peak(100)  # what is loaded once
        small, large = peak(5_000), peak(15_000)
    assert large < 1.35 * small


def test_beside_is_as_here(
    db: Database, portfolio_file: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = portfolio_file(1_500)
    here = list(check_rows(Request(path, TODAY)))
    monkeypatch.setattr(beside, "_large", lambda _: True)
    with beside.checked(Request(path, TODAY)) as parts:
        there = list(parts)
    assert [type(part) for part in there] == [type(part) for part in here]
    for mine, other in zip(here, there, strict=True):
        if isinstance(mine, Chunk) and isinstance(other, Chunk):
            assert [row[0] for row in mine.good] == [row[0] for row in other.good]
    seen: list[tuple[int, int]] = []
    loaded = load(db, Request(path, TODAY), now=NOW, actor="import", progress=lambda *where: seen.append(where))
    assert (loaded.new_debts, loaded.problems) == (1_500, [])
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    with db.read() as session:
        assert [str(finding) for finding in check(session)] == []
        assert session.scalars(select(Debtor.date_of_birth).limit(1)).one()


def test_what_stops_the_process_beside_is_said(
    portfolio_file: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = portfolio_file(200)
    monkeypatch.setattr(beside, "_large", lambda _: True)
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(OperatorError, match="byte 0xff is not UTF-8"), beside.checked(Request(path, TODAY)) as parts:
        list(parts)
    start = beside._start

    def killed(request: Request) -> "subprocess.Popen[bytes] | None":
        child = start(request)
        assert child is not None
        child.kill()
        return child

    monkeypatch.setattr(beside, "_start", killed)
    with pytest.raises(OperatorError, match="has stopped in the middle"), beside.checked(Request(path, TODAY)) as parts:
        list(parts)
    monkeypatch.setattr(beside, "_start", lambda _: None)  # no process can be started
    with pytest.raises(OperatorError, match="byte 0xff"), beside.checked(Request(path, TODAY)) as parts:
        list(parts)


def test_kill_in_the_middle_leaves_nothing_and_again_completes(
    db: Database, portfolio_file: Callable[[int], Path]
) -> None:
    path = portfolio_file(5_500)
    program = (
        "import sys, time\n"
        "from datetime import date, datetime, timezone\n"
        "from pathlib import Path\n"
        "from ledger.importing import load as loading\n"
        "from ledger.importing.checking import Request\n"
        "from runtime.database import Database\n"
        "take = loading._Placing.take\n"
        "def slowly(placing, part, **more):\n"
        "    take(placing, part, **more)\n"
        "    placing.writer.settle()\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
        "loading._Placing.take = slowly\n"
        "now = datetime(2026, 4, 15, 9, tzinfo=timezone.utc)\n"
        "loading.load(Database(sys.argv[1]), Request(Path(sys.argv[2]), now.date()), now=now, actor='import')\n"
    )
    url = db.url.render_as_string(hide_password=False)
    writer = subprocess.Popen(
        [sys.executable, "-c", program, url, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"  # five thousand debts are in, uncommitted
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    _wait_until_gone(db)
    assert rows(db) == [0, 0, 0, 0]
    assert bring_in(db, path).new_debts == 5_500
    whole = rows(db)
    again = bring_in(db, path)
    assert (again.new_debts, again.unchanged, again.problems, rows(db)) == (0, 5_500, [], whole)
    with db.read() as session:
        assert [str(finding) for finding in check(session)] == []


def _wait_until_gone(db: Database) -> None:
    """PostgreSQL takes a moment to notice that a client has died."""
    deadline = time.monotonic() + 30
    while db.dialect == "postgresql" and time.monotonic() < deadline:
        with db.read() as session:
            others = session.scalar(text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND state <> 'idle'"
            ))
        if not others:
            return
        time.sleep(0.1)


def test_a_process_that_ends_within_a_piece_is_said(
    portfolio_file: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    half = "import os; os.write(1, (1000).to_bytes(8, 'big') + b'the rest never came')"
    monkeypatch.setattr(beside, "_large", lambda _: True)
    monkeypatch.setattr(beside, "_start", lambda _: subprocess.Popen([sys.executable, "-c", half],
                                                                     stdout=subprocess.PIPE))
    with pytest.raises(OperatorError, match="has stopped in the middle"), \
            beside.checked(Request(portfolio_file(10), TODAY)) as parts:
        list(parts)


def test_nothing_of_the_folder_somebody_imports_in_is_run(
    portfolio_file: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, planted = portfolio_file(10), tmp_path / "shared"
    (planted / "ledger").mkdir(parents=True)
    (planted / "ledger" / "__init__.py").write_text("open('taken-over', 'w')")
    monkeypatch.chdir(planted)
    monkeypatch.setattr(beside, "_large", lambda _: True)
    with beside.checked(Request(path, TODAY)) as parts:
        assert sum(len(part.good) for part in parts if isinstance(part, Chunk)) == 10
    assert not (planted / "taken-over").exists()


def test_nothing_is_left_running(portfolio_file: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_large", lambda _: True)
    with beside.checked(Request(portfolio_file(6_000), TODAY)) as parts:
        next(iter(parts))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
