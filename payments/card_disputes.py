"""Card disputes: what Stripe withdraws, gives back or keeps is posted; staff are told of every step."""

import logging
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.card_disputes import lose_dispute, lost_by, reinstate_disputed, withdraw_disputed
from ledger.errors import LedgerError
from ledger.kinds import PostingKind
from ledger.models import TakeBack, Txn
from ledger.money import Money
from ledger.posting import undone
from ledger.processor_fees import charge_fee
from payments.models import Payment, PaymentStatus
from payments.posting import ACTOR, local_date
from payments.refunds import WAITING, tell_staff
from payments.seen import DisputeSeen

log = logging.getLogger("debtdesk.payments")


def disputed(session: Session, seen: DisputeSeen, *, kind: str, now: datetime) -> str:
    """Take in one step of a card dispute (docs.stripe.com/disputes/how-disputes-work).

    Money counts as withdrawn on ``funds_withdrawn``, as back on ``funds_reinstated``, as gone on ``closed`` with the
    state ``lost``; while nobody knows, the debtor stays credited. ``waiting`` when an end overtakes its beginning.
    """
    payment = session.scalar(select(Payment).where(Payment.payment_intent == (seen.payment_intent or ""))
                             .with_for_update())
    step = kind.removeprefix("charge.dispute.")
    act = {"funds_withdrawn": _withdraw, "funds_reinstated": _reinstate}.get(step)
    if step == "closed" and seen.status == "lost":
        act = _lose
    followed = False
    if act is not None and payment is not None and payment.txn_id and payment.status is PaymentStatus.POSTED:
        if act is not _withdraw and not _withdrawals(session, payment, seen, standing=False):
            return WAITING
        followed = _follow(session, payment, seen, act, now)
    does = "The ledger follows." if followed else "The ledger is unchanged."
    tell_staff(session, payment, f"stripe:{seen.id}:{step}", "card_dispute", urgent=step != "closed", now=now,
               summary=f"Card dispute {seen.id} ({step}, {seen.reason}, {seen.status}): "
                       f"{Money(seen.amount, seen.currency)} of {seen.payment_intent}. Answer it at Stripe. {does}")
    return "posted" if followed else "for_staff"


Act = Callable[[Session, Payment, DisputeSeen, date, datetime], bool]


def _follow(session: Session, payment: Payment, seen: DisputeSeen, act: Act, now: datetime) -> bool:
    """Post this step and the fees seen with it, all or nothing. False when the ledger refuses."""
    assert payment.debtor_id is not None
    on = local_date(session, payment.debtor_id, now)
    try:
        with session.begin_nested():
            followed = act(session, payment, seen, on, now)
            for moved in seen.balance_transactions:
                if moved.fee:
                    charge_fee(session, key=f"stripe:{moved.id}:fee", payment_id=_posted(payment),
                               fee=Money(moved.fee, moved.currency), effective_on=on, posted_at=now, actor=ACTOR,
                               cause=seen.id)
            return followed
    except LedgerError as error:
        log.error("card dispute %s was refused by the ledger: %s", seen.id, error)
        return False


def _withdraw(session: Session, payment: Payment, seen: DisputeSeen, on: date, now: datetime) -> bool:
    whole = Money(seen.amount, seen.currency)
    taken = {moved.id: Money(-moved.amount, seen.currency) if moved.currency == seen.currency else whole
             for moved in seen.balance_transactions if moved.amount < 0}
    for name, amount in (taken or {seen.id: whole}).items():
        withdraw_disputed(session, key=f"stripe:{name}:withdrawn", payment_id=_posted(payment), amount=amount,
                          effective_on=on, posted_at=now, actor=ACTOR, cause=seen.id)
    return True


def _reinstate(session: Session, payment: Payment, seen: DisputeSeen, on: date, now: datetime) -> bool:
    back = _withdrawals(session, payment, seen)
    for withdrawal in back:
        reinstate_disputed(session, key=f"stripe:{seen.id}:reinstated:{withdrawal}", withdrawal_id=withdrawal,
                           effective_on=on, posted_at=now, actor=ACTOR, cause=seen.id)
    return bool(back)


def _lose(session: Session, payment: Payment, seen: DisputeSeen, on: date, now: datetime) -> bool:
    gone = [found for found in _withdrawals(session, payment, seen) if lost_by(session, found) is None]
    for withdrawal in gone:
        lose_dispute(session, key=f"stripe:{seen.id}:lost:{withdrawal}", withdrawal_id=withdrawal, effective_on=on,
                     posted_at=now, actor=ACTOR, cause=seen.id)
    return bool(gone)


def _withdrawals(session: Session, payment: Payment, seen: DisputeSeen, *, standing: bool = True) -> list[int]:
    """What was withdrawn for this dispute; with ``standing`` only what was not reinstated."""
    query = (select(Txn.id).join(TakeBack, TakeBack.txn_id == Txn.id)
             .where(TakeBack.payment_id == payment.txn_id, Txn.kind == PostingKind.CARD_DISPUTE, Txn.cause == seen.id))
    return list(session.scalars((query.where(~undone()) if standing else query).order_by(Txn.id)))


def _posted(payment: Payment) -> int:
    assert payment.txn_id is not None
    return payment.txn_id
