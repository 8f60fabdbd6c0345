"""Money given back: a payment, a part of one, or what was paid too much.

A part takes back in the opposite order of the recorded allocation: what was paid too much first, then the last debt
and its last bucket. So a payment and its partial refund leave what a smaller payment would have left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ledger.errors import CannotReverse, MoreThanPaid, NotFound, WrongCurrency
from ledger.kinds import Bucket, CreditorAccount, PostingKind
from ledger.models import Account, Creditor, Debt, DebtBalance, Entry, TakeBack, Txn
from ledger.money import Money, total, totals, zero
from ledger.posting import (
    Line,
    begin_posting,
    finish_posting,
    lines_of,
    lock_balances,
    on_creditor,
    on_debt,
    reverse,
    undone,
)
from ledger.receipts import receive
from runtime.ids import CreditorId, DebtId


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a payment. ``lines`` are credits on debts, in the order in which they are taken back."""

    payment_id: int
    lines: list[Line]
    creditor_of: Mapping[DebtId, CreditorId]
    came_in_on: Mapping[CreditorId, CreditorAccount]
    withdrawn: Mapping[tuple[CreditorId, str], int]
    """What the processor holds back of it in a card dispute, in minor units."""

    def most(self, currency: str) -> Money:
        """All that can be given back now."""
        return total((line.amount for line in self.take(None, currency)), currency)

    def take(self, amount: Money | None, currency: str, only: Mapping[CreditorId, int] | None = None) -> list[Line]:
        """Debits on debts for ``amount`` (None: as much as there is), from the money no card dispute holds.

        ``only``: instead, for each creditor, what a card dispute holds.
        """
        room: dict[CreditorId, int] = {}
        for line in self.lines:
            if line.debt_id is not None and line.amount.currency == currency:
                creditor_id = self.creditor_of[line.debt_id]
                room[creditor_id] = room.get(creditor_id, 0) - line.amount.minor
        for creditor_id in room:
            held = self.withdrawn.get((creditor_id, currency), 0)
            room[creditor_id] = only.get(creditor_id, 0) if only is not None else room[creditor_id] - held
        taken: list[Line] = []
        wanted = amount.minor if amount is not None else sum(room.values())
        for line in self.lines:
            if line.debt_id is None or line.amount.currency != currency:
                continue
            creditor_id = self.creditor_of[line.debt_id]
            part = min(wanted, -line.amount.minor, room[creditor_id])
            if part > 0:
                taken.append(Line(line.owner, line.kind, Money(part, currency)))
                wanted -= part
                room[creditor_id] -= part
        return taken


def left_of(session: Session, payment_id: int, balances: Mapping[DebtId, DebtBalance]) -> Left:
    """What is left of a payment whose debts' ``balances`` are locked. Of an overpayment only what we still hold.

    Raises CannotReverse when the payment was reversed.
    """
    if session.scalar(select(Txn.id).where(Txn.reverses_id == payment_id)) is not None:
        raise CannotReverse(f"posting {payment_id} was reversed before")
    taken = select(Txn.id).join(TakeBack, TakeBack.txn_id == Txn.id).where(TakeBack.payment_id == payment_id, ~undone())
    rows = session.execute(
        select(Account.debt_id, Account.creditor_id, Account.kind, Entry.currency, func.sum(Entry.amount))
        .join(Account, Account.id == Entry.account_id)
        .where(or_(Entry.txn_id == payment_id, Entry.txn_id.in_(taken)))
        .group_by(Account.debt_id, Account.creditor_id, Account.kind, Entry.currency)
    )
    sums = {(debt, creditor, kind, currency): int(amount) for debt, creditor, kind, currency, amount in rows}
    surplus: list[Line] = []
    paid: list[Line] = []
    accounts: dict[CreditorId, CreditorAccount] = {}
    for line in lines_of(session, payment_id):
        if line.debt_id is None:
            accounts[CreditorId(line.owner)] = CreditorAccount(line.kind)
            continue
        minor = sums[line.debt_id, None, line.kind.value, line.amount.currency]
        if line.kind is Bucket.OVERPAYMENT:
            minor = max(minor, -balances[line.debt_id].overpayment)
        if minor < 0:
            (surplus if line.kind is Bucket.OVERPAYMENT else paid).append(
                Line(line.owner, line.kind, Money(minor, line.amount.currency)))
    return Left(
        payment_id, [*reversed(surplus), *reversed(paid)],
        dict(session.execute(select(Debt.id, Debt.creditor_id).where(Debt.id.in_(balances))).all()), accounts,
        {(creditor, currency): minor for (_, creditor, kind, currency), minor in sums.items()
         if creditor is not None and kind == CreditorAccount.DISPUTE_HOLD},
    )


def lock_payment(session: Session, payment_id: int) -> dict[DebtId, DebtBalance]:
    """The balances of the debts a payment went to, locked. Raises NotFound when there is no such payment."""
    payment = session.get(Txn, payment_id)
    if payment is None or payment.kind is not PostingKind.PAYMENT:
        raise NotFound(f"there is no payment {payment_id}")
    return lock_balances(session, [x.debt_id for x in lines_of(session, payment_id) if x.debt_id is not None])


def refundable(session: Session, payment_id: int) -> dict[str, Money]:
    """What can be given back of a payment now, in each currency in which there is any. Locks its debts.

    Raises NotFound, CannotReverse.
    """
    left = left_of(session, payment_id, lock_payment(session, payment_id))
    most = totals(left.most(currency) for currency in {line.amount.currency for line in left.lines})
    return {currency: amount for currency, amount in most.items() if not amount.is_zero}


