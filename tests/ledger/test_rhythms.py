"""Rhythms with days of their own, working days and holidays, month ends: local dates, read from a calendar."""

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.money import Money, total
from ledger.offers.limits import months_between
from ledger.schedule import (
    Frequency,
    Shape,
    due_dates,
    first_due,
    place_of,
    schedule,
    split,
    steps_until,
    working_days,
)

ENG, SCT = "GB-ENG", "GB-SCT"


def dates(frequency: Frequency, first_on: str, number: int, shape: Shape | None = None) -> list[str]:
    return [str(day) for day in due_dates(frequency, date.fromisoformat(first_on), number, shape or Shape())]


@pytest.mark.parametrize(("rule", "every", "first_on", "place", "expected"), [
    # twice a month; 31 is the last day of any month, also in a leap year
    ("1_and_15", 1, "2026-01-01", "", ["2026-01-01", "2026-01-15", "2026-02-01", "2026-02-15"]),
    ("1_and_15", 1, "2026-01-02", "", ["2026-01-15", "2026-02-01", "2026-02-15", "2026-03-01"]),
    ("15_and_31", 1, "2028-01-16", "", ["2028-01-31", "2028-02-15", "2028-02-29", "2028-03-15"]),
    ("15_and_31", 1, "2027-02-15", "", ["2027-02-15", "2027-02-28", "2027-03-15", "2027-03-31"]),
    ("10_and_30", 1, "2027-02-11", "", ["2027-02-28", "2027-03-10", "2027-03-30", "2027-04-10"]),
    # 31 May 2026 is a Sunday, 31 August 2026 a holiday in England and a Monday like others in Scotland
    ("last_working_day", 1, "2026-05-01", ENG, ["2026-05-29", "2026-06-30", "2026-07-31", "2026-08-28"]),
    ("last_working_day", 1, "2026-05-01", SCT, ["2026-05-29", "2026-06-30", "2026-07-31", "2026-08-31"]),
    # the last working day of April is past on the 31st of nothing: the next month's is first
    ("last_working_day", 1, "2026-05-30", ENG, ["2026-06-30", "2026-07-31"]),
    ("last_friday", 1, "2026-04-10", "", ["2026-04-24", "2026-05-29", "2026-06-26", "2026-07-31"]),
    ("last_friday", 2, "2026-04-25", "", ["2026-05-29", "2026-07-31", "2026-09-25"]),
    # the 28th, moved: 28 February and 28 March 2026 are Saturdays, 25 December 2026 a Friday, the 28th a day in lieu
    ("28_before", 1, "2026-02-01", ENG, ["2026-02-27", "2026-03-27", "2026-04-28"]),
    ("28_after", 1, "2026-02-01", ENG, ["2026-03-02", "2026-03-30", "2026-04-28"]),
    ("28_after", 1, "2026-12-01", ENG, ["2026-12-29", "2027-01-28"]),
    # the last day, moved into the month after, is still that month's: 31 May 2026 is a Sunday
    ("31_after", 1, "2026-06-01", ENG, ["2026-06-01", "2026-06-30", "2026-07-31", "2026-09-01"]),
    ("15_before", 1, "2026-07-01", "US-TX", ["2026-07-15", "2026-08-14", "2026-09-15"]),
    # the third of July 2026 is the day in lieu of the fourth, in the US only
    ("4_before", 1, "2026-06-20", "US", ["2026-07-02", "2026-08-04"]),
    ("4_before", 1, "2026-06-20", ENG, ["2026-07-03", "2026-08-04"]),
])
def test_days_of_a_month(rule: str, every: int, first_on: str, place: str, expected: list[str]) -> None:
    assert dates(Frequency(every, "month", rule), first_on, len(expected), Shape(place=place)) == expected


@pytest.mark.parametrize(("every", "first_on", "expected"), [
    (1, "2026-03-27", ["2026-03-27", "2026-04-03"]),  # the clock changes in between, the dates do not care
    (2, "2026-03-28", ["2026-04-03", "2026-04-17"]),
    (4, "2026-10-24", ["2026-10-30", "2026-11-27", "2026-12-25"]),
])
def test_a_weekday_every_so_many_weeks(every: int, first_on: str, expected: list[str]) -> None:
    assert dates(Frequency(every, "week", "friday"), first_on, len(expected)) == expected


