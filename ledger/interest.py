"""How much interest some days bear: exact arithmetic on dates and minor units, no database.

All sums are fractions, rounded down once, when what has been reckoned in all is turned into whole minor units. What a
day leaves over is therefore never lost or rounded twice: it is in the sum that the next day's whole units are taken of.
"""

from bisect import bisect_right
from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from ledger.kinds import DayCount, Frozen, InterestBase, InterestMethod

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days, first and last included, on the same terms."""

    first_on: date
    last_on: date
    annual_percent: Decimal | None
    method: InterestMethod
    day_count: DayCount
    base: InterestBase
    frozen: Frozen | None


class Owed:
    """What interest is reckoned on at the end of each day, by value date, in minor units."""

    def __init__(self, changes: Iterable[tuple[date, int]]) -> None:
        self._days: list[date] = []
        self._sums: list[int] = []
        amount = 0
        for day, change in sorted(changes):
            amount += change
            if self._days and self._days[-1] == day:
                self._sums[-1] = amount
            else:
                self._days.append(day)
                self._sums.append(amount)

    def at(self, day: date) -> int:
        """At the end of ``day``; never below nothing."""
        place = bisect_right(self._days, day)
        return max(0, self._sums[place - 1]) if place else 0

    def runs(self, first: date, last: date) -> Iterator[tuple[date, date, int]]:
        """The days from ``first`` through ``last`` in runs on which the same is owed."""
        start = first
        for day in self._days[bisect_right(self._days, first):]:
            if day > last:
                break
            yield start, day - ONE_DAY, self.at(start)
            start = day
        yield start, last, self.at(start)


def years(first: date, last: date, count: DayCount) -> Fraction:
    """The days ``first`` through ``last``, both included, as a part of a year."""
    after = last + ONE_DAY
    if count is DayCount.ACTUAL_365:
        return Fraction((after - first).days, 365)
    if count is DayCount.THIRTY_360:
        return Fraction(_thirty(after) - _thirty(first), 360)
    parts = Fraction(0)
    for year in range(first.year, last.year + 1):
        begin, end = max(first, date(year, 1, 1)), min(after, date(year + 1, 1, 1))
        parts += Fraction((end - begin).days, 366 if isleap(year) else 365)
    return parts


def _thirty(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def reckoned(stretches: Iterable[Stretch], owed: Owed, *, through: date) -> Fraction:
    """The interest that all the ``stretches`` bear, in minor units, exact.

    Of ``monthly`` stretches only the months that are over at the end of the day ``through``.
    """
    amount = Fraction(0)
    for stretch in stretches:
        if stretch.annual_percent is None:
            continue
        rate = Fraction(stretch.annual_percent) / 100
        if stretch.method is InterestMethod.SIMPLE:
            amount += sum((base * rate * years(first, last, stretch.day_count)
                           for first, last, base in owed.runs(stretch.first_on, stretch.last_on)), Fraction(0))
        else:
            amount += sum((owed.at(end) * rate / 12 * Fraction(days, end.day)
                           for end, days in _months(stretch.first_on, stretch.last_on) if end <= through), Fraction(0))
    return amount


def _months(first: date, last: date) -> Iterator[tuple[date, int]]:
    """The calendar months that the days fall in: the last day of each, and how many of its days they are."""
    while first <= last:
        end = first.replace(day=monthrange(first.year, first.month)[1])
        yield end, (min(end, last) - first).days + 1
        first = end + ONE_DAY
