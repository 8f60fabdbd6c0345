"""Offers we make ourselves."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import overload

from ledger.money import Money
from ledger.offers.limits import ceil_div, check, floor, latest_first, most_affordable, offer_of, start
from ledger.offers.offer import NeedsPerson, Offer
from ledger.policy import Policy
from ledger.schedule import Due, Frequency


def _rounded(policy: Policy, minor: int) -> int:
    step = Money.from_decimal(policy.plans.round_to, policy.currency).minor
    return ceil_div(minor, step) * step


def lowest(
    policy: Policy, total: Money, frequency: Frequency, today: date, place: str | None, cap: Money | None = None
) -> Offer:
    """The smallest instalment of a rhythm, from the first date we would propose."""
    first_on, _ = start(policy, frequency, None, today, place)
    return offer_of(policy, total, floor(policy, total, frequency, first_on), frequency, first_on, place, cap)


def _in_rhythm(policy: Policy, frequency: Frequency, least: Offer, place: str | None) -> Iterator[Offer]:
    """The lowest, a middle and a shorter one in one rhythm, as far as they differ."""
    yield least
    total, down = least.total, 1 if least.down else 0
    rest, count = total.minor - (least.down.minor if least.down else 0), least.count - down
    for wanted in (ceil_div(2 * count, 3), ceil_div(count, 3)):
        exact = ceil_div(rest, max(2, wanted))
        for minor in (_rounded(policy, exact), exact):
            amount = Money(max(minor, least.instalment.minor), total.currency)
            offer = offer_of(policy, total, amount, frequency, least.first_on, place)
            if 2 <= offer.count < count + down:
                count = offer.count - down
                yield offer
                break


@overload
def offers(
    policy: Policy, total: Money, *, today: date, frequency: Frequency | None = None, place: str | None = None,
) -> list[Offer]: ...
@overload
def offers(
    policy: Policy, total: Money, *, today: date, frequency: Frequency | None = None, place: str | None = None,
    surplus: Money | None,
) -> list[Offer] | NeedsPerson: ...
def offers(
    policy: Policy, total: Money, *, today: date, frequency: Frequency | None = None, place: str | None = None,
    surplus: Money | None = None,
) -> list[Offer] | NeedsPerson:
    """Three concrete offers that really differ, the one with the lowest instalment first, then quicker ones.

    In the debtor's rhythm, or the policy's usual one. Where one rhythm does not give three (small totals),
    other rhythms and then other days for a single payment fill up. All are allowed by the policy. ``place`` is the
    debtor's calendar. With a ``surplus`` (a month's) none takes more than it, so there may be fewer than three; when
    there is none, NeedsPerson. Raises WrongCurrency; ValueError when nothing is owed.
    """
    check(policy, total)
    usual = frequency if frequency is not None and policy.minimum(frequency) is not None else policy.rhythms[0]
    latest = latest_first(policy, today)
    found: dict[tuple[Due, ...], Offer] = {}

    def cap(rhythm: Frequency) -> Money | None:
        return None if surplus is None else most_affordable(surplus, rhythm)

    def add(offer: Offer) -> None:
        most = cap(offer.frequency)
        if len(found) < 3 and (most is None or offer.largest <= most):
            found.setdefault(offer.dues, offer)

    for offer in _in_rhythm(policy, usual, lowest(policy, total, usual, today, place, cap(usual)), place):
        add(offer)
    for other in policy.rhythms:
        least = lowest(policy, total, other, today, place, cap(other))
        if least.first_on <= latest:  # a rhythm with days of its own may have none that soon
            add(least)
    for days in (7, 14, 21, 28, *range(policy.plans.first_payment_within_days + 1)):
        if days <= policy.plans.first_payment_within_days:
            first_on, as_asked = start(policy, usual, today + timedelta(days=days), today, place)
            if as_asked:
                add(offer_of(policy, total, total, usual, first_on, place))
    if not found and surplus is not None:
        return NeedsPerson(lowest(policy, total, usual, today, place, cap(usual)).largest, surplus)
    return list(found.values())
