"""A period of days in the office's calendar, as instants of posting."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_

from compliance.operator import operator
from ledger.models import Txn
from runtime.errors import StaffError


@dataclass(frozen=True, slots=True)
class Period:
    """From ``first`` to ``last``, both included.

    Postings fall into a period by when they were recorded, not by value date: so each is in one period for ever, and
    none slips behind a period that was paid over already.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise StaffError(f"The period begins on {self.first} and ends before that, on {self.last}")

    @property
    def begins(self) -> datetime:
        """Midnight at the office."""
        return datetime.combine(self.first, time(), operator().zone)

    @property
    def ends(self) -> datetime:
        """Midnight at the end of the last day, which is not part of it any more."""
        return datetime.combine(self.last + timedelta(days=1), time(), operator().zone)

    @property
    def posted(self) -> ColumnElement[bool]:
        """Condition on Txn: recorded within the period."""
        return and_(Txn.posted_at >= self.begins, Txn.posted_at < self.ends)
