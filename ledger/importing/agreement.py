"""Rows of one file that must not contradict each other, kept without keeping the rows.

What was said is kept in a private temporary database, as hashes with a key of this process: it holds references and no
facts, and its size is not the program's memory.
"""

import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ledger.importing.records import CreditorFacts, DebtorFacts, Record

_FACTS = DebtorFacts._fields
_PACK = struct.Struct(f"{len(_FACTS)}q")
_LINES = struct.Struct(f"{len(_FACTS)}q")
_NOTHING = hash(None)
_BORN, _POSTCODE, _LAST = (_FACTS.index(name) for name in ("date_of_birth", "postcode", "last_name"))
KEPT_IN_MEMORY = 48 * 1024 * 1024
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE debt (ref TEXT PRIMARY KEY, line INTEGER, debtor TEXT) WITHOUT ROWID;
    CREATE TABLE debtor (ref TEXT PRIMARY KEY, number INTEGER, said BLOB, lines BLOB) WITHOUT ROWID;
"""


class Seen(NamedTuple):
    """A debtor of the file: the number of their first row among debtors, and which facts were not said before."""

    number: int
    first: bool
    added: tuple[str, ...]


class _Debtor:
    __slots__ = ("changed", "lines", "number", "said")

    def __init__(self, number: int, said: Sequence[int], lines: Sequence[int], changed: bool) -> None:
        self.number, self.said, self.lines, self.changed = number, said, lines, changed


class Agreement:
    """Keeps what the rows so far said, so that a later row cannot say otherwise."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._kept.executescript(_TABLES)
        self._kept.execute(f"PRAGMA cache_size = -{KEPT_IN_MEMORY // 1024}")
        self._creditors: dict[tuple[str, str], tuple[Any, int]] = {}
        self._good_creditors: set[CreditorFacts] = set()
        self.debtors = 0

    def close(self) -> None:
        """Forget everything."""
        self._kept.close()

    def judge(self, records: Sequence[Record]) -> Iterator[tuple[Record, Seen | None, list[str]]]:
        """For each record what it adds, or why it does not go together with the rows before it; then it is not kept."""
        debts = dict(self._found("SELECT ref, line FROM debt", (record.debt_ref for record in records)))
        debtors = {
            ref: _Debtor(number, _PACK.unpack(said), _LINES.unpack(lines), False)
            for ref, number, said, lines in self._found(
                "SELECT ref, number, said, lines FROM debtor",
                (ref for record in records for ref in (record.debtor.ref, record.debt_ref)),
            )
        }
        owners = dict(self._found("SELECT ref, debtor FROM debt", (record.debtor.ref for record in records)))
        new: list[tuple[str, int, str]] = []
        for record in records:
            reasons, seen = self._reasons(record, debts, debtors, owners)
            if not reasons:
                debts[record.debt_ref] = record.line
                owners[record.debt_ref] = record.debtor.ref
                new.append((record.debt_ref, record.line, record.debtor.ref))
            yield record, seen, reasons
        self._kept.execute("BEGIN")
        self._kept.executemany("INSERT INTO debt VALUES (?, ?, ?)", new)
        self._kept.executemany(
            "INSERT OR REPLACE INTO debtor VALUES (?, ?, ?, ?)",
            [(ref, debtor.number, _PACK.pack(*debtor.said), _LINES.pack(*debtor.lines))
             for ref, debtor in debtors.items() if debtor.changed],
        )
        self._kept.execute("COMMIT")

    def without_factors(self) -> Iterator[str]:
        """The debtors whose rows together do not say enough to tell who they are, in the order of the file."""
        for ref, said in self._kept.execute("SELECT ref, said FROM debtor ORDER BY number"):
            facts = _PACK.unpack(said)
            if facts[_BORN] == _NOTHING or (facts[_POSTCODE] == _NOTHING and facts[_LAST] == _NOTHING):
                yield ref

    def _reasons(
        self, record: Record, debts: dict[str, int], debtors: dict[str, _Debtor], owners: dict[str, str]
    ) -> tuple[list[str], Seen | None]:
        if before := debts.get(record.debt_ref):
            return [f"debt {record.debt_ref} is already on line {before}"], None
        ref, line = record.debtor.ref, record.line
        hashes = tuple(map(hash, record.debtor))
        known = debtors.get(ref)
        reasons: list[str] = []
        added: tuple[str, ...] = ()
        if known is not None and known.said != hashes:  # compared fact by fact only when something differs
            pairs = list(zip(_FACTS, known.said, hashes, known.lines, strict=True))
            reasons = [
                f"debtor {ref} has another {name} on line {said_on}"
                for name, said, says, said_on in pairs if _NOTHING not in (said, says) and said != says
            ]
            added = tuple(name for name, said, says, _ in pairs if said == _NOTHING != says)
        reasons += self._creditor(record)
        if (owner := owners.get(ref)) is not None and owner != ref:
            reasons.append(_two_people(ref, owner))
        if record.debt_ref != ref and record.debt_ref in debtors:
            reasons.append(_two_people(record.debt_ref, record.debt_ref))
        if reasons:
            return reasons, None
        if known is None:
            debtors[ref] = known = _Debtor(self.debtors, hashes, (line,) * len(_FACTS), True)
            self.debtors += 1
            return [], Seen(known.number, True, ())
        if added:
            kept = zip(_FACTS, known.said, hashes, known.lines, strict=True)
            merged = [(says, line) if name in added else (said, on) for name, said, says, on in kept]
            known.said, known.lines = tuple(m[0] for m in merged), tuple(m[1] for m in merged)
            known.changed = True
        return [], Seen(known.number, False, added)

    def _creditor(self, record: Record) -> list[str]:
        facts = record.creditor
        if facts in self._good_creditors:
            return []
        reasons = []
        for name, value in zip(CreditorFacts._fields, facts, strict=True):
            said = self._creditors.get((facts.ref, name))
            if said is not None and value is not None and said[0] != value:
                reasons.append(f"creditor {facts.ref} has another {name} on line {said[1]}")
        if not reasons:
            self._good_creditors.add(facts)
            for name, value in zip(CreditorFacts._fields, facts, strict=True):
                if value is not None:
                    self._creditors.setdefault((facts.ref, name), (value, record.line))
        return reasons

    def _found(self, query: str, refs: Iterable[str]) -> list[tuple[Any, ...]]:
        wanted = json.dumps(list(set(refs)))
        among = " WHERE ref IN (SELECT value FROM json_each(?))"
        return self._kept.execute(query + among, (wanted,)).fetchall()


def _two_people(ref: str, other: str) -> str:
    return f"the reference {ref} stands for debtor {other} too; nobody could tell whose it is"


