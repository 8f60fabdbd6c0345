"""How fast debts come in, beside the bare driver writing the same rows; and the balance question at that size.

``python -m bench.ledger_import --debts 1000000 --database postgresql``
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select

from bench.databases import fresh
from bench.measure import quantile
from bench.portfolio import write_portfolio
from bench.report import Row, table
from ledger.balances import balance_of
from ledger.importing.checking import Request
from ledger.importing.load import load
from ledger.kinds import DebtStatus
from ledger.models import Debt, Debtor
from ledger.money import Money
from ledger.posting_many import Payment, post_many
from runtime.database import Database
from runtime.ids import DebtorId
from runtime.settings import ROOT

TODAY = date(2026, 4, 15)
NOW = datetime(2026, 4, 15, 9, 0, tzinfo=timezone.utc)
MEMORY_MB, SECONDS_A_MILLION, BALANCE_MS = 600, 120, 5
"""To reach: memory of the import's processes, time for a million debts, p99 of the balance question."""
QUESTIONS = 2_000
PAYMENTS, PAYMENTS_A_SECOND = 10_000, 2_000
AT_ONCE = 5_000
TABLES = ("creditor", "debtor", "debt", "account", "txn", "entry", "seal", "debt_balance", "hold")
"""In an order in which every row finds those it refers to."""


def run(debts: int, dialect: str, *, say: Callable[[str], None]) -> list[Row]:
    """Measure one database: an import in a process of its own, the bare driver, the balance question."""
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder, fresh(dialect) as ours, fresh(dialect) as bare:
        say(f"{dialect}: writing a portfolio of {debts:,} debts ...")
        file = Path(folder) / "portfolio.csv"
        write_portfolio(file, debts, today=TODAY)
        say(f"{dialect}: importing ...")
        seconds, memory = _import(_url(ours), file)
        say(f"{dialect}: {seconds:.1f} s, {memory:.0f} MB; the same rows through the bare driver ...")
        reference = _bare_sqlite(ours, bare) if dialect == "sqlite" else _bare_postgresql(ours, bare)
        say(f"{dialect}: {reference:.1f} s; the balance question ...")
        times = _questions(ours)
        say(f"{dialect}: payments, {PAYMENTS:,} at once ...")
        rate = _many(ours)
    return [
        Row(f"{dialect}: debts imported per second", f"{debts / seconds:,.0f} /s", f"{debts / reference:,.0f} /s",
            reference / seconds),
        Row(f"{dialect}: time for a million debts", f"{seconds / debts * 1e6:.0f} s",
            f"{reference / debts * 1e6:.0f} s", seconds / debts * 1e6 / SECONDS_A_MILLION, 1.0),
        Row(f"{dialect}: most memory, all processes of the import", f"{memory:.0f} MB", f"{MEMORY_MB} MB",
            memory / MEMORY_MB, 1.0),
        *(Row(f"{dialect}: balance question at {debts:,} debts, p{int(share * 100)}",
              f"{quantile(times, share) * 1000:.2f} ms", f"{BALANCE_MS} ms" if share == 0.99 else "",
              quantile(times, share) * 1000 / BALANCE_MS if share == 0.99 else None, 1.0)
          for share in (0.5, 0.99)),
        Row(f"{dialect}: payments per second by post_many", f"{rate:,.0f} /s", f"{PAYMENTS_A_SECOND:,} /s",
            rate / PAYMENTS_A_SECOND, 1.0, at_least=True),
    ]  # fmt: skip


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def _import(url: str, file: Path) -> tuple[float, float]:
    """Seconds of the import, and the most megabytes that it and the processes it starts held together."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.ledger_import", "--import", url, str(file)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    most, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.1):
            most = max(most, sum(map(_resident, _family(process.pid))))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    said, _ = process.communicate()
    done.set()
    watching.join()
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}")
    return float(json.loads(said)["seconds"]), most


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [pid, *(other for child in children.read_text().split() for other in _family(int(child)))]
    except OSError:
        return [pid]


def _resident(pid: int) -> float:
    """Megabytes of a process in memory; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def _import_here(url: str, file: Path) -> None:
    database = Database(url)
    began = time.monotonic()
    loaded = load(database, Request(file, TODAY), now=NOW, actor="bench")
    seconds = time.monotonic() - began
    if loaded.problems:
        raise RuntimeError(f"the portfolio has problems: {loaded.problems[:3]}")
    print(json.dumps({"seconds": seconds}))


