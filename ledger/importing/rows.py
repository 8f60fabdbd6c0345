"""From rows to records: every row is checked, and every reason why one cannot be used is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from dateutil.relativedelta import relativedelta

from ledger.importing import values
from ledger.importing.columns import Cells
from ledger.importing.mapping import MappingFile
from ledger.importing.native import FIELDS, REQUIRED, Field
from ledger.importing.problems import BadValue, shown
from ledger.importing.records import Change, CreditorFacts, DebtorFacts, Record
from ledger.importing.source import Row
from ledger.kinds import OWED, Bucket
from ledger.money import Money, MoneyError, exponent
from ledger.policy import load_policy
from runtime.errors import OperatorError

OLDEST_DEBTOR_YEARS = 120
NEVER_BARRED_YEARS = 3  # the shortest limitation period of a US state; longer in the UK
_ERRORS = frozenset({"#REF!", "#VALUE!", "#N/A", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})


Known = dict[str, Any]
_PLACES = {name: place for place, name in enumerate(FIELDS)}
_COUNTRY, _CURRENCY, _TOTAL = _PLACES["country"], _PLACES["currency"], _PLACES["total"]
_CREDITOR = slice(0, len(CreditorFacts._fields))
_DEBTOR = slice(_PLACES["debtor_ref"], _PLACES["debtor_ref"] + len(DebtorFacts._fields))
_AMOUNTS = slice(_PLACES[OWED[0].value], _PLACES[OWED[-1].value] + 1)
_TIMEZONE = _PLACES["timezone"]
_DEBT = slice(_PLACES["debt_ref"], _PLACES["currency"] + 1)
_STATE = slice(_PLACES["opened_on"], _PLACES["stage"] + 1)
_MANY_VALUES = {"amount", "email", "phone", "postcode"}
_KEPT = 20_000
"""How many cells of one column are remembered with what they were read as."""


@dataclass(slots=True)
class _Step:
    """How one fact of a row is found: in a column as it is, or by what the mapping makes of the row."""

    place: int
    name: str
    column: int | None
    get: Callable[[Cells], str] | None
    read: Callable[[str, str | None], Any]
    """From the text of a cell, and the debtor's country, to the fact."""
    required: bool
    known: Known | None
    """Cells read before; None where few come twice."""


