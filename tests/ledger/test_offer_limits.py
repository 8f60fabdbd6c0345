"""What an offer never exceeds: the policy's terms by balance, a down payment first, what the debtor can spare."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import Money
from ledger.offers import Allowed, NeedsPerson, Offer, OtherTerms, TooLow, counter, most_affordable, offers
from ledger.policy import Policy, load_policy
from ledger.policy.plan_terms import Band, DownPayment
from ledger.schedule import FORTNIGHTLY, LAST_FRIDAY, LAST_WORKING_DAY, MONTHLY, SEMI_MONTHLY, WEEKLY, Frequency

UK, US = load_policy("uk-standard"), load_policy("us-standard")
TODAY = date(2026, 4, 10)


def with_plans(policy: Policy, **fields: object) -> Policy:
    return policy.model_copy(update={"plans": policy.plans.model_copy(update=fields)})


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


BANDED = with_plans(UK, maximum_term_months=(
    Band(up_to=Decimal(500), months=6), Band(up_to=Decimal(5_000), months=24), Band(months=60)))
DOWN = with_plans(UK, down_payment=DownPayment(amount=Decimal(20), percent=Decimal(10)))
SHAPED = with_plans(US, remainder="first", merge_last_below=Decimal(10), on_holidays="before")
LATER = with_plans(UK, on_holidays="after", merge_last_below=Decimal(5), down_payment=DownPayment(percent=Decimal(5)))
policies = st.sampled_from([UK, US, BANDED, DOWN, SHAPED, LATER])
rhythms = st.sampled_from([None, WEEKLY, FORTNIGHTLY, MONTHLY, SEMI_MONTHLY, LAST_WORKING_DAY, LAST_FRIDAY,
                           Frequency(2, "week", "friday"), Frequency(1, "month", "28_before"), Frequency(3, "month")])
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
places = st.sampled_from([None, "GB-SCT", "US-TX"])


def sound(policy: Policy, offer: Offer, today: date, surplus: Money | None = None) -> None:
    """What is demanded of every offer."""
    dues = offer.dues
    assert sum(due.amount.minor for due in dues) == offer.total.minor
    assert all(one.on < two.on for one, two in pairwise(dues))
    assert dues[0].on >= today
    assert dues[-1].on < dues[0].on + relativedelta(months=policy.term_months(offer.total), days=6)  # moved by holidays
    if (wanted := policy.plans.down_payment) is not None and len(dues) > 1:
        assert dues[0].amount == wanted.of(offer.total)
    minimum = policy.minimum(offer.frequency)
    assert minimum is not None
    assert offer.instalment >= min(minimum, offer.total - (offer.down or pounds(0))) if offer.down else (
        offer.instalment >= min(minimum, offer.total))
    if surplus is not None:
        assert offer.largest <= most_affordable(surplus, offer.frequency)


@settings(max_examples=80, deadline=None)
@given(policies, st.integers(1, 800_000), days, rhythms, places, st.none() | st.integers(-500, 60_000))
def test_offers_are_sound_and_allowed_whatever_the_policy(
    policy: Policy, minor: int, today: date, frequency: Frequency | None, place: str | None, spare: int | None
) -> None:
    surplus = None if spare is None else Money(spare, policy.currency)
    made = offers(policy, Money(minor, policy.currency), today=today, frequency=frequency, place=place, surplus=surplus)
    if isinstance(made, NeedsPerson):
        assert surplus is not None
        usual = frequency if frequency is not None and policy.minimum(frequency) is not None else policy.rhythms[0]
        assert made.least > most_affordable(surplus, usual)
        return
    assert 1 <= len(made) <= 3
    assert len({offer.dues for offer in made}) == len(made)
    assert surplus is not None or len(made) == 3
    for offer in made:
        sound(policy, offer, today, surplus)
        answer = counter(policy, offer.total, amount=offer.instalment, frequency=offer.frequency,
                         first_on=offer.first_on, today=today, place=place, surplus=surplus)
        assert answer == Allowed(offer)
        assert Offer.from_json(offer.json()) == offer


@settings(max_examples=80, deadline=None)
@given(policies, st.integers(1, 800_000), st.integers(1, 800_000), days, rhythms, places,
       st.none() | st.integers(-30, 90), st.none() | st.integers(-500, 60_000))
def test_whatever_is_asked_the_answer_is_sound(
    policy: Policy, minor: int, amount: int, today: date, frequency: Frequency | None, place: str | None,
    ahead: int | None, spare: int | None,
) -> None:
    surplus = None if spare is None else Money(spare, policy.currency)
    first_on = None if ahead is None else today + relativedelta(days=ahead)
    answer = counter(policy, Money(minor, policy.currency), amount=Money(amount, policy.currency), frequency=frequency,
                     first_on=first_on, today=today, place=place, surplus=surplus)
    if isinstance(answer, NeedsPerson):
        for rhythm in policy.rhythms:
            assert isinstance(offers(policy, Money(minor, policy.currency), today=today, frequency=rhythm, place=place,
                                     surplus=surplus), NeedsPerson)
        return
    offer = answer.offer if isinstance(answer, Allowed) else answer.nearest
    sound(policy, offer, today, surplus)
    if isinstance(answer, TooLow):
        assert amount < offer.instalment.minor
    elif isinstance(answer, Allowed):
        assert offer.instalment.minor <= amount


def test_small_balances_have_a_shorter_term() -> None:
    small = counter(BANDED, pounds(48_000), amount=pounds(5_000), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(small, TooLow)
    assert (small.nearest.instalment, small.nearest.count) == (pounds(8_000), 6)
    larger = counter(BANDED, pounds(50_100), amount=pounds(5_000), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(larger, Allowed)


def test_a_down_payment_comes_first() -> None:
    answer = counter(DOWN, pounds(64_000), amount=pounds(5_000), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(answer, Allowed)
    assert [due.amount.minor for due in answer.offer.dues] == [6_400] + [5_000] * 11 + [2_600]
    whole = counter(DOWN, pounds(1_500), amount=pounds(1_000), frequency=MONTHLY, first_on=None, today=TODAY)
    assert isinstance(whole, TooLow)
    assert [due.amount.minor for due in whole.nearest.dues] == [1_500]


def test_never_more_than_the_debtor_can_spare_even_when_asked() -> None:
    answer = counter(UK, pounds(64_000), amount=pounds(20_000), frequency=MONTHLY, first_on=None, today=TODAY,
                     surplus=pounds(6_250))
    assert isinstance(answer, OtherTerms)
    assert (answer.because, answer.nearest.instalment) == ("surplus", pounds(6_000))
    made = offers(UK, pounds(64_000), today=TODAY, surplus=pounds(6_250))
    assert isinstance(made, list)
    assert [(o.instalment.minor, o.frequency) for o in made][:2] == [(2_500, MONTHLY), (4_000, MONTHLY)]


@pytest.mark.parametrize("spare", [0, -100, 2_000])
def test_too_little_to_spare_is_for_a_person(spare: int) -> None:
    assert offers(UK, pounds(64_000), today=TODAY, surplus=pounds(spare)) == NeedsPerson(pounds(2_500), pounds(spare))
    assert counter(UK, pounds(64_000), amount=pounds(3_000), frequency=MONTHLY, first_on=None, today=TODAY,
                   surplus=pounds(spare)) == NeedsPerson(pounds(2_500), pounds(spare))


def test_another_rhythm_may_fit_what_one_does_not() -> None:
    dear_months = with_plans(UK, minimum_instalment={**UK.plans.minimum_instalment, "monthly": Decimal(80)})
    answer = counter(dear_months, pounds(64_000), amount=pounds(3_000), frequency=MONTHLY, first_on=None, today=TODAY,
                     surplus=pounds(3_000))
    assert isinstance(answer, OtherTerms)
    assert (answer.because, answer.nearest.frequency, answer.nearest.instalment) == (
        "frequency", Frequency(4, "week"), pounds(2_300))


@pytest.mark.parametrize(("rhythm", "first_on", "expected"), [
    (LAST_WORKING_DAY, None, ["2026-04-30", "2026-05-29", "2026-06-30"]),
    (LAST_FRIDAY, date(2026, 4, 25), ["2026-04-24"]),  # the next would be 29 May, too late: the last one in time
    (Frequency(2, "week", "friday"), date(2026, 4, 12), ["2026-04-17", "2026-05-01", "2026-05-15"]),
    (Frequency(1, "month", "31_before"), None, ["2026-04-30", "2026-05-29", "2026-06-30"]),
])
def test_a_payday_is_taken_as_it_is_said(rhythm: Frequency, first_on: date | None, expected: list[str]) -> None:
    answer = counter(UK, pounds(64_000), amount=pounds(5_000), frequency=rhythm, first_on=first_on, today=TODAY,
                     place="GB-ENG")
    offer = answer.offer if isinstance(answer, Allowed) else answer.nearest
    assert offer.frequency == rhythm
    assert [str(due.on) for due in offer.dues[:len(expected)]] == expected


def test_the_last_working_day_is_the_debtors() -> None:
    days_in = {}
    for place in ("GB-ENG", "GB-SCT"):
        answer = counter(UK, pounds(64_000), amount=pounds(5_000), frequency=LAST_WORKING_DAY, first_on=None,
                         today=date(2026, 8, 3), place=place)
        assert isinstance(answer, Allowed)
        days_in[place] = str(answer.offer.dues[0].on)
    assert days_in == {"GB-ENG": "2026-08-28", "GB-SCT": "2026-08-31"}


def test_a_date_moved_before_today_is_the_next_one() -> None:
    before = with_plans(UK, on_holidays="before")
    sunday = date(2026, 5, 3)
    answer = counter(before, pounds(64_000), amount=pounds(5_000), frequency=MONTHLY, first_on=sunday, today=sunday)
    assert isinstance(answer, OtherTerms)
    assert answer.because == "first_on"
    assert answer.nearest.dues[0].on == date(2026, 5, 5)  # Monday the 4th is a holiday, before it is Friday the 1st
