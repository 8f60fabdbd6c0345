"""Instalments: exact sums, right dates."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from ledger.schedule import FORTNIGHTLY, MONTHLY, WEEKLY, Frequency, schedule

frequencies = st.builds(Frequency, st.integers(1, 6), st.sampled_from(["week", "month"]))
starts = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(st.integers(1, 10**7), st.integers(1, 10**7), frequencies, starts)
def test_it_sums_exactly_and_moves_forward(owed: int, part: int, frequency: Frequency, first_on: date) -> None:
    part = max(part, owed // 300 + 1)
    dues = schedule(Money(owed, "GBP"), Money(part, "GBP"), frequency, first_on)
    assert total((due.amount for due in dues), "GBP") == Money(owed, "GBP")
    assert dues[0].on == first_on
    assert all(one.on < two.on for one, two in pairwise(dues))
    assert {due.amount.minor for due in dues[:-1]} <= {part}
    assert 0 < dues[-1].amount.minor <= part


@given(starts, st.integers(2, 60))
def test_months_keep_their_day_or_take_the_last(first_on: date, count: int) -> None:
    for k, due in enumerate(schedule(Money(count, "GBP"), Money(1, "GBP"), MONTHLY, first_on)):
        year, month = divmod(first_on.year * 12 + first_on.month - 1 + k, 12)
        assert due.on == date(year, month + 1, min(first_on.day, monthrange(year, month + 1)[1]))


def test_the_31st_does_not_drift() -> None:
    dues = schedule(Money(500, "GBP"), Money(100, "GBP"), MONTHLY, date(2027, 12, 31))
    assert [str(due.on) for due in dues] == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_the_example_of_the_voice_guide() -> None:
    dues = schedule(Money(64_000, "GBP"), Money(2_500, "GBP"), MONTHLY, date(2026, 5, 1))
    assert len(dues) == 26
    assert {due.amount.minor for due in dues[:25]} == {2_500}
    assert dues[25].amount.minor == 1_500
    assert dues[25].on == date(2028, 6, 1)


def test_weeks_are_weeks() -> None:
    dues = schedule(Money(30, "GBP"), Money(10, "GBP"), FORTNIGHTLY, date(2026, 3, 3))
    assert [due.on - dues[0].on for due in dues] == [timedelta(0), timedelta(14), timedelta(28)]


@pytest.mark.parametrize(("owed", "part"), [(0, 10), (10, 0), (-5, 10), (10, -1), (10**9, 1)])
def test_nonsense_is_refused(owed: int, part: int) -> None:
    with pytest.raises(ValueError, match=r"more than nothing|too many"):
        schedule(Money(owed, "GBP"), Money(part, "GBP"), WEEKLY, date(2026, 3, 3))


@pytest.mark.parametrize("value", [{"every": 0, "unit": "week"}, {"every": 1, "unit": "day"}, {"every": "1"}, {}])
def test_a_wrong_frequency_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="frequency"):
        Frequency.from_json(value)
