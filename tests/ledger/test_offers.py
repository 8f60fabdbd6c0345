"""What may be offered, and the answer to a debtor's own proposal."""

from datetime import date, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import WrongCurrency
from ledger.money import Money
from ledger.offers import Allowed, Offer, OtherTerms, TooLow, counter, floor, offers
from ledger.policy import Policy, load_policy
from ledger.schedule import FORTNIGHTLY, MONTHLY, WEEKLY, Frequency

UK, US = load_policy("uk-standard"), load_policy("us-standard")
TODAY = date(2026, 4, 10)
policies = st.sampled_from([UK, US])
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
rhythms = st.sampled_from([None, WEEKLY, FORTNIGHTLY, MONTHLY, Frequency(3, "week"), Frequency(2, "month")])


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def within(policy: Policy, offer: Offer, today: date) -> None:
    """What the policy demands of every offer, checked by its own words."""
    minimum = policy.minimum(offer.frequency)
    assert minimum is not None
    assert offer.instalment >= min(minimum, offer.total)
    assert offer.instalment <= offer.total
    assert today <= offer.first_on <= today + timedelta(days=policy.plans.first_payment_within_days)
    assert offer.last.on < offer.first_on + relativedelta(months=policy.plans.maximum_term_months)
    assert sum(due.amount.minor for due in offer.dues) == offer.total.minor
    assert len(offer.dues) == offer.count


@given(policies, st.integers(1, 5_000_000), days, rhythms)
def test_three_different_offers_all_allowed(
    policy: Policy, minor: int, today: date, frequency: Frequency | None
) -> None:
    made = offers(policy, Money(minor, policy.currency), today=today, frequency=frequency)
    assert len(made) == 3
    assert len({offer.dues for offer in made}) == 3
    for offer in made:
        within(policy, offer, today)
        answer = counter(policy, offer.total, amount=offer.instalment, frequency=offer.frequency,
                         first_on=offer.first_on, today=today)
        assert answer == Allowed(offer)
    assert made[0].instalment == min(o.instalment for o in made if o.frequency == made[0].frequency)


@given(policies, st.integers(1, 5_000_000), st.integers(-5, 5_000_000), rhythms,
       st.none() | st.integers(-100, 400), days)
def test_whatever_is_proposed_the_answer_is_within_the_policy(
    policy: Policy, minor: int, amount: int, frequency: Frequency | None, ahead: int | None, today: date
) -> None:
    total = Money(minor, policy.currency)
    first_on = None if ahead is None else today + timedelta(days=ahead)
    answer = counter(policy, total, amount=Money(amount, policy.currency), frequency=frequency, first_on=first_on,
                     today=today)
    offer = answer.offer if isinstance(answer, Allowed) else answer.nearest
    within(policy, offer, today)
    least = floor(policy, total, offer.frequency, offer.first_on)
    if isinstance(answer, TooLow):
        assert amount < least.minor
        assert offer.instalment == least
    else:
        assert amount >= least.minor
        assert offer.instalment == min(Money(amount, policy.currency), total)
    if isinstance(answer, Allowed):
        assert frequency in (None, offer.frequency)
        assert first_on in (None, offer.first_on)