def _bare_sqlite(source: Database, target: Database) -> float:
    """Seconds in which the driver alone writes the rows of one database into another with the same schema."""
    with source.engine.connect() as reading, target.engine.connect() as writing:
        read: Any = reading.connection.driver_connection
        write: Any = writing.connection.driver_connection
        seconds = 0.0
        write.execute("PRAGMA cache_size = -131072")
        write.execute("BEGIN IMMEDIATE")
        for name in TABLES:
            rows = read.execute(f"SELECT * FROM {name}")  # noqa: S608  # nosec B608  # one of TABLES
            places = ", ".join("?" * len(rows.description))
            statement = f"INSERT INTO {name} VALUES ({places})"  # noqa: S608  # nosec B608  # one of TABLES
            while some := rows.fetchmany(AT_ONCE):
                began = time.monotonic()
                write.executemany(statement, some)
                seconds += time.monotonic() - began
        began = time.monotonic()
        write.execute("COMMIT")
        return seconds + time.monotonic() - began


def _bare_postgresql(source: Database, target: Database) -> float:
    """The same by ``COPY``."""
    plain = [_url(database).replace("postgresql+psycopg://", "postgresql://") for database in (source, target)]
    seconds = 0.0
    with psycopg.connect(plain[0]) as reading, psycopg.connect(plain[1]) as writing:
        for name in TABLES:
            with reading.cursor() as out:
                out.execute(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608  # nosec B608  # one of TABLES
                columns = ", ".join(column.name for column in out.description or ())
            with reading.cursor() as out, out.copy(f"COPY {name} ({columns}) TO STDOUT") as lines:
                some: list[bytes] = []
                for line in lines:
                    some.append(bytes(line))
                    if len(some) == AT_ONCE:
                        seconds += _copy(writing, name, columns, some)
                        some = []
            seconds += _copy(writing, name, columns, some)
        began = time.monotonic()
        writing.commit()
        return seconds + time.monotonic() - began


def _copy(connection: Any, name: str, columns: str, lines: Sequence[bytes]) -> float:
    if not lines:
        return 0.0
    began = time.monotonic()
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
        copy.write(b"".join(lines))
    return time.monotonic() - began


def _questions(database: Database) -> list[float]:
    """Seconds of ``balance_of`` for debtors drawn at random, after a few to warm up."""
    draw = random.Random(1)
    times = []
    with database.read() as session:
        first, last = session.execute(select(func.min(Debtor.id), func.max(Debtor.id))).one()
    for number in range(QUESTIONS + 50):
        with database.read() as session:
            began = time.monotonic()
            balance_of(session, DebtorId(draw.randint(first, last)), now=NOW)
            if number >= 50:
                times.append(time.monotonic() - began)
    return times


def _many(database: Database) -> float:
    """Payments per second that ``post_many`` posts in one transaction, each on another debt while there are enough."""
    with database.read() as session:
        debts = session.scalars(select(Debt.id).where(Debt.status == DebtStatus.OPEN).limit(PAYMENTS)).all()
    payments = [
        Payment(f"bench:{number}", {debts[number % len(debts)]: Money(100 + number % 900, "GBP")}, TODAY, NOW, "bench",
                "benchmark")
        for number in range(PAYMENTS)
    ]
    began = time.monotonic()
    with database.write() as session:
        post_many(session, payments)
    return PAYMENTS / (time.monotonic() - began)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger_import", description=__doc__)
    parser.add_argument("--debts", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--import", nargs=2, metavar=("URL", "FILE"), dest="import_", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.import_:
        _import_here(arguments.import_[0], Path(arguments.import_[1]))
        return
    dialects = ("sqlite", "postgresql") if arguments.database == "both" else (arguments.database,)
    rows = [row for dialect in dialects for row in run(arguments.debts, dialect, say=_say)]
    for line in table(rows, beside="bare"):
        _say(line)
    _say(f"The load of the machine was {os.getloadavg()[0]:.1f} at the end; {os.cpu_count()} cores.")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
