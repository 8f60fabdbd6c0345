"""Runs what is to be measured and puts it side by side: absolute figures, ratios, targets."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Pair, Times, ask_all, at_once, late, one_by_one, quantile
from bench.talkers import BenchError

HALF, TWICE, LATE = 0.5, 2.0, 1.5
"""To reach: half the stock bot's p50, twice its throughput, late in a conversation at most 1.5 times as slow."""


@dataclass(frozen=True)
class Plan:
    """How much is measured. Seconds bound each part: no round begins after them."""

    rounds: int = 10
    turns: int = 12
    seconds: float = 75
    debtors: tuple[int, ...] = (8,)
    rounds_at_once: int = 5
    seconds_at_once: float = 75
    messages: tuple[int, ...] = (300,)
    conversations: int = 2
    seconds_late: float = 120
    """For each of our pairs; the stock bot, which slows down, gets three times as long."""
    stock_late: bool = False
    """Whether the stock bot's long conversation is measured too, which takes minutes and has no target."""


QUICK = Plan()
FULL = Plan(rounds=60, seconds=480, debtors=(1, 2, 4, 8, 16), rounds_at_once=8, seconds_at_once=120,
            messages=(300, 1000), conversations=4, seconds_late=300, stock_late=True)  # fmt: skip
WARM_UP = 8


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    stock: str
    ratio: float | None = None
    target: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """The target and whether it was reached."""
        if self.ratio is None or self.target is None:
            return ""
        reached = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        return f"{'>=' if self.at_least else '<='} {self.target:.2f}  {'reached' if reached else 'NOT REACHED'}"


def run_all(pairs: Sequence[Pair], plan: Plan, *, say: Callable[[str], None], kept: Path | None = None) -> list[str]:
    """Measures everything of ``plan``; the lines of the table.

    ``kept`` is a file of the parts that an earlier run has done: they are not measured again. Raises BenchError.
    """
    done: dict[str, list[dict[str, Any]]] = json.loads(kept.read_text()) if kept and kept.exists() else {}
    warm = False
    for name, measure in _parts(pairs, plan):
        if name in done:
            say(f"{name}: measured before")
            continue
        if not warm:
            say("Warming up ...")
            for pair in pairs:
                ask_all(pair.stock, pair.text, WARM_UP)
                ask_all(pair.ours, pair.text, WARM_UP)
            warm = True
        say(f"{name} ...")
        done[name] = [asdict(row) for row in measure()]
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(done))
    return table([Row(**row) for name, _ in _parts(pairs, plan) for row in done[name]])


def _parts(pairs: Sequence[Pair], plan: Plan) -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    yield "One debtor, one turn after another", lambda: _times(
        one_by_one(pairs, rounds=plan.rounds, turns=plan.turns, seconds=plan.seconds))
    for debtors in plan.debtors:
        yield f"{debtors} debtors at once", partial(_throughputs, pairs, plan, debtors)
    for message in plan.messages:
        for pair in pairs:
            yield f"{pair.name!r}, message {message} of one conversation", partial(_late, pair, plan, message)


def _times(found: dict[str, Times]) -> list[Row]:
    rows = []
    for name, times in found.items():
        for what, share, target in (("p50", 0.5, HALF), ("p95", 0.95, None)):
            ours, stock = quantile(times.ours, share), quantile(times.stock, share)
            rows.append(Row(f"{name!r}: time per turn, {what}", _ms(ours), _ms(stock), ours / stock, target))
    return rows


def _throughputs(pairs: Sequence[Pair], plan: Plan, debtors: int) -> list[Row]:
    found = at_once(pairs, debtors=debtors, rounds=plan.rounds_at_once, turns=plan.turns, seconds=plan.seconds_at_once)
    rows = []
    for name, rates in found.items():
        ours, stock = median(rates.ours), median(rates.stock)
        rows.append(Row(f"{name!r}: turns per second, {debtors} at once", f"{ours:.1f} /s", f"{stock:.1f} /s",
                        ours / stock, TWICE if debtors == 8 else None, at_least=True))  # fmt: skip
    return rows


def _late(pair: Pair, plan: Plan, message: int) -> list[Row]:
    ours = late(pair.ours, pair.text, message=message, conversations=plan.conversations, seconds=plan.seconds_late)
    stock = late(pair.stock, pair.text, message=message, seconds=3 * plan.seconds_late) if plan.stock_late else None
    if ours is None:
        raise BenchError(f"{plan.seconds_late:.0f} s were not enough for message {message} of a conversation")
    unmeasured = "too slow" if plan.stock_late else ""
    return [
        Row(f"{pair.name!r}: p50 at message 10", _ms(ours.early), _ms(stock.early) if stock else unmeasured),
        Row(f"{pair.name!r}: p50 at message {message}", _ms(ours.late), _ms(stock.late) if stock else unmeasured),
        Row(f"{pair.name!r}: message {message} against 10, ours", f"{ours.ratio:.2f}",
            f"{stock.ratio:.2f}" if stock else "", ours.ratio, LATE),
    ]  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as text: what, ours, the stock bot's, the ratio, the target and whether it was reached."""
    wide = max(len(row.what) for row in rows)
    lines = ["", f"{'':{wide}}  {'ours':>10}  {'stock':>10}  {'ratio':>6}  target"]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append(f"{row.what:{wide}}  {row.ours:>10}  {row.stock:>10}  {ratio:>6}  {row.verdict}".rstrip())
    return [*lines, ""]
