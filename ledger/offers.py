"""Instalment offers a policy allows, and the answer to what a debtor proposes. Nothing here touches the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from dateutil.relativedelta import relativedelta

from ledger.errors import WrongCurrency
from ledger.money import Money
from ledger.policy import Policy
from ledger.schedule import Due, Frequency, schedule

_SOON = 7  # days until a first payment we propose ourselves: time to get ready
_MONTHS_PER_WEEK = Decimal(12) / Decimal(52)


@dataclass(frozen=True, slots=True)
class Offer:
    """``total`` in instalments of ``instalment``, the last one what is left."""

    total: Money
    instalment: Money
    frequency: Frequency
    first_on: date

    @property
    def dues(self) -> tuple[Due, ...]:
        """Every instalment with its date."""
        return schedule(self.total, self.instalment, self.frequency, self.first_on)

    @property
    def count(self) -> int:
        """How many instalments there are, the last one included."""
        return _ceil(self.total.minor, self.instalment.minor)

    @property
    def last(self) -> Due:
        """The last instalment."""
        return self.dues[-1]

    def json(self) -> dict[str, object]:
        """What a button or an open question keeps; ``from_json`` is the inverse."""
        return {"total": self.total.json(), "instalment": self.instalment.json(), "frequency": self.frequency.json(),
                "first_on": self.first_on.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Offer":
        """The offer behind ``json``. Raises ValueError for anything else."""
        total, instalment, frequency = (value.get(name) for name in ("total", "instalment", "frequency"))
        if not (isinstance(total, Mapping) and isinstance(instalment, Mapping) and isinstance(frequency, Mapping)):
            raise ValueError(f"{value!r} is not an offer")
        return cls(Money.from_json(total), Money.from_json(instalment), Frequency.from_json(frequency),
                   date.fromisoformat(str(value.get("first_on"))))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the debtor proposed may be agreed."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class TooLow:
    """The instalment is below the floor; ``nearest`` has the smallest allowed. Say it once, then ask staff, on hold."""

    nearest: Offer


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """The amount would do, but not the rhythm or the first date; ``nearest`` is what comes closest."""

    nearest: Offer
    because: Literal["frequency", "first_on"]


def _ceil(amount: int, part: int) -> int:
    return -(-amount // part)


def _check(policy: Policy, total: Money) -> None:
    if total.currency != policy.currency:
        raise WrongCurrency(f"the policy {policy.name} is in {policy.currency}, not {total.currency}")
    if total.minor <= 0:
        raise ValueError("nothing is owed, so there is nothing to spread")


def _most_dues(policy: Policy, frequency: Frequency, first_on: date) -> int:
    """How many due dates lie within the policy's longest term."""
    if frequency.unit == "month":
        return _ceil(policy.plans.maximum_term_months, frequency.every)
    days = (first_on + relativedelta(months=policy.plans.maximum_term_months) - first_on).days
    return _ceil(days, 7 * frequency.every)


def floor(policy: Policy, total: Money, frequency: Frequency, first_on: date) -> Money:
    """The smallest instalment the policy allows: by amount, by percentage and by the longest term.

    Never above ``total``. Raises ValueError for a rhythm it does not allow, WrongCurrency.
    """
    _check(policy, total)
    if (minimum := policy.minimum(frequency)) is None:
        raise ValueError(f"{frequency} is not allowed by {policy.name}")
    months = Decimal(frequency.every) * (1 if frequency.unit == "month" else _MONTHS_PER_WEEK)
    percent = int((total.minor * policy.plans.minimum_percent / 100 * months).to_integral_value(ROUND_CEILING))
    term = _ceil(total.minor, _most_dues(policy, frequency, first_on))
    return Money(min(total.minor, max(minimum.minor, percent, term)), total.currency)


def usual_first(policy: Policy, frequency: Frequency, today: date) -> date:
    """The first date we propose ourselves: the next 1st for months, else in a week; never past the policy's limit."""
    latest = today + timedelta(days=policy.plans.first_payment_within_days)
    soon = min(today + timedelta(days=_SOON), latest)
    if frequency.unit == "month":
        first = soon if soon.day == 1 else soon.replace(day=1) + relativedelta(months=1)
        return first if first <= latest else soon
    return soon


