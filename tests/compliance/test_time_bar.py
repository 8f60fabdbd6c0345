"""How old a debt may be, by place and kind: in time, too old, or for staff to say."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from compliance.profile import load_profile
from compliance.time_bar import Age, Dates, Limitation, TimeBar

TODAY = date(2026, 3, 3)
OLD = date(2010, 1, 1)


def ago(years: int, days: int = 0) -> date:
    return TODAY - relativedelta(years=years) - timedelta(days=days)


@pytest.mark.parametrize(("country", "place", "kind", "due", "acknowledged", "age"), [
    ("uk", "England", "card", ago(6), None, Age.IN_TIME),  # the last day still is
    ("uk", "England", "card", ago(6, 1), None, Age.TOO_OLD),
    ("uk", "Wales", "energy", ago(9), ago(5, 300), Age.IN_TIME),
    ("uk", "Northern Ireland", "energy", ago(9), ago(6, 1), Age.TOO_OLD),
    ("uk", "Scotland", "card", ago(5), None, Age.IN_TIME),
    ("uk", "Scotland", "card", ago(5, 1), None, Age.TOO_OLD),
    ("uk", "England", "mortgage_shortfall", ago(7), None, Age.IN_TIME),
    ("uk", "England", "mortgage_shortfall", ago(12, 1), None, Age.TOO_OLD),
    ("uk", "England", "yacht", ago(5), None, Age.IN_TIME),  # a kind nobody knows: six or twelve years
    ("uk", "England", "yacht", ago(7), None, Age.UNKNOWN),
    ("uk", "England", "yacht", ago(12, 1), None, Age.TOO_OLD),
    ("uk", None, "card", ago(5), None, Age.IN_TIME),  # a nation nobody knows: five or six years
    ("uk", None, "card", ago(5, 1), None, Age.UNKNOWN),
    ("uk", None, "card", ago(6, 1), None, Age.TOO_OLD),
    ("us", "Texas", "card", ago(4), None, Age.IN_TIME),
    ("us", "Texas", "card", ago(4, 1), ago(1), Age.TOO_OLD),  # a payment does not start it anew there
    ("us", "New York", "loan", None, ago(3, 1), Age.TOO_OLD),
    ("us", "New York", "loan", None, ago(1), Age.UNKNOWN),
    ("us", "Illinois", "loan", ago(9), None, Age.IN_TIME),
    ("us", "Illinois", "services", ago(5, 1), None, Age.TOO_OLD),
    ("us", "Nevada", "card", ago(3), None, Age.IN_TIME),  # not in the table
    ("us", "Nevada", "card", ago(5), None, Age.UNKNOWN),
    ("us", "Nevada", "card", ago(6, 1), None, Age.TOO_OLD),  # older than anywhere in the table
    ("uk", "England", "card", None, None, Age.UNKNOWN),
])
def test_periods(country: str, place: str | None, kind: str, due: date | None, acknowledged: date | None,
                 age: Age) -> None:
    rules = load_profile(country).time_bar
    assert rules.age(kind, place, Dates(OLD, due, acknowledged), TODAY) is age


def test_a_debt_that_is_younger_than_every_period_needs_no_other_date() -> None:
    rules = load_profile("uk").time_bar
    assert rules.age("card", "England", Dates(ago(5)), TODAY) is Age.IN_TIME
    assert rules.age("card", "England", Dates(ago(6, 1)), TODAY) is Age.UNKNOWN
    assert rules.age("yacht", None, Dates(ago(4)), TODAY) is Age.IN_TIME


def test_where_the_debt_itself_ends() -> None:
    rules = load_profile("uk").time_bar
    assert [place for place in rules.places if rules.extinguished(place)] == ["Scotland"]
    assert not rules.extinguished(None)
    assert load_profile("us").time_bar.extinguished("Wisconsin")


days = st.none() | st.dates(date(1995, 1, 1), date(2026, 3, 3))
laws = st.builds(
    Limitation, years=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(1, 30), min_size=1),
    payment_restarts=st.booleans(), source=st.just("x"))


@given(st.dictionaries(st.sampled_from(["P", "Q"]), laws, min_size=1), st.sampled_from(["P", "Q", "R", None]),
       st.sampled_from(["k", "l"]), st.dates(date(1995, 1, 1), date(2026, 3, 3)), days, days,
       st.dates(date(2026, 3, 3), date(2060, 1, 1)), st.integers(0, 4000))
def test_time_only_makes_a_debt_older(
    places: dict[str, Limitation], place: str | None, kind: str, opened: date, due: date | None,
    acknowledged: date | None, today: date, later: int,
) -> None:
    claim = next(claim for law in places.values() for claim in law.years)
    rules = TimeBar(as_of=TODAY, checked_by=None, claims={"k": claim}, places=places)
    dates = Dates(opened, due, acknowledged)
    order = [Age.IN_TIME, Age.UNKNOWN, Age.TOO_OLD]
    now, then = (rules.age(kind, place, dates, day) for day in (today, today + timedelta(days=later)))
    assert order.index(now) <= order.index(then)
    shortest = min(years for law in places.values() for years in law.years.values())
    if now is Age.TOO_OLD:
        begun = [day for day in (due, acknowledged) if day]
        assert begun
        assert min(begun) + relativedelta(years=shortest) < today, "never too old before the shortest period is over"
