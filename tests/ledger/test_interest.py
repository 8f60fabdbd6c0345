"""Interest on paper: exact arithmetic, against the plainest way of doing it."""

from calendar import isleap
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.interest import Owed, Stretch, reckoned, years
from ledger.kinds import DayCount, Frozen, InterestBase, InterestMethod

days = st.dates(date(2023, 1, 1), date(2025, 12, 31))
ONE = timedelta(days=1)


def stretch(first: date, last: date, percent: str | None, method: InterestMethod = InterestMethod.SIMPLE,
            count: DayCount = DayCount.ACTUAL_365) -> Stretch:
    return Stretch(first, last, None if percent is None else Decimal(percent), method, count, InterestBase.PRINCIPAL,
                   Frozen.HOLD if percent is None else None)


def test_a_worked_example() -> None:
    # £1,000.00 at 8 % from 1 March; £400.00 paid on 11 March: ten days on 1,000, then twenty-one on 600.
    owed = Owed([(date(2026, 3, 1), 100_000), (date(2026, 3, 11), -40_000)])
    exact = reckoned([stretch(date(2026, 3, 1), date(2026, 3, 31), "8")], owed, through=date(2026, 3, 31))
    assert exact == Fraction(100_000 * 10 * 8, 36_500) + Fraction(60_000 * 21 * 8, 36_500)
    assert int(exact) == 495  # £4.95


@pytest.mark.parametrize(("first", "last", "count", "part"), [
    (date(2025, 1, 1), date(2025, 12, 31), DayCount.ACTUAL_365, Fraction(1)),
    (date(2024, 1, 1), date(2024, 12, 31), DayCount.ACTUAL_365, Fraction(366, 365)),
    (date(2024, 1, 1), date(2024, 12, 31), DayCount.ACTUAL_ACTUAL, Fraction(1)),
    (date(2024, 12, 31), date(2025, 1, 1), DayCount.ACTUAL_ACTUAL, Fraction(1, 366) + Fraction(1, 365)),
    (date(2025, 2, 1), date(2025, 2, 28), DayCount.THIRTY_360, Fraction(1, 12)),
    (date(2025, 3, 1), date(2025, 3, 31), DayCount.THIRTY_360, Fraction(1, 12)),
    (date(2025, 3, 30), date(2025, 3, 30), DayCount.THIRTY_360, Fraction(0)),
    (date(2024, 1, 1), date(2025, 12, 31), DayCount.THIRTY_360, Fraction(2)),
])
def test_parts_of_a_year(first: date, last: date, count: DayCount, part: Fraction) -> None:
    assert years(first, last, count) == part


@given(st.lists(st.tuples(days, st.integers(-10**6, 10**6)), max_size=8), days, st.integers(0, 500),
       st.sampled_from(DayCount), st.decimals(0, 40, places=4))
def test_runs_of_days_are_the_days_one_by_one(
    changes: list[tuple[date, int]], first: date, length: int, count: DayCount, percent: Decimal
) -> None:
    owed, last = Owed(changes), first + timedelta(days=length)
    plainly = Fraction(0)
    for number in range(length + 1):
        day = first + timedelta(days=number)
        base = max(0, sum(change for on, change in changes if on <= day))
        part = {DayCount.ACTUAL_365: Fraction(1, 365), DayCount.ACTUAL_ACTUAL: Fraction(1, 365 + isleap(day.year)),
                DayCount.THIRTY_360: years(day, day, count)}[count]
        plainly += base * Fraction(percent) / 100 * part
    whole = stretch(first, last, str(percent), count=count)
    assert reckoned([whole], owed, through=last) == plainly
    middle = first + timedelta(days=length // 2)
    halves = [stretch(first, middle, str(percent), count=count)]
    if middle < last:
        halves.append(stretch(middle + ONE, last, str(percent), count=count))
    assert reckoned(halves, owed, through=last) == plainly


def test_a_month_bears_a_twelfth_when_it_is_over() -> None:
    owed = Owed([(date(2026, 1, 1), 120_000), (date(2026, 2, 10), -60_000)])
    monthly = [stretch(date(2026, 1, 1), date(2026, 2, 27), "12", InterestMethod.MONTHLY)]
    assert reckoned(monthly, owed, through=date(2026, 2, 27)) == 1_200
    monthly = [stretch(date(2026, 1, 1), date(2026, 2, 28), "12", InterestMethod.MONTHLY)]
    assert reckoned(monthly, owed, through=date(2026, 2, 28)) == 1_200 + 600  # on what is owed when it ends
    frozen = [stretch(date(2026, 1, 1), date(2026, 1, 10), None, InterestMethod.MONTHLY),
              stretch(date(2026, 1, 11), date(2026, 1, 31), "12", InterestMethod.MONTHLY)]
    assert reckoned(frozen, owed, through=date(2026, 1, 31)) == Fraction(1_200 * 21, 31)


def test_what_is_owed_never_counts_below_nothing() -> None:
    owed = Owed([(date(2026, 1, 5), -100), (date(2026, 1, 1), 60), (date(2026, 1, 1), 40), (date(2026, 1, 9), 30)])
    assert [owed.at(date(2026, 1, day)) for day in (1, 4, 5, 9)] == [100, 100, 0, 30]
    assert owed.at(date(2025, 12, 31)) == 0
