"""What one good row says: a debt, its debtor and its creditor, in types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.kinds import Bucket
from ledger.money import Money, total


@dataclass(frozen=True, slots=True)
class CreditorFacts:
    """Who is owed. ``country`` is that of the creditor, ``None`` when the file does not say."""

    ref: str
    name: str | None
    country: str | None
    policy: str | None
    own_collector: bool | None


@dataclass(frozen=True, slots=True)
class DebtorFacts:
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


@dataclass(frozen=True, slots=True)
class Record:
    """One row."""

    line: int
    creditor: CreditorFacts
    debtor: DebtorFacts
    debt_ref: str
    kind: str
    description: str
    original_creditor: str | None
    currency: str
    amounts: Mapping[Bucket, Money]
    opened_on: date
    due_on: date | None
    last_acknowledged_on: date | None
    time_barred: bool | None
    disputed: bool
    settled_on: date | None

    @property
    def total(self) -> Money:
        """The four amounts together."""
        return total(self.amounts.values(), self.currency)
