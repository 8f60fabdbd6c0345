"""What a household can spare: exact sums, guidelines, the most an instalment may be."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger.affordability import (
    A_MONTH,
    Every,
    Flag,
    Form,
    IncomeLine,
    NothingToSpare,
    SpendingLine,
    affordable,
    flags,
)
from ledger.errors import WrongCurrency
from ledger.kinds import Income, Spending
from ledger.money import Money
from ledger.offers import most_affordable
from ledger.policy import load_policy, strictest
from ledger.policy.affordability import AffordabilityRules, Guideline
from ledger.schedule import FORTNIGHTLY, MONTHLY, WEEKLY, Frequency

UK = load_policy("uk-standard")


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def form(income: int, spending: int, every: Every = Every.MONTH, **more: int) -> Form:
    return Form(currency="GBP", income=(IncomeLine(kind=Income.WAGES, minor=income, every=every),),
                spending=(SpendingLine(category=Spending.FOOD, minor=spending),), **more)


@pytest.mark.parametrize(("every", "minor", "surplus"), [
    (Every.MONTH, 100_000, 100_000), (Every.WEEK, 30_000, 130_000), (Every.FORTNIGHT, 30_000, 65_000),
    (Every.FOUR_WEEKS, 30_000, 32_500), (Every.QUARTER, 10_000, 3_333), (Every.YEAR, 100_000, 8_333),
    (Every.WEEK, 1, 4), (Every.YEAR, 11, 0),
])
def test_a_month_is_exact_and_the_surplus_rounded_down(every: Every, minor: int, surplus: int) -> None:
    assert form(minor, 0, every).surplus == pounds(surplus)


def test_only_the_surplus_is_rounded() -> None:
    thirds = Form(currency="GBP", income=tuple(IncomeLine(kind=Income.OTHER, minor=1, every=Every.QUARTER)
                                               for _ in range(3)))
    assert thirds.surplus == pounds(1)
    assert form(0, 1).surplus == pounds(-1)
    year = Form(currency="GBP", spending=(SpendingLine(category=Spending.WATER, minor=1, every=Every.YEAR),))
    assert year.surplus == pounds(-1)  # down, also below nothing: never more than there is


lines = st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from(Every)), max_size=6)


@given(lines, lines)
def test_the_surplus_is_never_more_than_what_is_left(income: list[tuple[int, Every]],
                                                     spending: list[tuple[int, Every]]) -> None:
    made = Form(
        currency="GBP", income=tuple(IncomeLine(kind=Income.WAGES, minor=m, every=e) for m, e in income),
        spending=tuple(SpendingLine(category=Spending.OTHER, minor=m, every=e) for m, e in spending))
    left = sum((m * A_MONTH[e] for m, e in income), Fraction(0))
    left -= sum((m * A_MONTH[e] for m, e in spending), Fraction(0))
    assert 0 <= left - made.surplus.minor < 1
    assert Form.from_json(made.json()) == made


rhythms = st.sampled_from([WEEKLY, FORTNIGHTLY, MONTHLY, Frequency(3, "week"), Frequency(2, "month")])


@given(st.integers(1, 10**8), rhythms)
def test_an_instalment_never_takes_more_than_the_surplus(minor: int, frequency: Frequency) -> None:
    most = most_affordable(pounds(minor), frequency)
    months = Fraction(frequency.every) * (1 if frequency.unit == "month" else Fraction(12, 52))
    assert most.minor / months <= minor < (most.minor + 1) / months


def test_the_policys_share() -> None:
    assert affordable(UK, pounds(10_001)) == pounds(8_000)  # 80 per cent, rounded down
    for nothing in (0, -5, 1):
        assert affordable(UK, pounds(nothing)) == NothingToSpare(pounds(nothing))
    with pytest.raises(WrongCurrency):
        affordable(UK, Money(5_000, "USD"))


def test_spending_above_the_guideline_is_flagged_by_size_of_household() -> None:
    rules = AffordabilityRules(guidelines={
        Spending.FOOD: Guideline(first_adult=Decimal(200), further_adult=Decimal(150), child=Decimal("100.50"))})
    assert flags(rules, form(0, 20_000)) == []
    assert flags(rules, form(0, 20_001)) == [Flag(Spending.FOOD, pounds(20_001), pounds(20_000))]
    assert flags(rules, form(0, 45_050, adults=2, children=1)) == []
    assert flags(rules, form(0, 45_051, adults=2, children=1)) == [
        Flag(Spending.FOOD, pounds(45_051), pounds(45_050))]
    twice = Form(currency="GBP", spending=(SpendingLine(category=Spending.FOOD, minor=15_000),
                                           SpendingLine(category=Spending.FOOD, minor=5_001)))
    assert len(flags(rules, twice)) == 1


@pytest.mark.parametrize("wrong", [
    {"currency": "pounds"}, {"adults": 0}, {"children": -1}, {"adults": "2"}, {"surplus": 5},
    {"income": [{"kind": "wages", "minor": -1}]}, {"income": [{"kind": "lottery", "minor": 1}]},
    {"income": [{"kind": "wages", "minor": 1.5}]}, {"spending": [{"category": "food", "minor": 1, "every": "day"}]},
])
def test_what_is_no_form(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Form.from_json({"currency": "GBP"} | wrong)


def test_several_creditors_take_the_strictest() -> None:
    rules = AffordabilityRules(share_percent=Decimal(50), valid_days=30, guidelines={
        Spending.FOOD: Guideline(first_adult=Decimal(100)), Spending.OTHER: Guideline(first_adult=Decimal(9))})
    both = strictest([UK, UK.model_copy(update={"name": "other", "affordability": rules})]).affordability
    assert (both.share_percent, both.valid_days) == (50, 30)
    assert both.guidelines[Spending.FOOD].first_adult == 100
    assert both.guidelines[Spending.OTHER].first_adult == 9
    assert both.guidelines[Spending.HOUSING] == UK.affordability.guidelines[Spending.HOUSING]
