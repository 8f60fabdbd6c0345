"""The ledger's part of the benchmark: single postings, debts coming in, the balance question; on both databases."""

from collections.abc import Callable

from bench import ledger_import, ledger_posting
from bench.report import Row, table

DIALECTS = ("sqlite", "postgresql")
OF_BARE = 0.4
"""Of the bare driver's rate, with 8 writers."""
LONGEST_MS = 250
"""The longest that one of 8 writers of a SQLite file may wait."""
DEBTS, MANY_DEBTS = 100_000, 1_000_000


def lines(*, full: bool, say: Callable[[str], None]) -> list[str]:
    """Measure, and the table. ``full``: with a million debts, and postings for longer."""
    rows: list[Row] = []
    for dialect in DIALECTS:
        say(f"{dialect}: single payments from 8 writers ...")
        found = ledger_posting.run(dialect, seconds=20 if full else 5, rounds=3 if full else 2)
        rows.append(Row(f"{dialect}: single payments per second, 8 writers", f"{found.ours.per_second:,.0f} /s",
                        f"{found.bare.per_second:,.0f} /s", found.ratio, OF_BARE, at_least=True))  # fmt: skip
        if found.in_turns is not None:
            rows.append(Row(f"{dialect}: the same, the bare driver's writers taking turns too",
                            f"{found.ours.per_second:,.0f} /s", f"{found.in_turns.per_second:,.0f} /s",
                            found.ours.per_second / found.in_turns.per_second))  # fmt: skip
        longest = found.ours.longest * 1000
        rows.append(Row(f"{dialect}: the longest that a writer took", f"{longest:.0f} ms",
                        f"{found.bare.longest * 1000:.0f} ms", longest / LONGEST_MS if dialect == "sqlite" else None,
                        1.0))  # fmt: skip
    for dialect in DIALECTS:
        rows += ledger_import.run(MANY_DEBTS if full else DEBTS, dialect, say=say)
    return table(rows, beside="bare")
