"""What one good row says: a debt, its debtor and its creditor, in types."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from ledger.kinds import OWED, Bucket
from ledger.money import Money


class Change(StrEnum):
    """What a delta file says has become of a debt since the file before."""

    NEW = "new"
    CHANGED = "changed"
    CLOSED = "closed"
    WRITTEN_OFF = "written_off"
    RECALLED = "recalled"


class CreditorFacts(NamedTuple):
    """Who is owed. ``country`` is that of the creditor, ``None`` when the file does not say."""

    ref: str
    name: str | None
    country: str | None
    policy: str | None
    own_collector: bool | None


class DebtorFacts(NamedTuple):
    """Who owes. ``None`` is what the file does not say."""

    ref: str
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    country: str
    postcode: str | None
    region: str | None
    email: str | None
    phone: str | None
    language: str | None
    timezone: str | None
    vulnerable: bool | None


class Record(NamedTuple):
    """One row. ``minor`` are principal, interest, fees and costs in minor units of ``currency``."""

    line: int
    creditor: CreditorFacts
    debtor: DebtorFacts
    debt_ref: str
    kind: str
    description: str
    original_creditor: str | None
    currency: str
    minor: tuple[int, int, int, int]
    opened_on: date
    due_on: date | None
    last_acknowledged_on: date | None
    time_barred: bool | None
    disputed: bool
    settled_on: date | None
    change: Change | None = None
    interest_rate: Decimal | None = None
    stage: str | None = None

    @property
    def amounts(self) -> Mapping[Bucket, Money]:
        """The four amounts by bucket."""
        return {bucket: Money(minor, self.currency) for bucket, minor in zip(OWED, self.minor, strict=True)}

    @property
    def total(self) -> Money:
        """The four amounts together."""
        return Money(sum(self.minor), self.currency)


_DATES_OF_RECORD = tuple(
    Record._fields.index(name) for name in ("opened_on", "due_on", "last_acknowledged_on", "settled_on")
)
_BORN = DebtorFacts._fields.index("date_of_birth")
_CREDITOR, _DEBTOR, _CHANGE, _RATE = (
    Record._fields.index(name) for name in ("creditor", "debtor", "change", "interest_rate"))


def packed(record: Record) -> tuple[Any, ...]:
    """``record`` as plain values, dates as ISO text: what crosses from one process to another by ``marshal``."""
    debtor: list[Any] = list(record.debtor)
    debtor[_BORN] = debtor[_BORN] and debtor[_BORN].isoformat()
    plain: list[Any] = list(record)
    for place in _DATES_OF_RECORD:
        plain[place] = plain[place] and plain[place].isoformat()
    plain[_CREDITOR], plain[_DEBTOR] = tuple(record.creditor), tuple(debtor)
    plain[_CHANGE] = record.change and record.change.value
    if record.interest_rate is not None:
        plain[_RATE] = f"{record.interest_rate.normalize():f}"
    return tuple(plain)


def unpacked(plain: tuple[Any, ...]) -> Record:
    """The record that ``packed`` made ``plain`` of."""
    debtor, values = list(plain[_DEBTOR]), list(plain)
    debtor[_BORN] = debtor[_BORN] and date.fromisoformat(debtor[_BORN])
    for place in _DATES_OF_RECORD:
        values[place] = values[place] and date.fromisoformat(values[place])
    values[_CREDITOR], values[_DEBTOR] = CreditorFacts(*plain[_CREDITOR]), DebtorFacts(*debtor)
    values[_CHANGE] = plain[_CHANGE] and Change(plain[_CHANGE])
    values[_RATE] = None if plain[_RATE] is None else Decimal(plain[_RATE])
    return Record(*values)
