"""Payments received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from ledger.accrual import bring_up_to_date
from ledger.allocation import over_buckets
from ledger.errors import NotFound, WrongCurrency
from ledger.keeping import stands
from ledger.kinds import CreditorAccount, PostingKind
from ledger.models import Account, Creditor, Debt, Entry, TakeBack, Txn
from ledger.money import Money, total
from ledger.plain_payments import post_plain
from ledger.policy import policy_for
from ledger.posting import Line, begin_posting, finish_posting, lock_balances, on_creditor, on_debt
from runtime.ids import DebtId, DebtorId


def receive(
    session: Session, *, key: str, split: Mapping[DebtId, Money], effective_on: date, posted_at: datetime, actor: str,
    cause: str, through: CreditorAccount = CreditorAccount.PROCESSOR_CLEARING,
) -> Txn:
    """Credit a payment to debts as ``split`` says, on each in the order of its creditor's policy.

    Interest of the days before ``effective_on`` is added first, where the policy adds any.
    What is more than owed goes to the debt's overpayment: money that has come in is never refused, whatever
    hold there is. Sets debts paid, instalments paid, promises kept. ``through`` is the creditor's account the
    money came in on. The same key with the same split changes nothing.
    Raises KeyReused, NotFound, WrongCurrency; ValueError for an empty split or an amount that is not positive.
    """
    if not split or any(amount.minor <= 0 for amount in split.values()):
        raise ValueError("a payment needs amounts above nothing")
    session.flush()
    content = [through.value, sorted([i, m.minor, m.currency] for i, m in split.items())]
    txn, done = None, False
    if len(split) == 1:
        [(debt_id, amount)] = split.items()
        txn, done = post_plain(session, key=key, debt_id=debt_id, amount=amount, effective_on=effective_on,
                               posted_at=posted_at, actor=actor, cause=cause, through=through, content=content)
    if txn is None:
        _known(session, split)
        txn, fresh = begin_posting(session, key=key, kind=PostingKind.PAYMENT, effective_on=effective_on,
                                   posted_at=posted_at, actor=actor, cause=cause, content=content)
        done = not fresh
    if done:
        return txn
    balances = lock_balances(session, split)
    debts = {
        debt.id: (debt, creditor) for debt, creditor in session.execute(
            select(Debt, Creditor).join(Creditor, Creditor.id == Debt.creditor_id).where(Debt.id.in_(split))
        )
    }
    orders = {debt_id: policy_for(creditor).payments.buckets for debt_id, (_, creditor) in debts.items()}
    bring_up_to_date(session, debts, before=effective_on, posted_at=posted_at)
    lines: list[Line] = []
    for debt_id, amount in sorted(split.items()):
        for bucket, part in over_buckets(balances[debt_id], amount, orders[debt_id]).items():
            lines.append(on_debt(debt_id, bucket, -part))
    for creditor_id, currency in sorted({(debt.creditor_id, debt.currency) for debt, _ in debts.values()}):
        mine = [
            split[debt.id] for debt, _ in debts.values() if (debt.creditor_id, debt.currency) == (creditor_id, currency)
        ]
        lines.append(on_creditor(creditor_id, through, total(mine, currency)))
    finish_posting(session, txn, lines, balances)
    return txn


def _known(session: Session, split: Mapping[DebtId, Money]) -> None:
    """Raises NotFound, WrongCurrency."""
    rows = session.execute(select(Debt.id, Debt.currency).where(Debt.id.in_(split)))
    currencies = {debt_id: currency for debt_id, currency in rows}
    for debt_id, amount in split.items():
        if debt_id not in currencies:
            raise NotFound(f"there is no debt {debt_id}")
        if currencies[debt_id] != amount.currency:
            raise WrongCurrency(f"debt {debt_id} is not in {amount.currency}")


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """What one payment gave to one debt, by value date."""

    on: date
    amount: Money
    debt_id: DebtId
    debt_ref: str
    creditor: str


def payments_of(session: Session, debtor_id: DebtorId) -> list[PaymentLine]:
    """The payments of a debtor, the newest first. What was reversed or given back is left out; too much is included."""
    payment = aliased(Txn)
    rows = session.execute(
        select(payment.effective_on, func.sum(-Entry.amount), Entry.currency, Debt.id, Debt.ref, Creditor.name)
        .select_from(Debt).join(Creditor, Creditor.id == Debt.creditor_id)
        .join(Account, Account.debt_id == Debt.id).join(Entry, Entry.account_id == Account.id)
        .join(Txn, Txn.id == Entry.txn_id).outerjoin(TakeBack, TakeBack.txn_id == Txn.id)
        .join(payment, payment.id == func.coalesce(TakeBack.payment_id, Txn.id))
        .where(Debt.debtor_id == debtor_id, payment.kind == PostingKind.PAYMENT, stands())
        .group_by(payment.id, payment.effective_on, Entry.currency, Debt.id, Debt.ref, Creditor.name)
        .having(func.sum(Entry.amount) != 0)
        .order_by(payment.effective_on.desc(), payment.id.desc(), Debt.id)
    )
    return [PaymentLine(on, Money(int(minor), currency), debt_id, ref, creditor)
            for on, minor, currency, debt_id, ref, creditor in rows]