def test_fifteen_a_month_is_too_low_and_the_nearest_is_twenty_five() -> None:
    answer = counter(UK, pounds(64_000), amount=pounds(1_500), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(answer, TooLow)
    assert answer.nearest.instalment == pounds(2_500)
    assert [due.amount.minor for due in answer.nearest.dues] == [2_500] * 25 + [1_500]
    assert answer.nearest.first_on == date(2026, 5, 1)


def test_twenty_five_on_the_first_is_allowed() -> None:
    answer = counter(UK, pounds(64_000), amount=pounds(2_500), frequency=MONTHLY, first_on=date(2026, 5, 1),
                     today=TODAY)
    assert answer == Allowed(Offer(pounds(64_000), pounds(2_500), MONTHLY, date(2026, 5, 1)))


def test_the_three_for_640_pounds() -> None:
    made = offers(UK, pounds(64_000), today=TODAY)
    assert [(o.instalment.minor, o.count) for o in made] == [(2_500, 26), (4_000, 16), (7_500, 9)]
    assert {o.first_on for o in made} == {date(2026, 5, 1)}


def test_small_totals_vary_by_rhythm_and_then_by_day() -> None:
    small = offers(UK, pounds(3_000), today=TODAY)
    assert [(o.instalment.minor, o.frequency) for o in small] == [
        (2_500, MONTHLY), (2_300, Frequency(4, "week")), (1_200, FORTNIGHTLY)]
    tiny = offers(UK, pounds(100), today=TODAY)
    assert all(o.count == 1 for o in tiny)
    assert len({o.first_on for o in tiny}) == 3


def test_the_longest_term_raises_the_floor() -> None:
    answer = counter(UK, pounds(100_001), amount=pounds(2_500), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(answer, Allowed)
    answer = counter(UK, pounds(299_940), amount=pounds(4_999), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(answer, Allowed)
    answer = counter(UK, pounds(300_001), amount=pounds(5_000), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(answer, TooLow)
    assert answer.nearest.instalment == pounds(5_001)
    assert answer.nearest.count == 60


def test_a_rhythm_the_policy_lacks_goes_to_the_nearest() -> None:
    answer = counter(US, Money(50_000, "USD"), amount=Money(4_000, "USD"), frequency=Frequency(4, "week"),
                     first_on=None, today=TODAY)
    assert isinstance(answer, OtherTerms)
    assert answer.because == "frequency"
    assert answer.nearest.frequency == MONTHLY
    assert answer.nearest.instalment == Money(4_000, "USD")


@pytest.mark.parametrize(("first_on", "expected"), [
    (date(2026, 12, 1), date(2026, 5, 15)), (date(2026, 1, 1), date(2026, 5, 1)),
])
def test_a_first_date_too_late_or_past_is_moved(first_on: date, expected: date) -> None:
    answer = counter(UK, pounds(64_000), amount=pounds(5_000), frequency=MONTHLY, first_on=first_on, today=TODAY)
    assert isinstance(answer, OtherTerms)
    assert answer.because == "first_on"
    assert answer.nearest.first_on == expected


def test_more_than_all_is_one_payment_of_all() -> None:
    answer = counter(UK, pounds(5_000), amount=pounds(900_000), frequency=None, first_on=None, today=TODAY)
    assert isinstance(answer, Allowed)
    assert [due.amount for due in answer.offer.dues] == [pounds(5_000)]


def test_wrong_currency_or_nothing_owed() -> None:
    with pytest.raises(WrongCurrency):
        offers(UK, Money(100, "USD"), today=TODAY)
    with pytest.raises(WrongCurrency):
        counter(UK, pounds(100), amount=Money(100, "USD"), frequency=None, first_on=None, today=TODAY)
    with pytest.raises(ValueError, match="nothing is owed"):
        offers(UK, pounds(0), today=TODAY)


@given(policies, st.integers(1, 10**6), days)
def test_an_offer_survives_json(policy: Policy, minor: int, today: date) -> None:
    for offer in offers(policy, Money(minor, policy.currency), today=today):
        assert Offer.from_json(offer.json()) == offer


@pytest.mark.parametrize("value", [{}, {"total": 5}, {"total": {"minor": 1, "currency": "GBP"}}])
def test_what_is_no_offer_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an offer"):
        Offer.from_json(value)


def test_a_debtor_s_own_down_payment() -> None:
    policy, total, today = load_policy("uk-standard"), Money(64_000, "GBP"), date(2026, 3, 3)

    def answer(amount: int, down: int, surplus: int | None = None) -> Any:
        return counter(policy, total, amount=Money(amount, "GBP"), frequency=MONTHLY, first_on=date(2026, 4, 1),
                       today=today, down=Money(down, "GBP"), surplus=surplus and Money(surplus, "GBP"))
    offer = answer(3_000, 10_000).offer
    assert isinstance(answer(3_000, 10_000), Allowed)
    assert (offer.dues[0].amount.minor, offer.dues[0].on, offer.dues[1].amount.minor) == (
        10_000, date(2026, 4, 1), 3_000)
    assert sum(due.amount.minor for due in offer.dues) == 64_000
    low = answer(1_000, 10_000)
    assert isinstance(low, TooLow)
    assert (low.nearest.down, low.nearest.instalment.minor) == (Money(10_000, "GBP"), 2_500)
    assert answer(3_000, 64_000).offer.count == 1
    assert answer(3_000, 70_000).offer.count == 1
    above = answer(3_000, 10_000, surplus=5_000)  # their own figures do not carry it
    assert isinstance(above, OtherTerms)
    assert (above.because, above.nearest.down) == ("surplus", None)
    with pytest.raises(WrongCurrency):
        counter(policy, total, amount=Money(3_000, "GBP"), frequency=None, first_on=None, today=today,
                down=Money(1, "USD"))