@pytest.mark.parametrize(("first_on", "expected"), [
    ("2027-12-31", ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
    ("2027-01-30", ["2027-01-30", "2027-02-28", "2027-03-30"]),
    ("2028-02-29", ["2028-02-29", "2028-03-29"]),
])
def test_month_ends_come_from_the_first_date(first_on: str, expected: list[str]) -> None:
    assert dates(Frequency(1, "month"), first_on, len(expected)) == expected


@pytest.mark.parametrize(("place", "move", "expected"), [
    # 3 April 2026 is Good Friday everywhere, Easter Monday a holiday in England, 25 December a Friday
    (ENG, "keep", ["2026-04-03", "2026-05-03"]),
    (ENG, "before", ["2026-04-02", "2026-05-01"]),
    (ENG, "after", ["2026-04-07", "2026-05-05"]),  # 4 May is the early May bank holiday
    (SCT, "after", ["2026-04-06", "2026-05-05"]),
    ("US", "after", ["2026-04-03", "2026-05-04"]),
    ("US-TX", "before", ["2026-04-02", "2026-05-01"]),
    ("XX", "after", ["2026-04-03", "2026-05-04"]),  # a country nobody knows has weekends
])
def test_holidays_move_a_date_only_where_the_shape_says_so(place: str, move: str, expected: list[str]) -> None:
    shape = Shape.from_json({"rest_first": False, "merge_below": 0, "on_holidays": move, "place": place})
    assert dates(Frequency(1, "month"), "2026-04-03", 2, shape) == expected


def test_a_moved_date_never_overtakes_the_next() -> None:
    # a week of holidays puts one date of a weekly rhythm onto the day of the next
    golden_week = due_dates(Frequency(1, "week"), date(2026, 10, 2), 3, Shape(on_holidays="after", place="CN"))
    assert all(one < two for one, two in pairwise(golden_week))


@pytest.mark.parametrize(("country", "region", "place"), [
    ("GB", "Scotland", "GB-SCT"), ("GB", "England", "GB-ENG"), ("GB", None, "GB"), ("GB", "Mordor", "GB"),
    ("US", "TX", "US-TX"), ("US", "Texas", "US-TX"), ("ZZ", "anything", "ZZ"),
])
def test_a_place(country: str, region: str | None, place: str) -> None:
    assert place_of(country, region) == place
    assert working_days(place).works(date(2026, 3, 3)) is True
    assert working_days(place).works(date(2026, 3, 1)) is False


@pytest.mark.parametrize("rule", [
    "someday", "first_friday", "0_before", "32_after", "28_sideways", "15_and_1", "15_and_15", "28_and_30", "1_and_32",
    "last_working_day ", "1_and_15_and_20",
])
def test_no_rule_of_a_month(rule: str) -> None:
    with pytest.raises(ValueError, match="no frequency"):
        Frequency(1, "month", rule)


def test_rules_belong_to_their_unit() -> None:
    for wrong in ((1, "week", "last_friday"), (1, "month", "friday"), (2, "month", "1_and_15")):
        with pytest.raises(ValueError, match="no frequency"):
            Frequency(*wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("frequency", "words"), [
    (Frequency(1, "month"), "every month"), (Frequency(2, "week"), "every 2 weeks"),
    (Frequency(2, "week", "friday"), "every 2 weeks on Friday"),
    (Frequency(1, "month", "last_working_day"), "the last working day of every month"),
    (Frequency(1, "month", "last_friday"), "the last Friday of every month"),
    (Frequency(1, "month", "15_and_31"), "twice a month, on the 15th and the last day"),
    (Frequency(1, "month", "22_before"), "the 22nd of every month, or the working day before"),
])
def test_in_words_for_staff(frequency: Frequency, words: str) -> None:
    assert str(frequency) == words


RULES = ["last_working_day", "last_friday", "last_monday", "28_before", "31_after", "1_before", "1_after", "1_and_15",
         "15_and_31", "27_and_28", "5_and_20"]
rhythms = st.one_of(
    st.builds(Frequency, st.integers(1, 5), st.sampled_from(["week", "month"])),
    st.builds(Frequency, st.integers(1, 4), st.just("week"), st.sampled_from(["monday", "friday", "sunday"])),
    st.builds(Frequency, st.just(1), st.just("month"), st.sampled_from(RULES)),
)
shapes = st.builds(Shape, st.booleans(), st.integers(0, 2_000), st.sampled_from(["keep", "before", "after"]),
                   st.sampled_from(["", "GB", ENG, SCT, "US", "US-TX", "CN", "XX"]))
starts = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 200_000), st.integers(1, 200_000), st.integers(0, 60_000), rhythms, starts, shapes)
def test_every_schedule_sums_exactly_and_moves_forward(
    owed: int, part: int, down: int, frequency: Frequency, first_on: date, shape: Shape
) -> None:
    part = max(part, owed // 40 + 1)
    dues = schedule(Money(owed, "GBP"), Money(part, "GBP"), frequency, first_on, down=Money(down, "GBP"), shape=shape)
    assert total((due.amount for due in dues), "GBP") == Money(owed, "GBP")
    assert all(due.amount.minor > 0 for due in dues)
    assert all(one.on < two.on for one, two in pairwise(dues))
    if shape.on_holidays != "keep":
        assert all(working_days(shape.place).works(due.on) for due in dues)
    if 0 < down < owed and part < owed:
        assert dues[0].amount.minor == down
    assert sum(due.amount.minor not in (part, down) for due in dues) <= 1  # only one of them is odd
    assert max(due.amount.minor for due in dues) < max(part + shape.merge_below, down + 1, part + 1) or len(dues) == 1


@settings(max_examples=60, deadline=None)
@given(rhythms, starts, st.integers(0, 40), shapes)
def test_a_rhythm_is_the_same_wherever_it_is_joined(
    frequency: Frequency, first_on: date, skip: int, shape: Shape
) -> None:
    whole = due_dates(frequency, first_on, skip + 5, shape)
    assert due_dates(frequency, first_on, 5, shape, skip=skip) == whole[skip:]
    assert steps_until(frequency, first_on, whole[skip], shape) == skip
    assert whole[0] == first_due(frequency, first_on, shape)
    if shape.on_holidays != "keep":
        return
    assert whole[0] >= first_on
    if frequency.rule:  # begun on one of its own days it goes on as it would have
        assume(frequency.every == 1)
        assert due_dates(frequency, whole[1], 4, shape) == whole[1:5]


@given(rhythms)
def test_a_frequency_survives_json_and_has_a_length(frequency: Frequency) -> None:
    assert Frequency.from_json(frequency.json()) == frequency
    assert ("rule" in frequency.json()) == bool(frequency.rule)
    assert months_between(frequency) > 0


def test_a_month_of_each() -> None:
    assert months_between(Frequency(1, "month", "1_and_15")) == Fraction(1, 2)
    assert months_between(Frequency(1, "week")) == Fraction(12, 52)
    assert months_between(Frequency(3, "month")) == 3


@pytest.mark.parametrize(("total_", "part", "options", "expected"), [
    (100, 40, {}, [40, 40, 20]), (100, 40, {"rest_first": True}, [20, 40, 40]),
    (100, 40, {"merge_below": 21}, [40, 60]), (100, 40, {"merge_below": 20}, [40, 40, 20]),
    (100, 40, {"merge_below": 21, "rest_first": True}, [60, 40]),
    (100, 40, {"down": 30}, [30, 40, 30]), (100, 35, {"down": 30}, [30, 35, 35]), (100, 100, {"down": 30}, [100]),
    (100, 80, {"down": 30}, [30, 70]), (100, 40, {"down": 100}, [100]), (1, 40, {}, [1]),
])
def test_split(total_: int, part: int, options: dict[str, int], expected: list[int]) -> None:
    assert split(total_, part, **options) == expected  # type: ignore[arg-type]
