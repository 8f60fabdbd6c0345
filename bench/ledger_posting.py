"""How fast money is posted: our service beside the bare driver, same schema, same constraints, same run.

``python -m bench.ledger_posting --database sqlite|postgresql``. Writers are processes, as in production: each posts
single payments on debts drawn at random until the time is over. Afterwards every acknowledged one must be there once.
"""

import argparse
import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy import func, select, text

from bench.bare_driver import BareDriver
from bench.databases import fresh
from ledger.check import check
from ledger.kinds import PostingKind
from ledger.models import Creditor, Debtor, Txn
from ledger.money import Money
from ledger.opening import open_debt
from ledger.receipts import receive
from runtime.database import Database
from runtime.ids import DebtId

DEBTS = 2_000
OWED = 10**9
PAID = 100
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=timezone.utc)
TODAY = date(2026, 3, 3)


@dataclass(frozen=True)
class Rate:
    """Postings per second of all writers together, and the longest that one of them took, in seconds."""

    per_second: float
    longest: float
    posted: int


def portfolio(db: Database, debts: int = DEBTS) -> list[DebtId]:
    """Debts to pay on, each large enough never to be paid off."""
    with db.write() as session:
        creditor = Creditor(ref="BENCH", name="Bench & Co", country="GB", currency="GBP", policy="uk-standard")
        session.add(creditor)
        session.flush()
        made = []
        for number in range(debts):
            debtor = Debtor(ref=f"B-{number}", first_name="A", last_name="B", country="GB", created_at=NOW)
            session.add(debtor)
            session.flush()
            debt = open_debt(session, key=f"open:{number}", ref=f"BD-{number}", debtor_id=debtor.id,
                             creditor_id=creditor.id, kind="energy", opened_on=TODAY, principal=Money(OWED, "GBP"),
                             effective_on=TODAY, now=NOW, actor="bench", time_barred=False)
            made.append(debt.id)
    return made


Post = Callable[[str, DebtId], None]


def _service(url: str) -> Post:
    db = Database(url)

    def one(key: str, debt_id: DebtId) -> None:
        with db.write() as session:
            receive(session, key=key, split={debt_id: Money(PAID, "GBP")}, effective_on=TODAY, posted_at=NOW,
                    actor="bench", cause="benchmark")

    return one


def _bare(url: str) -> Post:
    driver = BareDriver(url)
    return lambda key, debt_id: driver.pay(key, debt_id, PAID)


def _in_turns(url: str) -> Post:
    driver = BareDriver(url, turns=True)
    return lambda key, debt_id: driver.pay(key, debt_id, PAID)


MAKERS: dict[str, Callable[[str], Post]] = {"ours": _service, "bare": _bare, "in turns": _in_turns}


def _writer(kind: str, url: str, name: str, debts: list[DebtId], begin: Any, seconds: float, results: Any) -> None:
    post, draw = MAKERS[kind](url), random.Random(name)
    post(f"{name}:warm", draw.choice(debts))
    begin.wait()
    until, done, longest = time.perf_counter() + seconds, 0, 0.0
    while (started := time.perf_counter()) < until:
        post(f"{name}:{done}", draw.choice(debts))
        longest = max(longest, time.perf_counter() - started)
        done += 1
    results.put((done, longest))


def measure(kind: str, db: Database, debts: list[DebtId], *, writers: int = 8, seconds: float = 10,
            tag: str = "") -> Rate:  # fmt: skip
    """Post with so many processes for so long. ``kind``: one of ``MAKERS``."""
    context = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(writers + 1), context.Queue()
    url = db.url.render_as_string(hide_password=False)
    processes = [
        context.Process(target=_writer, args=(kind, url, f"{kind}{tag}:{n}", debts, begin, seconds, results))
        for n in range(writers)
    ]
    for process in processes:
        process.start()
    begin.wait()
    found = [results.get(timeout=seconds + 60) for _ in processes]
    for process in processes:
        process.join()
    posted = sum(done for done, _ in found)
    return Rate(posted / seconds, max(longest for _, longest in found), posted + writers)


@dataclass(frozen=True)
class Result:
    """Measured one after the other in the same database. ``in_turns``: the bare driver with turns, on SQLite."""

    ours: Rate
    bare: Rate
    in_turns: Rate | None = None

    @property
    def ratio(self) -> float:
        """What part of the bare driver's rate we reach."""
        return self.ours.per_second / self.bare.per_second


def run(dialect: str, *, writers: int = 8, seconds: float = 10, rounds: int = 2) -> Result:
    """Measure on a new database of ``dialect``. Raises AssertionError when a payment is lost or there twice."""
    with fresh(dialect) as db:
        debts = portfolio(db)
        kinds = ("bare", "ours", "in turns") if dialect == "sqlite" else ("bare", "ours")
        rates: dict[str, list[Rate]] = {kind: [] for kind in kinds}
        for number in range(rounds):
            for kind in kinds:
                rates[kind].append(measure(kind, db, debts, writers=writers, seconds=seconds, tag=str(number)))
        acknowledged = sum(rate.posted for some in rates.values() for rate in some)
        with db.read() as session:
            there = session.scalar(select(func.count()).where(Txn.kind == PostingKind.PAYMENT))
            owed = session.scalar(text("SELECT sum(principal) FROM debt_balance"))
            assert there == acknowledged, f"{acknowledged} payments were acknowledged, {there} are there"
            assert owed == DEBTS * OWED - acknowledged * PAID
            assert check(session) == []
        in_turns = _together(rates["in turns"]) if "in turns" in rates else None
        return Result(_together(rates["ours"]), _together(rates["bare"]), in_turns)


def _together(rates: list[Rate]) -> Rate:
    return Rate(sum(rate.per_second for rate in rates) / len(rates), max(rate.longest for rate in rates),
                sum(rate.posted for rate in rates))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--writers", type=int, default=8)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--rounds", type=int, default=2)
    chosen = options.parse_args()
    found = run(chosen.database, writers=chosen.writers, seconds=chosen.seconds, rounds=chosen.rounds)
    for name, rate in (("ours", found.ours), ("bare driver", found.bare), ("bare, in turns", found.in_turns)):
        if rate is not None:
            print(f"{name:14} {rate.per_second:8.0f} /s   longest {rate.longest * 1000:7.0f} ms")
    print(f"ratio          {found.ratio:8.2f}")


if __name__ == "__main__":
    main()
