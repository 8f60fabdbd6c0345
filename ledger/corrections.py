"""What staff may do to a balance: adjust a bucket, write a debt off. Undone only by ``ledger.posting.reverse``."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.errors import CannotWriteOff, WrongCurrency
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PostingKind, WriteOffReason
from ledger.models import Debt, Txn
from ledger.money import Money
from ledger.opening import end_plans
from ledger.posting import all_owed, begin_posting, finish_posting, lock_balances, on_creditor, on_debt
from runtime.ids import DebtId

ADJUSTED_AGAINST = (CreditorAccount.PLACED, CreditorAccount.WRITE_OFF, CreditorAccount.DIRECT,
                    CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.ACCRUED_INTEREST)
"""Accounts an adjustment may be made against: what was placed was wrong, a part (or interest) is waived, money was
misplaced."""


def adjust(
    session: Session, *, key: str, debt_id: DebtId, bucket: Bucket, amount: Money, reason: str, effective_on: date,
    posted_at: datetime, actor: str, against: CreditorAccount = CreditorAccount.PLACED,
) -> Txn:
    """Raise (or with a negative ``amount`` lower) one bucket of what is owed, for a ``reason`` staff give.

    A debt that owes nothing afterwards is closed, one that owes again is open; one recalled stays its creditor's.
    The same key with the same content changes nothing.
    Raises NotFound, WrongCurrency, BelowZero, KeyReused; ValueError for nothing, no reason, overpayment (that is
    refunded), or an account that is not in ``ADJUSTED_AGAINST``.
    """
    if amount.is_zero or not reason.strip() or bucket not in OWED or against not in ADJUSTED_AGAINST:
        raise ValueError("an adjustment needs a bucket of what is owed, an amount, a reason and a fitting account")
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.ADJUSTMENT, effective_on=effective_on, posted_at=posted_at,
            actor=actor, cause=reason.strip()[:200],
            content=[debt_id, bucket.value, amount.json(), against.value, reason.strip()])
        if fresh:
            balances = lock_balances(session, [debt_id])
            debt = session.get_one(Debt, debt_id, populate_existing=True)
            if debt.currency != amount.currency:
                raise WrongCurrency(f"debt {debt_id} is not in {amount.currency}")
            finish_posting(session, txn, [on_debt(debt_id, bucket, amount),
                                          on_creditor(debt.creditor_id, against, -amount)], balances)
            if debt.status is not DebtStatus.OPEN:
                end_plans(session, key=key, debt_id=debt_id, actor=actor, now=posted_at)
    return txn


def write_off(
    session: Session, *, key: str, debt_id: DebtId, reason: WriteOffReason, effective_on: date, posted_at: datetime,
    actor: str, note: str = "",
) -> Txn:
    """Give up all that is owed on an open debt: it is closed, and plans with it end. ``reverse`` opens it again.

    A payment that bounces later opens the debt for that amount alone; what was written off stays so.
    The same key with the same content changes nothing. Raises NotFound, KeyReused, CannotWriteOff.
    """
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.WRITE_OFF, effective_on=effective_on, posted_at=posted_at, actor=actor,
            cause=f"{reason.value}: {note.strip()}"[:200] if note.strip() else reason.value,
            content=[debt_id, reason.value])
        if fresh:
            balances = lock_balances(session, [debt_id])
            debt = session.get_one(Debt, debt_id, populate_existing=True)
            if debt.status is not DebtStatus.OPEN or not balances[debt_id].owed:
                raise CannotWriteOff(f"debt {debt.ref} is {debt.status} and owes {balances[debt_id].owed} minor units")
            finish_posting(session, txn, all_owed(debt, balances[debt_id], CreditorAccount.WRITE_OFF), balances)
            end_plans(session, key=key, debt_id=debt_id, actor=actor, now=posted_at)
    return txn
