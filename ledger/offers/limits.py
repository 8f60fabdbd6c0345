"""The limits an offer keeps: the smallest instalment, the largest a debtor can spare, the first date."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from dateutil.relativedelta import relativedelta

from ledger.errors import WrongCurrency
from ledger.money import Money, exponent
from ledger.offers.offer import Offer
from ledger.policy import Policy
from ledger.schedule import Frequency, Shape, first_due, working_days

_SOON = 7  # days until a first payment we propose ourselves: time to get ready


def ceil_div(amount: int, part: int) -> int:
    """How many parts make at least ``amount``."""
    return -(-amount // part)


def check(policy: Policy, total: Money) -> None:
    """Raises WrongCurrency; ValueError when nothing is owed."""
    if total.currency != policy.currency:
        raise WrongCurrency(f"the policy {policy.name} is in {policy.currency}, not {total.currency}")
    if total.minor <= 0:
        raise ValueError("nothing is owed, so there is nothing to spread")


def months_between(frequency: Frequency) -> Fraction:
    """The months from one instalment to the next, a week being 12/52 of one."""
    number, years = frequency.per_year
    return Fraction(12 * years, number)


def most_affordable(surplus: Money, frequency: Frequency) -> Money:
    """The largest instalment that a monthly ``surplus`` carries, a week being 12/52 of a month."""
    return Money(int(surplus.minor * months_between(frequency)), surplus.currency)


def down_payment(policy: Policy, total: Money, own: Money | None = None) -> Money | None:
    """What comes first, at most all: what the policy asks for, or more where the debtor has an ``own`` sum to begin.

    None when nothing does.
    """
    asked = None if policy.plans.down_payment is None else policy.plans.down_payment.of(total)
    if own is None or own.minor <= 0:
        return asked
    return min(total, own if asked is None else max(own, asked))


def shape_for(policy: Policy, frequency: Frequency, place: str | None) -> Shape:
    """How the policy lays out this rhythm; the place is left out where it makes no difference."""
    shape = policy.shape(place)
    depends = shape.on_holidays != "keep" or frequency.follows_working_days
    return shape if depends else replace(shape, place="")


def _most_dues(policy: Policy, total: Money, frequency: Frequency, first_on: date) -> int:
    """How many due dates lie within the policy's longest term."""
    months, bound = policy.term_months(total), policy.approval.plan_longer_than_months.staff
    if bound:
        months = min(months, int(bound))
    if frequency.unit == "month":
        return 2 * months if frequency.twice_a_month else ceil_div(months, frequency.every)
    days = (first_on + relativedelta(months=months) - first_on).days
    return ceil_div(days, 7 * frequency.every)


def floor(policy: Policy, total: Money, frequency: Frequency, first_on: date, down: Money | None = None) -> Money:
    """The smallest instalment the policy allows: by amount, by percentage and by the longest term for this balance.

    With nobody's approval: the bounds from which staff have to approve a plan count too.

    Never above ``total`` less the down payment; ``total`` when that is all. Raises ValueError for a rhythm it does not
    allow, WrongCurrency. ``down`` is what the debtor pays first of their own accord.
    """
    check(policy, total)
    if (minimum := policy.minimum(frequency)) is None:
        raise ValueError(f"{frequency} is not allowed by {policy.name}")
    if (bound := policy.approval.instalment_below.staff) is not None:
        least = ceil(Fraction(bound) * 10 ** exponent(total.currency) * months_between(frequency))
        minimum = max(minimum, Money(least, total.currency))
    percent = ceil(total.minor * Fraction(policy.plans.minimum_percent) / 100 * months_between(frequency))
    dues, rest = _most_dues(policy, total, frequency, first_on), total.minor
    if (down := down_payment(policy, total, down)) is not None and down < total and dues > 1:
        dues, rest = dues - 1, rest - down.minor
    elif down == total:
        return total
    return Money(min(rest, max(minimum.minor, percent, ceil_div(rest, dues))), total.currency)


def offer_of(
    policy: Policy, total: Money, amount: Money, frequency: Frequency, first_on: date, place: str | None,
    cap: Money | None = None, down: Money | None = None,
) -> Offer:
    """``amount`` in this rhythm, laid out by the policy; one payment of all when the amount is that much.

    What is left over joins no other instalment where that would go beyond ``cap``. ``down`` is the debtor's own first
    payment.
    """
    down = down_payment(policy, total, down)
    if amount >= total or down == total:
        amount, down = total, None
    most = total - down if down else total
    offer = Offer(total, min(amount, most), frequency, first_on, down, shape_for(policy, frequency, place))
    if cap is not None and offer.largest > cap:
        return replace(offer, shape=replace(offer.shape, merge_below=0))
    return offer


def latest_first(policy: Policy, today: date) -> date:
    """The last day a first payment may be due."""
    return today + timedelta(days=policy.plans.first_payment_within_days)


def usual_first(policy: Policy, frequency: Frequency, today: date, place: str | None = None) -> date:
    """The first date we propose ourselves: the next 1st for months, the rhythm's own day where it has one, else in a
    week; never past the policy's limit, unless the rhythm has no earlier day.
    """
    latest = latest_first(policy, today)
    soon = min(today + timedelta(days=_SOON), latest)
    if frequency.rule:
        working = working_days(shape_for(policy, frequency, place).place)
        day = frequency.on(soon, 0, working)
        return day if day <= latest else frequency.on(today, 0, working)
    if frequency.unit == "month":
        first = soon if soon.day == 1 else soon.replace(day=1) + relativedelta(months=1)
        return first if first <= latest else soon
    return soon


def start(
    policy: Policy, frequency: Frequency, first_on: date | None, today: date, place: str | None
) -> tuple[date, bool]:
    """Where the rhythm begins when ``first_on`` was asked for, and whether that is as it was asked.

    A rhythm with days of its own begins on the first of them on or after ``first_on``.
    """
    if first_on is None:
        return _not_past(policy, frequency, usual_first(policy, frequency, today, place), today, place), True
    shape, latest = shape_for(policy, frequency, place), latest_first(policy, today)
    working = working_days(shape.place)
    day, kept = frequency.on(first_on, 0, working), True
    if not today <= first_on <= latest or (day > latest and day != frequency.on(today, 0, working)):
        kept, day = False, usual_first(policy, frequency, today, place)
        if first_on > today:
            last = frequency.on(latest, 0, working)
            day = last if last <= latest else day
    found = _not_past(policy, frequency, day, today, place)
    return found, kept and found == day


def _not_past(policy: Policy, frequency: Frequency, day: date, today: date, place: str | None) -> date:
    """``day``, or the first after it whose due date no holiday moves before today."""
    shape = shape_for(policy, frequency, place)
    while first_due(frequency, day, shape) < today:
        day = frequency.on(day + timedelta(days=1), 0, working_days(shape.place))
    return day
