"""A whole file checked row by row, in pieces: good rows as plain values, and what is wrong with the others.

Only ``CHUNK`` rows are held at a time, whatever the size of the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ledger.blind import blind_email, blind_name, blind_phone
from ledger.importing.agreement import Agreement, Seen
from ledger.importing.columns import asked_for, date_formats, left_out, plain_columns, readers, unused_columns
from ledger.importing.mapping import NATIVE, MappingFile
from ledger.importing.problems import Problem
from ledger.importing.records import DebtorFacts, Record, packed
from ledger.importing.rows import RowCheck
from ledger.importing.source import Source, Wanted, open_source
from runtime.cards import mask_cards
from runtime.vault import encrypt_many

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Request:
    """A file and how it is to be read.

    ``as_of`` is the day on which things stand as described: debts opened later are left out, settlements later have
    not happened. Without it the day is ``today``, and a debt opened later is a problem.
    """

    path: Path
    today: date
    mapping: MappingFile = NATIVE
    as_of: date | None = None
    encoding: str | None = None
    sheet: str | None = None

    @property
    def name(self) -> str:
        """The file's name, as it is kept: people put all sorts of numbers in names (rule 32)."""
        return mask_cards(self.path.name)

    @property
    def day(self) -> date:
        """The day on which things stand as the file says."""
        return self.as_of or self.today


class Good(NamedTuple):
    """A good row: the record as ``packed`` made it, and of its debtor the number in the file, whether this is their
    first row, the facts not said before, and on their first row who they are as ``kept`` makes it."""

    record: tuple[Any, ...]
    debtor: int
    first: bool
    added: tuple[str, ...]
    kept: "Kept | None"


Kept = tuple[str | None, ...]
"""Who somebody is, as the columns ``KEPT`` of a debtor hold it: encrypted, and hashed for look-up."""
KEPT = ("first_name", "last_name", "date_of_birth", "postcode", "email", "phone", "name_hash", "email_hash",
        "phone_hash")  # fmt: skip


def kept(debtors: Sequence[DebtorFacts]) -> list[Kept]:
    """For each debtor the values of ``KEPT``; all are encrypted at once."""
    told = [
        (debtor.first_name or "", debtor.last_name or "", str(debtor.date_of_birth) if debtor.date_of_birth else None,
         debtor.postcode, debtor.email, debtor.phone)
        for debtor in debtors
    ]  # fmt: skip
    encrypted = iter(encrypt_many([fact for facts in told for fact in facts if fact]))
    return [
        (*(next(encrypted) if fact else fact for fact in facts), blind_name(facts[1]), blind_email(facts[4]),
         blind_phone(facts[5]))
        for facts in told
    ]  # fmt: skip


@dataclass(slots=True)
class Chunk:
    """Some rows of a file, in plain values. ``position`` of ``size`` of the file was read."""

    good: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0
    later: int = 0
    left_out: int = 0
    position: int = 0
    size: int = 0


@dataclass(slots=True)
class End:
    """What is known when a file was read to its end."""

    unused_columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Unidentified:
    """Debtors of whom the file does not say enough to tell who they are."""

    refs: list[str]


Part = Chunk | Unidentified | End


def check_rows(request: Request) -> Iterator[Part]:
    """The file of ``request`` in pieces, ``End`` last. Raises OperatorError when it cannot be read."""
    mapping = request.mapping
    source = open_source(request.path, Wanted(
        columns=tuple(asked_for(mapping)), strict=mapping == NATIVE, decimal=mapping.numbers.decimal,
        dates=date_formats(mapping, request.name), encoding=request.encoding or mapping.encoding,
        delimiter=mapping.delimiter, sheet=request.sheet,
    ))  # fmt: skip
    try:
        yield from _checked(source, request)
    finally:
        source.close()


def _checked(source: Source, request: Request) -> Iterator[Part]:
    mapping = request.mapping
    get = readers(mapping, source.header, source.name)
    leaves_out = left_out(mapping, source.header) if mapping.leave_out else None
    check = RowCheck(
        get, mapping, as_of=request.as_of, today=request.today, plain=plain_columns(mapping, source.header)
    )
    agreement = Agreement()
    try:
        chunk, records = Chunk(size=source.size), list[Record]()
        for row in source.rows():
            chunk.rows += 1
            if isinstance(row, Problem):
                chunk.problems.append((row.line, row.reason))
            elif leaves_out is not None and leaves_out(row.cells):
                chunk.left_out += 1
            else:
                record, reasons = check(row)
                if record is not None and not reasons:
                    records.append(record)
                else:
                    chunk.problems.extend((row.line, reason) for reason in reasons)
            if chunk.rows == CHUNK:
                chunk.position = source.position()
                yield _agreed(chunk, records, agreement, request.as_of)
                chunk, records = Chunk(size=source.size), []
        chunk.position = source.position()
        yield _agreed(chunk, records, agreement, request.as_of)
        lacking: list[str] = []
        for ref in agreement.without_factors():
            lacking.append(ref)
            if len(lacking) == CHUNK:
                yield Unidentified(lacking)
                lacking = []
        yield Unidentified(lacking)
        unused = unused_columns(mapping, source.header) if source.header else []
        yield End([*unused, *source.unused], source.notes)
    finally:
        agreement.close()


def _agreed(chunk: Chunk, records: list[Record], agreement: Agreement, as_of: date | None) -> Chunk:
    """``chunk`` with those of the records that agree with all before; who they are encrypted all at once."""
    found: list[tuple[Record, Seen]] = []
    for record, seen, reasons in agreement.judge(records):
        if seen is None or reasons:
            chunk.problems.extend((record.line, reason) for reason in reasons)
        elif as_of is not None and record.opened_on > as_of:
            chunk.later += 1
        else:
            found.append((record, seen))
    secrets = iter(kept([record.debtor for record, seen in found if seen.first]))
    chunk.good = [
        (packed(record), seen.number, seen.first, seen.added, next(secrets) if seen.first else None)
        for record, seen in found
    ]
    chunk.problems.sort()
    return chunk


