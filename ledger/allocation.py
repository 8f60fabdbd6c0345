"""How a payment is spread: over debts, and over the buckets of one debt."""

from collections.abc import Collection, Sequence

from ledger.balances import DebtLine
from ledger.errors import LedgerError
from ledger.kinds import Bucket
from ledger.models import DebtBalance
from ledger.money import Money, total, zero
from runtime.ids import DebtId


class MoreThanOwed(LedgerError):
    """More was offered than can be paid on these debts. ``payable`` is the most."""

    def __init__(self, payable: Money) -> None:
        super().__init__(f"no more than {payable} can be paid")
        self.payable = payable


def split_payment(lines: Sequence[DebtLine], amount: Money, *, only: Collection[DebtId] = ()) -> dict[DebtId, Money]:
    """Spread ``amount`` over the payable debts of its currency, in the order of ``lines`` (the oldest first).

    Never to a disputed or otherwise unpayable debt. ``only`` is the debtor's own choice of debts, in their
    order. Raises MoreThanOwed.
    """
    payable = [line for line in lines if line.payable and line.balance.currency == amount.currency]
    if only:
        by_id = {line.debt_id: line for line in payable}
        payable = [by_id[debt_id] for debt_id in only if debt_id in by_id]
    if amount > (most := total((line.balance for line in payable), amount.currency)):
        raise MoreThanOwed(most)
    split: dict[DebtId, Money] = {}
    left = amount
    for line in payable:
        if left.is_zero:
            break
        split[line.debt_id] = min(left, line.balance)
        left -= split[line.debt_id]
    return split


def over_buckets(balance: DebtBalance, amount: Money, order: Sequence[Bucket]) -> dict[Bucket, Money]:
    """What of ``amount`` goes to each bucket, in the policy's ``order``; the surplus to overpayment."""
    parts: dict[Bucket, Money] = {}
    left = amount
    for bucket in order:
        part = min(left, Money(getattr(balance, bucket.value), amount.currency))
        if part > zero(amount.currency):
            parts[bucket] = part
            left -= part
    if not left.is_zero:
        parts[Bucket.OVERPAYMENT] = left
    return parts
