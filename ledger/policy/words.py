"""A policy in plain words, and what it gives for sample balances.

A section that knows how to explain itself is asked; for the others the sentences are in ``sentences``. A field that no
sentence speaks of is still shown, with its description.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from ledger.kinds import Authority
from ledger.money import Money
from ledger.offers import Offer, floor, offers, usual_first
from ledger.policy.model import Policy
from ledger.policy.plans import FREQUENCIES
from ledger.policy.section import money
from ledger.policy.sentences import often, sentences
from ledger.schedule import Frequency

SAMPLES = (Decimal(50), Decimal(200), Decimal(640), Decimal(2000), Decimal(10000))
"""Balances in major units that a policy is tried on."""

_TITLES = {
    "plans": "Plans", "promises": "Promises to pay", "holds": "Holds", "payments": "Payments",
    "settlement": "Settlement", "approval": "Approval", "affordability": "Affordability", "interest": "Interest",
    "master": "Whose books count",
}


def explain(policy: Policy) -> Iterator[str]:
    """The policy, a heading and then its sentences, each with two spaces before it, section by section."""
    yield f"{policy.title or policy.name}: {policy.country}, amounts in {policy.currency}."
    for name, section in policy.sections.items():
        yield ""
        yield _TITLES.get(name, name.replace("_", " ").capitalize())
        yield from (f"  {line}" for line in sentences(name, section, policy.currency))


def example(policy: Policy, balance: Decimal, *, today: date) -> Iterator[str]:
    """What the policy gives on ``balance`` major units today: offers, the floor, the longest term, settlements.

    Raises MoneyError when the currency has no such amount.
    """
    total = Money.from_decimal(balance, policy.currency)
    usual = policy.rhythms[0]
    lowest = floor(policy, total, usual, first_on := usual_first(policy, usual, today))
    yield f"On a balance of {_money(total)}:"
    for number, offer in enumerate(offers(policy, total, today=today), start=1):
        yield f"  offer {number}: {_offer(offer)}"
    longest = Offer(total, lowest, usual, first_on)
    yield f"  lowest instalment {_rhythm(usual)}: {_money(lowest)}; longest plan: {longest.count} " \
          f"payment{'s' if longest.count > 1 else ''}, until {_day(longest.last.on)}"
    yield from _settlements(policy, total, today)


def _settlements(policy: Policy, total: Money, today: date) -> Iterator[str]:
    ages = sorted({0, *(tier.months_old for tier in policy.settlement.tiers)})
    shown = set()
    for age in ages:
        for tier in policy.settlement.fitting(total.decimal, age, Authority.LEAD):
            if tier in shown:
                continue
            shown.add(tier)
            closes = tier.closes(total)
            how = "in one payment" if tier.payments == 1 else f"in up to {tier.payments} payments"
            old = f", debts of {tier.months_old} months or more" if tier.months_old else ""
            who = "" if tier.authority is Authority.BOT else f", offered by {tier.authority} only"
            yield f"  settlement: {_money(closes)} {how} by {_day(today + timedelta(days=tier.within_days))}{old}{who}"
    if not shown:
        yield "  settlement: none"


def _offer(offer: Offer) -> str:
    if offer.count == 1:
        return f"{_money(offer.total)} at once, on {_day(offer.first_on)}"
    last = offer.last
    words = f"{_money(offer.instalment)} {_rhythm(offer.frequency)}, {offer.count} payments from {_day(offer.first_on)}"
    return f"{words}, the last of {_money(last.amount)} on {_day(last.on)}"


def _rhythm(frequency: Frequency) -> str:
    named = [often(name) for name, each in FREQUENCIES.items() if each == frequency]
    return named[0] if named else f"every {frequency.every} {frequency.unit}s"


def _money(amount: Money) -> str:
    return money(amount.decimal, amount.currency)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
