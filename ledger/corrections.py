"""What staff may do to a balance: adjust a bucket, write a debt off. Undone only by ``ledger.posting.reverse``."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.approvals import Asked, clear
from ledger.errors import CannotWriteOff, WrongCurrency
from ledger.kinds import (
    OWED,
    Authority,
    BoundedAct,
    Bucket,
    CreditorAccount,
    DebtStatus,
    PostingKind,
    WriteOffReason,
)
from ledger.models import Account, Creditor, Debt, Entry, Txn
from ledger.money import Money
from ledger.opening import end_arrangements
from ledger.policy import policy_for
from ledger.posting import all_owed, begin_posting, finish_posting, lock_balances, on_creditor, on_debt, undone
from runtime.ids import DebtId

ADJUSTED_AGAINST = (CreditorAccount.PLACED, CreditorAccount.WRITE_OFF, CreditorAccount.DIRECT,
                    CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.ACCRUED_INTEREST)
"""Accounts an adjustment may be made against: what was placed was wrong, a part (or interest) is waived, money was
misplaced."""
GIVEN_UP_ON = (CreditorAccount.WRITE_OFF, CreditorAccount.ACCRUED_INTEREST)
"""Of these, the ones on which lowering a bucket gives something up, so that the policy's ``write_off_above`` bounds it.
"""


def adjust(
    session: Session, *, key: str, debt_id: DebtId, bucket: Bucket, amount: Money, reason: str, effective_on: date,
    posted_at: datetime, actor: str, against: CreditorAccount = CreditorAccount.PLACED,
    authority: Authority = Authority.BOT,
) -> Txn:
    """Raise (or with a negative ``amount`` lower) one bucket of what is owed, for a ``reason`` staff give.

    A debt that owes nothing afterwards is closed, one that owes again is open; one recalled stays its creditor's.
    The same key with the same content changes nothing. ``authority``: of whoever does it.
    Raises NotFound, WrongCurrency, BelowZero, KeyReused; NeedsApproval when so much is given up that the policy wants
    somebody with more; ValueError for nothing, no reason, overpayment (that is
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
            if amount.minor < 0 and against in GIVEN_UP_ON:
                _refuse_unapproved(session, debt, -amount.minor, [bucket.value, against.value, reason.strip()],
                                   key=key, authority=authority, actor=actor, now=posted_at)
            finish_posting(session, txn, [on_debt(debt_id, bucket, amount),
                                          on_creditor(debt.creditor_id, against, -amount)], balances)
            if debt.status is not DebtStatus.OPEN:
                end_arrangements(session, key=key, debt_id=debt_id, actor=actor, now=posted_at)
    return txn


def write_off(
    session: Session, *, key: str, debt_id: DebtId, reason: WriteOffReason, effective_on: date, posted_at: datetime,
    actor: str, note: str = "", authority: Authority = Authority.BOT,
) -> Txn:
    """Give up all that is owed on an open debt: it is closed, its arrangements end. ``reverse`` opens it again.

    A payment that bounces later opens the debt for that amount alone; what was written off stays so.
    The same key with the same content changes nothing. ``authority``: of whoever does it. Raises NotFound, KeyReused,
    CannotWriteOff; NeedsApproval when the policy wants somebody with more for this amount.
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
            _refuse_unapproved(session, debt, balances[debt_id].owed, [reason.value], key=key, authority=authority,
                               actor=actor, now=posted_at)
            finish_posting(session, txn, all_owed(debt, balances[debt_id], CreditorAccount.WRITE_OFF), balances)
            end_arrangements(session, key=key, debt_id=debt_id, actor=actor, now=posted_at)
    return txn


def _refuse_unapproved(
    session: Session, debt: Debt, minor: int, what: list[str], *, key: str, authority: Authority, actor: str,
    now: datetime,
) -> None:
    """Raises NeedsApproval. What was given up on the debt before counts, so that small parts are no way round."""
    policy = policy_for(session.get_one(Creditor, debt.creditor_id))
    given_up = Money(minor + _given_up(session, debt), debt.currency)
    needed = policy.approval.write_off_above.above(given_up.decimal)
    clear(session, Asked(key, BoundedAct.WRITE_OFF, debt.debtor_id, debt.id, what, needed, minor),
          authority=authority, actor=actor, now=now)


def _given_up(session: Session, debt: Debt) -> int:
    """What was written off or waived on a debt and is not owed again, in minor units."""
    mine = select(Entry.txn_id).join(Account, Account.id == Entry.account_id).where(Account.debt_id == debt.id)
    return int(session.scalar(
        select(func.sum(Entry.amount)).join(Account, Account.id == Entry.account_id)
        .join(Txn, Txn.id == Entry.txn_id)
        .where(Txn.id.in_(mine), Txn.kind.in_((PostingKind.WRITE_OFF, PostingKind.ADJUSTMENT)), ~undone(),
               Account.creditor_id == debt.creditor_id, Account.kind.in_([kind.value for kind in GIVEN_UP_ON]),
               Entry.amount > 0)
    ) or 0)
