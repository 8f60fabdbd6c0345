"""From a file to records: every row is checked, and every reason why one cannot be used is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ledger.importing import values
from ledger.importing.agreement import Agreement
from ledger.importing.columns import Cells, left_out, readers, unused_columns
from ledger.importing.mapping import NATIVE, MappingFile
from ledger.importing.native import FIELDS, REQUIRED
from ledger.importing.problems import BadValue, Problem, shown
from ledger.importing.records import CreditorFacts, DebtorFacts, Record
from ledger.importing.source import Row, read_source
from ledger.kinds import OWED, Bucket
from ledger.money import Money, MoneyError
from ledger.policy import load_policy
from runtime.errors import OperatorError

OLDEST_DEBTOR_YEARS = 120
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says as of a day. ``later`` counts rows not yet a debt on that day, ``left_out`` those
    that the mapping leaves out."""

    name: str
    as_of: date
    records: list[Record]
    problems: list[Problem]
    rows: int
    later: int
    left_out: int
    unused_columns: list[str]


def read_file(
    path: Path,
    *,
    mapping: MappingFile = NATIVE,
    as_of: date | None,
    today: date,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Reading:
    """The records of the CSV at ``path`` and the problems of its bad rows, sorted by line.

    ``as_of`` is the day on which things stand as described: debts opened later are left out, settlements
    later have not happened. Without it the day is ``today``, and a debt opened later is a problem.
    Raises OperatorError when the file cannot be read at all.
    """
    source = read_source(path, encoding=encoding or mapping.encoding, delimiter=mapping.delimiter)
    get = readers(mapping, source.header, source.name)
    leaves_out = left_out(mapping, source.header)
    check = _RowCheck(get, mapping, as_of=as_of, today=today)
    agreement = Agreement()
    records: list[Record] = []
    problems = list(source.problems)
    later = skipped = 0
    for count, row in enumerate(source.rows, 1):
        if progress and (count % 500 == 0 or count == len(source.rows)):
            progress(count, len(source.rows))
        if leaves_out(row.cells):
            skipped += 1
            continue
        record, reasons = check(row)
        if record is not None and not reasons:
            reasons = agreement.reasons(record)
        if record is None or reasons:
            problems.extend(Problem(row.line, reason) for reason in reasons)
        elif as_of is not None and record.opened_on > as_of:
            later += 1
        else:
            records.append(record)
    return Reading(
        name=source.name,
        as_of=as_of or today,
        records=records,
        problems=sorted(problems),
        rows=len(source.rows) + len({problem.line for problem in source.problems}),
        later=later,
        left_out=skipped,
        unused_columns=unused_columns(mapping, source.header),
    )


class _RowCheck:
    """Checks one row after the other; collects every reason of a row, not only the first."""

    def __init__(
        self, get: Mapping[str, Callable[[Cells], str]], mapping: MappingFile, *, as_of: date | None, today: date
    ) -> None:
        self._get = get
        self._columns = {name: _origin(name, mapping) for name in FIELDS}
        self._dates = {name: values.date_reader(mapping.dates_of(name)) for name in FIELDS}
        self._numbers = mapping.figures
        self._known_to = as_of or today
        self._today = today
        self._only_past = as_of is None
        self._policies: set[str] = set()
        self._constants = {
            name: self._constant(name, source.constant)
            for name, source in mapping.sources.items()
            if source.constant and not source.values
        }

    def __call__(self, row: Row) -> tuple[Record | None, list[str]]:
        facts: dict[str, Any] = {}
        reasons: list[str] = []
        country = None
        for name in FIELDS:  # the layout names country before everything that depends on it
            try:
                facts[name] = self._fact(name, row.cells, country)
            except BadValue as bad:
                facts[name] = None
                reasons.append(f"{self._columns[name]}: {bad}")
            if name == "country":
                country = facts[name]
        if reasons:
            return None, reasons
        amounts = {}
        for bucket in OWED:
            try:
                amounts[bucket] = Money.from_decimal(facts[bucket] or Decimal(0), facts["currency"])
            except MoneyError as error:
                reasons.append(f"{self._columns[bucket]}: {error}")
        if reasons:
            return None, reasons
        record = self._record(row.line, facts, amounts)
        return record, self._doubts(record, facts["total"])

    def _constant(self, name: str, constant: str) -> Any:
        try:
            return self._read(name, constant, None)
        except BadValue as bad:
            raise OperatorError(f"The mapping gives a {name} that cannot be used: {bad}") from None

    def _fact(self, name: str, cells: Cells, country: str | None) -> Any:
        if name in self._constants:
            return self._constants[name]
        reader = self._get.get(name)
        if reader and (cell := reader(cells).strip()):
            return self._read(name, cell, country)
        if name in REQUIRED:
            raise BadValue("is empty")
        return None

    def _read(self, name: str, cell: str, country: str | None) -> Any:
        match FIELDS[name].kind:
            case "ref":
                return values.ref(cell)
            case "text":
                return values.text(cell, longest=FIELDS[name].longest)
            case "word":
                return values.word(cell)
            case "amount":
                return values.amount(cell, numbers=self._numbers)
            case "date":
                return self._dates[name](cell)
            case "yes_or_no":
                return values.yes_or_no(cell)
            case "country":
                return values.country(cell)
            case "region":
                return values.region(cell, country=country)
            case "currency":
                return values.currency(cell)
            case "language":
                return values.language(cell)
            case "timezone":
                return values.timezone(cell)
            case "email":
                return values.email(cell)
            case "phone":
                return values.phone(cell, country=country)
            case "postcode":
                return values.postcode(cell, country=country)
            case "policy":
                return self._policy(cell)
            case "status":
                if cell.lower() not in ("open", "disputed", "settled"):
                    raise BadValue(f"{shown(cell)} is none of open, disputed and settled")
                return cell.lower()

    def _policy(self, name: str) -> str:
        if name not in self._policies:
            try:
                load_policy(name)
            except OperatorError as error:
                raise BadValue(str(error)) from None
            self._policies.add(name)
        return name

    def _record(self, line: int, facts: dict[str, Any], amounts: Mapping[Bucket, Money]) -> Record:
        country = facts["country"]
        settled_on = facts["settled_on"]
        if settled_on is None and facts["status"] == "settled":
            settled_on = max(facts["opened_on"], self._known_to)
        return Record(
            line=line,
            creditor=CreditorFacts(
                ref=facts["creditor_ref"],
                name=facts["creditor_name"],
                country=facts["creditor_country"],
                policy=facts["policy"],
                own_collector=facts["own_collector"],
            ),
            debtor=DebtorFacts(
                ref=facts["debtor_ref"],
                **{f.name: facts[f.name] for f in fields(DebtorFacts) if f.name not in ("ref", "timezone")},
                timezone=facts["timezone"] or ("Europe/London" if country == "GB" else None),
            ),
            debt_ref=facts["debt_ref"],
            kind=facts["kind"] or "other",
            description=facts["description"] or "",
            original_creditor=facts["original_creditor"],
            currency=facts["currency"],
            amounts=amounts,
            opened_on=facts["opened_on"],
            due_on=facts["due_on"],
            last_acknowledged_on=self._as_of(facts["last_acknowledged_on"]),
            time_barred=facts["time_barred"],
            disputed=bool(facts["disputed"]) or facts["status"] == "disputed",
            settled_on=self._as_of(settled_on),
        )

    def _as_of(self, day: date | None) -> date | None:
        """``day``, or nothing when the file is taken as of an earlier day."""
        return None if day and not self._only_past and day > self._known_to else day

    def _doubts(self, record: Record, total: Decimal | None) -> list[str]:
        found = []
        if record.total.is_zero:
            found.append(f"{self._columns['principal']}: the debt comes to nothing")
        if total is not None and total != record.total.decimal:
            found.append(f"{self._columns['total']}: says {total}, but the amounts come to {record.total.decimal}")
        if self._only_past and record.opened_on > self._today:
            found.append(
                f"{self._columns['opened_on']}: {record.opened_on} is in the future (see --as-of)"
            )
        if record.due_on and record.due_on < record.opened_on:
            found.append(f"{self._columns['due_on']}: {record.due_on} is before the debt was opened")
        if record.settled_on and not record.opened_on <= record.settled_on <= self._known_to:
            when = "before the debt was opened" if record.settled_on < record.opened_on else "in the future"
            found.append(f"{self._columns['settled_on']}: {record.settled_on} is {when}")
        if record.last_acknowledged_on and record.last_acknowledged_on > self._known_to:
            found.append(f"{self._columns['last_acknowledged_on']}: {record.last_acknowledged_on} is in the future")
        born = record.debtor.date_of_birth
        if born and (born.year < self._today.year - OLDEST_DEBTOR_YEARS or born >= record.opened_on):
            found.append(f"{self._columns['date_of_birth']}: {born} cannot be a debtor's date of birth")
        return found


def _origin(name: str, mapping: MappingFile) -> str:
    """How a message calls a field: by the file's own column, with the native name where it differs."""
    source = mapping.sources.get(name)
    columns: Sequence[str] = source.columns if source else ()
    if not columns:
        return name
    return name if list(columns) == [name] else f"{' + '.join(columns)} ({name})"
