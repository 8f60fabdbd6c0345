"""What a creditor's policy lets us take to close a debt. Nothing here is agreed or posted."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING

from ledger.money import Money
from ledger.policy import Policy


@dataclass(frozen=True, slots=True)
class Settlement:
    """``amount`` in at most ``payments`` payments, by ``until``, would close the debt."""

    amount: Money
    payments: int
    until: date


def settlement_for(policy: Policy, balance: Money, *, today: date) -> Settlement | None:
    """The lowest settlement of the policy's tiers, rounded up to a minor unit; None when it has none."""
    if balance.minor <= 0 or not policy.settlement:
        return None
    tier = min(policy.settlement, key=lambda t: (t.pay_percent, -t.payments))
    minor = int((balance.minor * tier.pay_percent / 100).to_integral_value(ROUND_CEILING))
    return Settlement(Money(minor, balance.currency), tier.payments, today + timedelta(days=tier.within_days))
