"""How a payment is spread: over debts, and over the buckets of one debt."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.balances import DebtLine
from ledger.errors import LedgerError
from ledger.kinds import Bucket
from ledger.models import Creditor, DebtBalance
from ledger.money import Money, total, zero
from ledger.policy import Policy, policy_for
from ledger.policy.payments import OverDebts
from runtime.ids import CreditorId, DebtId


class MoreThanOwed(LedgerError):
    """More was offered than can be paid on these debts. ``payable`` is the most."""

    def __init__(self, payable: Money) -> None:
        super().__init__(f"no more than {payable} can be paid")
        self.payable = payable


class NothingPayable(LedgerError):
    """Money came in, and every debt it could go to is disputed or otherwise on hold: a person must decide."""


Rules = Mapping[CreditorId, Policy]


def rules_for(session: Session, lines: Iterable[DebtLine]) -> dict[CreditorId, Policy]:
    """The policies of the lines' creditors, which say how payments are allocated. Raises OperatorError."""
    creditors = session.scalars(select(Creditor).where(Creditor.id.in_({line.creditor_id for line in lines})))
    return {creditor.id: policy_for(creditor) for creditor in creditors}


def in_order(lines: Sequence[DebtLine], rules: Rules) -> list[DebtLine]:
    """The debts in the order a payment fills them.

    Creditors who want the same order are served as one. Where they differ, each has the places that its debts have
    among all from the oldest on, and fills them in its own order.
    """
    oldest = sorted(lines, key=lambda line: (line.opened_on, line.debt_id))
    wishes: dict[CreditorId, OverDebts] = {
        line.creditor_id: rules[line.creditor_id].payments.over_debts if line.creditor_id in rules else "oldest"
        for line in oldest}

    def rate(line: DebtLine) -> Decimal:
        own = line.interest_rate
        return (own if own is not None else rules[line.creditor_id].interest.annual_percent) or Decimal(0)

    def served(wish: OverDebts) -> Iterator[DebtLine]:
        theirs = [line for line in oldest if wishes[line.creditor_id] == wish]
        if wish == "smallest":
            theirs.sort(key=lambda line: line.balance.minor)
        elif wish == "highest_interest":
            theirs.sort(key=rate, reverse=True)
        return iter(theirs)

    queues = {wish: served(wish) for wish in set(wishes.values())}
    return [next(queues[wishes[line.creditor_id]]) for line in oldest]


def split_payment(
    lines: Sequence[DebtLine], amount: Money, *, only: Collection[DebtId] = (), rules: Rules | None = None
) -> dict[DebtId, Money]:
    """Spread ``amount`` over the payable debts of its currency, in the order the creditors' ``rules`` give.

    Without rules the oldest first. Never to a disputed or otherwise unpayable debt. ``only`` is the debtor's own choice
    of debts, in their order. Raises MoreThanOwed.
    """
    payable = [line for line in lines if line.payable and line.balance.currency == amount.currency]
    if only:
        by_id = {line.debt_id: line for line in payable}
        payable = [by_id[debt_id] for debt_id in only if debt_id in by_id]
    else:
        payable = in_order(payable, rules or {})
    if amount > (most := total((line.balance for line in payable), amount.currency)):
        raise MoreThanOwed(most)
    return _fill(payable, amount)


def _fill(lines: Iterable[DebtLine], amount: Money) -> dict[DebtId, Money]:
    split: dict[DebtId, Money] = {}
    for line in lines:
        if (part := min(amount, line.balance)).minor > 0:
            split[line.debt_id] = part
            amount -= part
    return split


def own_split(lines: Sequence[DebtLine], wanted: Mapping[DebtId, Money]) -> dict[DebtId, Money]:
    """The debtor's own split, an amount for each debt, as it may be offered for payment.

    Raises MoreThanOwed when one gets more than is owed on it, or cannot be paid on (disputed, on hold).
    """
    by_id = {line.debt_id: line for line in lines if line.payable}
    for debt_id, amount in wanted.items():
        most = by_id[debt_id].balance if debt_id in by_id else zero(amount.currency)
        if amount.minor <= 0 or amount > most:
            raise MoreThanOwed(most)
    return dict(wanted)


def place(
    lines: Sequence[DebtLine], amount: Money, *, directed: Mapping[DebtId, Money] | None = None,
    rules: Rules | None = None,
) -> dict[DebtId, Money]:
    """Where money that has come in goes, all of it: first as the debtor ``directed``, then by the creditors' ``rules``.

    What is left when a directed debt is full goes on to the other debts; what is left when all are, to the first debt
    that got any, as its overpayment. Never to a disputed or otherwise unpayable debt, whatever was directed; nor to
    one that is time-barred unless it was, for a payment may start its time anew.
    Raises NothingPayable.
    """
    by_id = {x.debt_id: x for x in lines if x.payable and x.balance.currency == amount.currency}
    payable = in_order([x for x in by_id.values() if x.time_barred is not True], rules or {})
    split: dict[DebtId, Money] = {}
    left = amount
    for debt_id, part in (directed or {}).items():
        if debt_id in by_id and (part := min(part, left, by_id[debt_id].balance)).minor > 0:
            split[debt_id] = part
            left -= part
    for line in payable:
        got = split.get(line.debt_id, zero(amount.currency))
        if (part := min(left, line.balance - got)).minor > 0:
            split[line.debt_id] = got + part
            left -= part
    if not split:
        raise NothingPayable(f"there is no debt that {amount} can go to")
    if not left.is_zero:
        split[next(iter(split))] += left
    return split


def over_buckets(
    balance: DebtBalance | SimpleNamespace, amount: Money, order: Sequence[Bucket]
) -> dict[Bucket, Money]:
    """What of ``amount`` goes to each bucket, in the policy's ``order``; the surplus to overpayment."""
    parts: dict[Bucket, Money] = {}
    left = amount.minor
    for bucket in order:
        part = min(left, getattr(balance, bucket.value))
        if part > 0:
            parts[bucket] = Money(part, amount.currency)
            left -= part
    if left:
        parts[Bucket.OVERPAYMENT] = Money(left, amount.currency)
    return parts
