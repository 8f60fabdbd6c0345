"""The answer to what a debtor proposes."""

from datetime import date
from typing import Literal, overload

from ledger.errors import WrongCurrency
from ledger.money import Money
from ledger.offers.limits import check, floor, months_between, most_affordable, offer_of, start
from ledger.offers.making import lowest
from ledger.offers.offer import Allowed, NeedsPerson, OtherTerms, TooLow
from ledger.policy import Policy
from ledger.schedule import Frequency


def _nearest_rhythm(policy: Policy, frequency: Frequency) -> Frequency:
    return min(policy.rhythms, key=lambda allowed: abs(months_between(allowed) - months_between(frequency)))


@overload
def counter(
    policy: Policy, total: Money, *, amount: Money, frequency: Frequency | None, first_on: date | None, today: date,
    place: str | None = None, down: Money | None = None,
) -> Allowed | TooLow | OtherTerms: ...
@overload
def counter(
    policy: Policy, total: Money, *, amount: Money, frequency: Frequency | None, first_on: date | None, today: date,
    place: str | None = None, surplus: Money | None, down: Money | None = None,
) -> Allowed | TooLow | OtherTerms | NeedsPerson: ...
def counter(
    policy: Policy, total: Money, *, amount: Money, frequency: Frequency | None, first_on: date | None, today: date,
    place: str | None = None, surplus: Money | None = None, down: Money | None = None,
) -> Allowed | TooLow | OtherTerms | NeedsPerson:
    """The answer to "can I do ``amount`` every so often from ``first_on``".

    An amount above what is owed is one payment of all. Without rhythm or date the usual ones are taken. An
    amount in another rhythm is first put into the nearest one allowed. ``place`` is the debtor's calendar. With a
    ``surplus`` (a month's) nothing is proposed that takes more, not even when the debtor asks for it; when the policy
    allows nothing that small, NeedsPerson. ``down`` is a sum the debtor has to begin with: more than what the policy
    asks for is taken, unless it is more than the surplus carries.
    Raises WrongCurrency; ValueError when nothing is owed.
    """
    check(policy, total)
    if amount.currency != total.currency or (down is not None and down.currency != total.currency):
        raise WrongCurrency(f"{amount} was offered for a debt in {total.currency}")
    rhythm = frequency or policy.rhythms[0]
    because: Literal["frequency", "first_on", "surplus"] | None = None
    if policy.minimum(rhythm) is None:
        rhythm, because = _nearest_rhythm(policy, rhythm), "frequency"
    first, as_asked = start(policy, rhythm, first_on, today, place)
    if not as_asked:
        because = because or "first_on"
    cap = None if surplus is None else most_affordable(surplus, rhythm)
    if down is not None and down >= total:
        amount, down = total, None
    if cap is not None and down is not None and down > cap:
        down, because = None, because or "surplus"
    least = offer_of(policy, total, floor(policy, total, rhythm, first, down), rhythm, first, place, cap, down)
    if surplus is not None and cap is not None and least.largest > cap:
        return _another_rhythm(policy, total, today, place, surplus) or NeedsPerson(least.largest, surplus)
    if amount < least.instalment:
        return TooLow(least)
    offer = offer_of(policy, total, amount, rhythm, first, place, cap, down)
    if cap is not None and offer.largest > cap:
        step = Money.from_decimal(policy.plans.round_to, policy.currency).minor
        round_sum = Money(cap.minor // step * step, total.currency)
        most = round_sum if round_sum >= least.instalment else cap
        return OtherTerms(offer_of(policy, total, most, rhythm, first, place, cap, down), "surplus")
    return Allowed(offer) if because is None else OtherTerms(offer, because)


def _another_rhythm(
    policy: Policy, total: Money, today: date, place: str | None, surplus: Money
) -> OtherTerms | None:
    """The first rhythm of the policy whose smallest instalment the surplus carries."""
    for rhythm in policy.rhythms:
        cap = most_affordable(surplus, rhythm)
        offer = lowest(policy, total, rhythm, today, place, cap)
        if offer.largest <= cap:
            return OtherTerms(offer, "frequency")
    return None