def refund_payment(
    session: Session, *, key: str, payment_id: int, amount: Money, effective_on: date, posted_at: datetime, actor: str,
    cause: str, through: CreditorAccount | None = None,
) -> Txn:
    """Record that ``amount`` of a payment was given back, by the account it came in on unless ``through`` says else.

    Never more than is left of it after earlier refunds, card disputes, and overpayments given back. Plans and
    promises follow. The same key with the same content changes nothing.
    Raises NotFound, MoreThanPaid, KeyReused; CannotReverse when the payment was reversed; ValueError for nothing.
    """
    if amount.minor <= 0:
        raise ValueError("a refund needs an amount above nothing")
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.REFUND, effective_on=effective_on, posted_at=posted_at, actor=actor,
            cause=cause, content=[payment_id, amount.json(), through.value if through else None])
        if not fresh:
            return txn
        balances = lock_payment(session, payment_id)
        left = left_of(session, payment_id, balances)
        if amount > (most := left.most(amount.currency)):
            raise MoreThanPaid(most)
        taken = left.take(amount, amount.currency)
        session.add(TakeBack(txn_id=txn.id, payment_id=payment_id))
        finish_posting(session, txn, [*taken, *_back(left, taken, through)], balances)
    return txn


def _back(left: Left, taken: list[Line], through: CreditorAccount | None) -> list[Line]:
    """The other side: the creditors' accounts the money goes out of."""
    lines: list[Line] = []
    for creditor_id in sorted({left.creditor_of[x.debt_id] for x in taken if x.debt_id is not None}):
        mine = [x.amount for x in taken if x.debt_id is not None and left.creditor_of[x.debt_id] == creditor_id]
        lines.append(on_creditor(creditor_id, through or left.came_in_on[creditor_id], -total(mine, mine[0].currency)))
    return lines


def refund_failed(
    session: Session, *, key: str, refund_id: int, effective_on: date, posted_at: datetime, actor: str, cause: str
) -> Txn:
    """The bank sent a refund back: the debtor has paid after all. Undoes the refund's posting.

    When what it had opened again was paid in the meantime, the money is a payment of its own: nothing that came in
    is refused. The same key changes nothing. Raises NotFound, KeyReused; CannotReverse when it was undone before.
    """
    session.flush()
    refund = session.get(Txn, refund_id)
    if refund is None or refund.kind is not PostingKind.REFUND:
        raise NotFound(f"there is no refund {refund_id}")
    earlier = session.scalars(select(Txn).where(Txn.idem_key == key)).one_or_none()
    if earlier is None or earlier.kind is not PostingKind.PAYMENT:
        try:
            return reverse(session, key=key, txn_id=refund_id, effective_on=effective_on, posted_at=posted_at,
                           actor=actor, cause=cause)
        except CannotReverse:
            if session.scalar(select(Txn.id).where(Txn.reverses_id == refund_id)) is not None:
                raise
    lines = lines_of(session, refund_id)
    split: dict[DebtId, Money] = {}
    for line in lines:
        if line.debt_id is not None:
            split[line.debt_id] = split.get(line.debt_id, zero(line.amount.currency)) + line.amount
    account = next(CreditorAccount(line.kind) for line in lines if line.debt_id is None)
    return receive(session, key=key, split=split, effective_on=effective_on, posted_at=posted_at, actor=actor,
                   cause=cause, through=account)


def refund_overpayment(
    session: Session, *, key: str, debt_id: DebtId, amount: Money, effective_on: date, posted_at: datetime, actor: str,
    cause: str, through: CreditorAccount = CreditorAccount.PROCESSOR_CLEARING,
) -> Txn:
    """Record that ``amount`` of what was paid too much on a debt was given back; never more than is held.

    The same key with the same content changes nothing.
    Raises NotFound, WrongCurrency, MoreThanPaid, KeyReused; ValueError for nothing, or an account money is not paid by.
    """
    if amount.minor <= 0:
        raise ValueError("a refund needs an amount above nothing")
    if through not in (CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.DIRECT):
        raise ValueError(f"money is not given back through {through}")
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.REFUND, effective_on=effective_on, posted_at=posted_at, actor=actor,
            cause=cause, content=["overpayment", debt_id, amount.json(), through.value])
        if fresh:
            balances = lock_balances(session, [debt_id])
            held_back = _in_dispute(session, debt_id)
            debt = session.get_one(Debt, debt_id)
            if debt.currency != amount.currency:
                raise WrongCurrency(f"debt {debt_id} is not in {amount.currency}")
            most = Money(max(0, balances[debt_id].overpayment - held_back), debt.currency)
            if amount > most:
                raise MoreThanPaid(most)
            finish_posting(session, txn, [on_debt(debt_id, Bucket.OVERPAYMENT, amount),
                                          on_creditor(debt.creditor_id, through, -amount)], balances)
    return txn


def _in_dispute(session: Session, debt_id: DebtId) -> int:
    """What an open card dispute may yet take of a debt's overpayment, in minor units."""
    surplus = select(Entry.txn_id).join(Account, Account.id == Entry.account_id).where(
        Account.debt_id == debt_id, Account.kind == Bucket.OVERPAYMENT.value, Entry.amount < 0)
    return int(session.scalar(
        select(func.sum(Entry.amount)).join(Account, Account.id == Entry.account_id)
        .join(Txn, Txn.id == Entry.txn_id).join(TakeBack, TakeBack.txn_id == Txn.id)
        .join(Creditor, Creditor.id == Account.creditor_id)
        .where(Account.kind == CreditorAccount.DISPUTE_HOLD.value, TakeBack.payment_id.in_(surplus), ~undone())
    ) or 0)


__all__ = ["Left", "left_of", "lock_payment", "refund_failed", "refund_overpayment", "refund_payment",
           "refundable"]
