"""Card disputes: the cardholder asks the bank for the money back, and the processor withdraws it until that is decided.

Withdrawn: the debtor stays credited while nobody knows. Won: the money comes back. Lost: what the money had paid is
owed again. A disputed *debt* is something else: a hold.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import CannotReverse, MoreThanPaid, NotFound
from ledger.kinds import CreditorAccount, PostingKind
from ledger.models import TakeBack, Txn
from ledger.money import Money, total
from ledger.posting import begin_posting, finish_posting, lines_of, on_creditor, reverse, undone
from ledger.returns import left_of, lock_payment
from runtime.ids import CreditorId


def withdraw_disputed(
    session: Session, *, key: str, payment_id: int, amount: Money, effective_on: date, posted_at: datetime, actor: str,
    cause: str,
) -> Txn:
    """The processor withdrew ``amount`` of a payment because of a card dispute. Balances of debts stay as they are.

    The same key with the same content changes nothing.
    Raises NotFound, MoreThanPaid, KeyReused; CannotReverse when the payment was reversed; ValueError for nothing.
    """
    if amount.minor <= 0:
        raise ValueError("a withdrawal needs an amount above nothing")
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.CARD_DISPUTE, effective_on=effective_on, posted_at=posted_at,
            actor=actor, cause=cause, content=[payment_id, amount.json()])
        if not fresh:
            return txn
        left = left_of(session, payment_id, lock_payment(session, payment_id))
        if amount > (most := left.most(amount.currency)):
            raise MoreThanPaid(most)
        parts: dict[CreditorId, Money] = {}
        for line in left.take(amount, amount.currency):
            assert line.debt_id is not None
            creditor_id = left.creditor_of[line.debt_id]
            parts[creditor_id] = total([line.amount, *([parts[creditor_id]] if creditor_id in parts else [])],
                                       amount.currency)
        session.add(TakeBack(txn_id=txn.id, payment_id=payment_id))
        finish_posting(session, txn, [
            line for creditor_id, part in sorted(parts.items())
            for line in (on_creditor(creditor_id, CreditorAccount.DISPUTE_HOLD, part),
                         on_creditor(creditor_id, left.came_in_on[creditor_id], -part))])
    return txn


def lose_dispute(
    session: Session, *, key: str, withdrawal_id: int, effective_on: date, posted_at: datetime, actor: str, cause: str
) -> Txn:
    """The money of a withdrawal is gone: what it had paid is owed again, taken back as a refund would be.

    The same key changes nothing. Raises NotFound, KeyReused; CannotReverse when the withdrawal was reinstated, lost
    under another key, or its money cannot be taken from the debts any more (its overpayment was given back).
    """
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.CARD_DISPUTE_LOST, effective_on=effective_on, posted_at=posted_at,
            actor=actor, cause=cause, content=withdrawal_id)
        if not fresh:
            return txn
        payment_id = _payment_of(session, withdrawal_id)
        balances = lock_payment(session, payment_id)
        if lost_by(session, withdrawal_id) is not None:
            raise CannotReverse(f"withdrawal {withdrawal_id} was lost before")
        if session.scalar(select(Txn.id).where(Txn.reverses_id == withdrawal_id)) is not None:
            raise CannotReverse(f"withdrawal {withdrawal_id} was reinstated")
        left = left_of(session, payment_id, balances)
        held = [x for x in lines_of(session, withdrawal_id) if x.kind is CreditorAccount.DISPUTE_HOLD]
        taken = left.take(None, held[0].amount.currency, only={CreditorId(x.owner): x.amount.minor for x in held})
        if total((x.amount for x in taken), held[0].amount.currency) != total(
                (x.amount for x in held), held[0].amount.currency):
            raise CannotReverse(f"the money of withdrawal {withdrawal_id} has moved on")
        session.add(TakeBack(txn_id=txn.id, payment_id=payment_id, withdrawal_id=withdrawal_id))
        released = [on_creditor(CreditorId(x.owner), CreditorAccount.DISPUTE_HOLD, -x.amount) for x in held]
        finish_posting(session, txn, [*taken, *released], balances)
    return txn


def reinstate_disputed(
    session: Session, *, key: str, withdrawal_id: int, effective_on: date, posted_at: datetime, actor: str, cause: str
) -> Txn:
    """The money of a withdrawal came back: its posting is reversed, and before that its loss, if it counted as lost.

    The same key changes nothing. Raises NotFound, KeyReused, CannotReverse (reinstated under another key, or what was
    owed again after the loss has been paid in the meantime).
    """
    with session.begin_nested():
        lock_payment(session, _payment_of(session, withdrawal_id))
        if (lost := lost_by(session, withdrawal_id)) is not None:
            reverse(session, key=f"{key}:loss", txn_id=lost, effective_on=effective_on, posted_at=posted_at,
                    actor=actor, cause=cause)
        return reverse(session, key=key, txn_id=withdrawal_id, effective_on=effective_on, posted_at=posted_at,
                       actor=actor, cause=cause)


def _payment_of(session: Session, withdrawal_id: int) -> int:
    withdrawal = session.get(Txn, withdrawal_id)
    found = session.get(TakeBack, withdrawal_id)
    if withdrawal is None or found is None or withdrawal.kind is not PostingKind.CARD_DISPUTE:
        raise NotFound(f"there is no withdrawal {withdrawal_id}")
    return found.payment_id


def lost_by(session: Session, withdrawal_id: int) -> int | None:
    """The standing posting by which a withdrawal was lost."""
    return session.scalar(select(Txn.id).join(TakeBack, TakeBack.txn_id == Txn.id)
                          .where(TakeBack.withdrawal_id == withdrawal_id, ~undone()))