def _rounded(policy: Policy, minor: int) -> int:
    step = Money.from_decimal(policy.plans.round_to, policy.currency).minor
    return _ceil(minor, step) * step


def _in_rhythm(policy: Policy, total: Money, frequency: Frequency, today: date) -> Iterator[Offer]:
    """The lowest, a middle and a shorter one in one rhythm, as far as they differ."""
    first_on = usual_first(policy, frequency, today)
    least = floor(policy, total, frequency, first_on)
    lowest = Offer(total, least, frequency, first_on)
    yield lowest
    count = lowest.count
    for wanted in (_ceil(2 * count, 3), _ceil(count, 3)):
        exact = _ceil(total.minor, max(2, wanted))
        for minor in (_rounded(policy, exact), exact):
            offer = Offer(total, Money(max(minor, least.minor), total.currency), frequency, first_on)
            if 2 <= offer.count < count:
                count = offer.count
                yield offer
                break


def offers(policy: Policy, total: Money, *, today: date, frequency: Frequency | None = None) -> list[Offer]:
    """Three concrete offers that really differ, the one with the lowest instalment first, then quicker ones.

    In the debtor's rhythm, or the policy's usual one. Where one rhythm does not give three (small totals),
    other rhythms and then other days for a single payment fill up. All are allowed by the policy.
    Raises WrongCurrency; ValueError when nothing is owed.
    """
    _check(policy, total)
    usual = frequency if frequency is not None and frequency in policy.rhythms else policy.rhythms[0]
    found: dict[tuple[Due, ...], Offer] = {}

    def add(offer: Offer) -> None:
        if len(found) < 3:
            found.setdefault(offer.dues, offer)

    for offer in _in_rhythm(policy, total, usual, today):
        add(offer)
    for other in policy.rhythms:
        add(Offer(total, floor(policy, total, other, today), other, usual_first(policy, other, today)))
    for days in (7, 14, 21, 28, *range(policy.plans.first_payment_within_days + 1)):
        if days <= policy.plans.first_payment_within_days:
            add(Offer(total, total, usual, today + timedelta(days=days)))
    return list(found.values())


def _nearest_rhythm(policy: Policy, frequency: Frequency) -> Frequency:
    def weeks(each: Frequency) -> Decimal:
        return Decimal(each.every) / (1 if each.unit == "week" else _MONTHS_PER_WEEK)

    return min(policy.rhythms, key=lambda allowed: abs(weeks(allowed) - weeks(frequency)))


def counter(
    policy: Policy, total: Money, *, amount: Money, frequency: Frequency | None, first_on: date | None, today: date
) -> Allowed | TooLow | OtherTerms:
    """The answer to "can I do ``amount`` every so often from ``first_on``".

    An amount above what is owed is one payment of all. Without rhythm or date the usual ones are taken. An
    amount in another rhythm is first put into the nearest one allowed. Raises WrongCurrency; ValueError when
    nothing is owed.
    """
    _check(policy, total)
    if amount.currency != total.currency:
        raise WrongCurrency(f"{amount} was offered for a debt in {total.currency}")
    rhythm = frequency or policy.rhythms[0]
    because: Literal["frequency", "first_on"] | None = None
    if rhythm not in policy.rhythms:
        rhythm, because = _nearest_rhythm(policy, rhythm), "frequency"
    start = first_on or usual_first(policy, rhythm, today)
    latest = today + timedelta(days=policy.plans.first_payment_within_days)
    if not today <= start <= latest:
        start, because = latest if start > latest else usual_first(policy, rhythm, today), because or "first_on"
    least = floor(policy, total, rhythm, start)
    if amount < least:
        return TooLow(Offer(total, least, rhythm, start))
    offer = Offer(total, min(amount, total), rhythm, start)
    return Allowed(offer) if because is None else OtherTerms(offer, because)