class RowCheck:
    """Checks one row after the other; collects every reason of a row, not only the first.

    ``get`` are the readers of the mapping's facts, ``plain`` the places of those that are a column as it is. Raises
    OperatorError for a mapping with a constant that cannot be used.
    """

    def __init__(
        self, get: Mapping[str, Callable[[Cells], str]], mapping: MappingFile, *, as_of: date | None, today: date,
        plain: Mapping[str, int],
    ) -> None:  # fmt: skip
        self._columns = {name: _origin(name, mapping) for name in FIELDS}
        self._numbers = mapping.figures
        self._known_to = as_of or today
        self._today = today
        self._only_past = as_of is None
        self._young_since = self._known_to - relativedelta(years=NEVER_BARRED_YEARS)
        self._policies: set[str] = set()
        self._creditors: dict[tuple[Any, ...], CreditorFacts] = {}
        constants = {n: s.constant for n, s in mapping.sources.items() if s.constant and not s.values}
        self._fixed: list[Any] = [None] * len(FIELDS)
        self._steps: list[_Step] = []
        for place, (name, field) in enumerate(FIELDS.items()):  # country comes before everything that depends on it
            read = self._reader(field, mapping)
            if name in constants:
                self._fixed[place] = _constant(name, str(constants[name]), read)
            elif name in get or name in REQUIRED:
                many = field.kind in _MANY_VALUES or name in ("debtor_ref", "debt_ref")
                self._steps.append(_Step(
                    place, name, plain.get(name), get.get(name), read, name in REQUIRED, None if many else {}
                ))
        self._walk = [(step.column, step.place, step.known, step.required, step) for step in self._steps]

    def __call__(self, row: Row) -> tuple[Record | None, list[str]]:
        facts = self._fixed.copy()
        reasons: list[str] = []
        cells = row.cells
        for column, place, known, required, step in self._walk:
            if column is not None:  # as a rule: a column as it is, often with a cell that was read before
                cell = cells[column]
                if not cell and not required:
                    continue
                if known is not None and cell in known:
                    facts[place] = known[cell]
                    continue
            try:
                facts[place] = self._fact(step, cells, facts)
            except BadValue as bad:
                reasons.append(f"{self._columns[step.name]}: {bad}")
        if reasons:
            return None, reasons
        currency = facts[_CURRENCY]
        digits = exponent(currency)
        minor = [
            0 if figure is None else self._minor(bucket, figure, currency, digits, reasons)
            for bucket, figure in zip(OWED, facts[_AMOUNTS], strict=True)
        ]
        if reasons:
            return None, reasons
        record = self._record(row.line, facts, (minor[0], minor[1], minor[2], minor[3]))
        return record, self._doubts(record, facts[_TOTAL])

    def _fact(self, step: _Step, cells: Cells, facts: list[Any]) -> Any:
        raw = cells[step.column] if step.column is not None else step.get(cells) if step.get is not None else ""
        cell = raw.strip()
        if not cell:
            if step.required:
                raise BadValue("is empty")
            return None
        if cell[0] in "=#":
            _refuse_formula(cell)
        fact = step.read(cell, facts[_COUNTRY])
        if step.known is not None and step.column is not None and step.name != "region":  # that depends on the country
            if len(step.known) >= _KEPT:
                step.known.clear()
            step.known[raw] = fact
        return fact

    def _reader(self, field: Field, mapping: MappingFile) -> Callable[[str, str | None], Any]:
        numbers = self._numbers
        match field.kind:
            case "ref":
                return lambda cell, _: values.ref(cell)
            case "text":
                longest = field.longest
                return lambda cell, _: values.text(cell, longest=longest)
            case "amount":
                return lambda cell, _: values.figure(cell, numbers=numbers)
            case "rate":
                return lambda cell, _: values.rate(cell, numbers=numbers)
            case "date":
                dates = values.date_reader(mapping.dates_of(field.name))
                return lambda cell, _: dates(cell)
            case "region" | "phone" | "postcode":
                of_country = getattr(values, field.kind)
                return lambda cell, country: of_country(cell, country=country)
            case "policy":
                return lambda cell, _: self._policy(cell)
            case "status":
                return partial(_one_of, ("open", "disputed", "settled"))
            case "change":
                return partial(_one_of, tuple(Change))
            case kind:  # word, yes_or_no, country, currency, language, timezone, email
                plain = getattr(values, kind)
                return lambda cell, _: plain(cell)

    def _policy(self, name: str) -> str:
        if name not in self._policies:
            try:
                load_policy(name)
            except OperatorError as error:
                raise BadValue(str(error)) from None
            self._policies.add(name)
        return name

    def _minor(
        self, bucket: Bucket, figure: tuple[str, str], currency: str, digits: int, reasons: list[str]
    ) -> int:
        whole, part = figure
        if len(part) <= digits:
            return int(whole + part.ljust(digits, "0"))
        try:
            return Money.from_decimal(Decimal(f"{whole}.{part}"), currency).minor
        except MoneyError as error:
            reasons.append(f"{self._columns[bucket.value]}: {error}")
            return 0

    def _record(self, line: int, facts: list[Any], minor: tuple[int, int, int, int]) -> Record:
        """The record of the facts in the order of the layout, which is also that of creditor and debtor."""
        if facts[_TIMEZONE] is None and facts[_COUNTRY] == "GB":
            facts[_TIMEZONE] = "Europe/London"
        debtor = DebtorFacts(*facts[_DEBTOR])
        debt_ref, kind, description, original, currency = facts[_DEBT]
        opened_on, due_on, acknowledged, barred, status, disputed, settled_on, change, rate, stage = facts[_STATE]
        if settled_on is None and status == "settled":
            settled_on = max(opened_on, self._known_to)
        acknowledged = self._as_of(acknowledged)
        if barred is None:  # no while it is young everywhere; unknown, so that staff decide, when it is not
            latest = max(opened_on, due_on or opened_on, acknowledged or opened_on)
            barred = False if latest > self._young_since else None
        said = tuple(facts[_CREDITOR])
        creditor = self._creditors.get(said)
        if creditor is None:
            if len(self._creditors) > _KEPT:
                self._creditors.clear()
            creditor = self._creditors[said] = CreditorFacts(*said)
        return Record(
            line, creditor, debtor, debt_ref, kind or "other", description or "", original, currency, minor, opened_on,
            due_on, acknowledged, barred, bool(disputed) or status == "disputed", self._as_of(settled_on), change,
            rate, stage,
        )

    def _as_of(self, day: date | None) -> date | None:
        """``day``, or nothing when the file is taken as of an earlier day."""
        return None if day and not self._only_past and day > self._known_to else day

    def _doubts(self, record: Record, total: tuple[str, str] | None) -> list[str]:
        found: list[str] = []
        opened_on, due_on, settled_on = record.opened_on, record.due_on, record.settled_on
        if not any(record.minor) and record.change not in (Change.CHANGED, Change.CLOSED, Change.WRITTEN_OFF,
                                                           Change.RECALLED):
            found.append(f"{self._columns['principal']}: the debt comes to nothing")
        if total is not None:
            said = Decimal(f"{total[0]}.{total[1]}" if total[1] else total[0])
            if said != record.total.decimal:
                found.append(
                    f"{self._columns['total']}: says {said}, but the amounts come to {record.total.decimal}"
                )
        if self._only_past and opened_on > self._today:
            found.append(f"{self._columns['opened_on']}: {opened_on} is in the future (see --as-of)")
        if due_on and due_on < opened_on:
            found.append(f"{self._columns['due_on']}: {due_on} is before the debt was opened")
        if settled_on and not opened_on <= settled_on <= self._known_to:
            when = "before the debt was opened" if settled_on < opened_on else "in the future"
            found.append(f"{self._columns['settled_on']}: {settled_on} is {when}")
        if record.last_acknowledged_on and record.last_acknowledged_on > self._known_to:
            found.append(f"{self._columns['last_acknowledged_on']}: {record.last_acknowledged_on} is in the future")
        born = record.debtor.date_of_birth
        if born and (born.year < self._today.year - OLDEST_DEBTOR_YEARS or born >= opened_on):
            found.append(f"{self._columns['date_of_birth']}: {born} cannot be a debtor's date of birth")
        return found


def _constant(name: str, constant: str, read: Callable[[str, str | None], Any]) -> Any:
    try:
        return read(constant, None)
    except BadValue as bad:
        raise OperatorError(f"The mapping gives a {name} that cannot be used: {bad}") from None


def _one_of(words: Sequence[str], cell: str, _country: str | None) -> str:
    for word in words:
        if cell.lower() == word:
            return word
    raise BadValue(f"{shown(cell)} is none of {', '.join(words[:-1])} and {words[-1]}")


def _refuse_formula(cell: str) -> None:
    if cell[0] == "=":
        raise BadValue(
            f"{shown(cell)} starts like a spreadsheet formula; save the sheet's values, not its formulas"
        )
    if cell in _ERRORS:
        raise BadValue(f"{cell} is an error that a spreadsheet's formula gave")


def _origin(name: str, mapping: MappingFile) -> str:
    """How a message calls a field: by the file's own column, with the native name where it differs."""
    source = mapping.sources.get(name)
    columns: Sequence[str] = source.columns if source else ()
    if not columns:
        return name
    return name if list(columns) == [name] else f"{' + '.join(columns)} ({name})"
