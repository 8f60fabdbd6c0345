"""Refunds: what Stripe gave back is posted, and staff are told."""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.tickets import open_ticket
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.returns import refund_failed, refund_payment, refundable
from payments.models import Payment, PaymentStatus, Refund
from payments.notices import payment_returned
from payments.once import insert_once
from payments.posting import ACTOR, local_date
from payments.seen import RefundSeen

log = logging.getLogger("debtdesk.payments")
WAITING = "waiting"


def refunded(session: Session, seen: RefundSeen, *, at: datetime, now: datetime) -> str:
    """Take in a refund. ``waiting`` when its payment is not known yet (events come out of order).

    It is posted, the whole or a part; one the ledger refuses goes to staff, who are told of every refund. ``failed``
    means the bank sent the money back: the posting is undone.
    """
    payment = session.scalar(select(Payment).where(Payment.payment_intent == (seen.payment_intent or ""))
                             .with_for_update())
    if payment is None:
        return WAITING
    if seen.status in ("failed", "canceled"):
        return _failed(session, seen, payment, now)
    if seen.status not in ("succeeded", "pending"):
        return "noted"
    if not insert_once(session, Refund, "stripe_id", stripe_id=seen.id, payment_id=payment.id, amount=seen.amount,
                       failed=False, refunded_at=min(at, now)):
        return "duplicate"
    refund = session.scalars(select(Refund).where(Refund.stripe_id == seen.id)).one()
    money = Money(seen.amount, seen.currency)
    if payment.status is PaymentStatus.POSTED:
        _post(session, refund, payment, money, now)
    elif payment.status is PaymentStatus.FOR_STAFF and money == payment.money:
        payment.status = PaymentStatus.REFUNDED  # it was never posted: nothing to undo
    done = refund.txn_id is not None or payment.status is PaymentStatus.REFUNDED
    follows = "The ledger follows." if done else "The ledger does NOT follow: post it."
    tell_staff(session, payment, f"stripe:{seen.id}", "card_refund", urgent=not done, now=now,
               summary=f"{money} of {payment.money} ({payment.payment_intent}) was refunded ({seen.id}). {follows}")
    payment_returned(session, payment=payment, amount=money, now=now)
    return "refunded" if done else "for_staff"


def _post(session: Session, refund: Refund, payment: Payment, money: Money, now: datetime) -> None:
    """Post the refund; what the ledger refuses is left to staff."""
    if payment.txn_id is None or payment.debtor_id is None:
        return
    try:
        txn = refund_payment(session, key=f"stripe:{refund.stripe_id}:refunded", payment_id=payment.txn_id,
                             amount=money, posted_at=now, actor=ACTOR, cause=refund.stripe_id,
                             effective_on=local_date(session, payment.debtor_id, refund.refunded_at))
    except LedgerError as error:
        log.error("refund %s was refused by the ledger: %s", refund.stripe_id, error)
        return
    refund.txn_id = txn.id
    if money.currency not in refundable(session, payment.txn_id):
        payment.status = PaymentStatus.REFUNDED


def _failed(session: Session, seen: RefundSeen, payment: Payment, now: datetime) -> str:
    refund = session.scalar(select(Refund).where(Refund.stripe_id == seen.id).with_for_update())
    if refund is None:
        insert_once(session, Refund, "stripe_id", stripe_id=seen.id, payment_id=payment.id, amount=seen.amount,
                    failed=True, refunded_at=now)
        return "noted"
    if refund.failed:
        return "duplicate"
    refund.failed = True
    again = False
    if refund.txn_id is not None and payment.debtor_id is not None:
        try:
            refund_failed(session, key=f"stripe:{seen.id}:failed", refund_id=refund.txn_id, posted_at=now,
                          effective_on=local_date(session, payment.debtor_id, now), actor=ACTOR, cause=seen.id)
            payment.status, again = PaymentStatus.POSTED, True
        except LedgerError as error:
            log.error("failed refund %s could not be undone: %s", seen.id, error)
    tell_staff(session, payment, f"stripe:{seen.id}:failed", "card_refund", urgent=True, now=now,
               summary=f"The bank sent refund {seen.id} of {Money(refund.amount, payment.currency)} back. "
                       + ("It counts as paid again." if again else "The ledger does NOT follow: post it.")
                       + " Find another way to give the money back.")
    return "refund_failed"


def tell_staff(session: Session, payment: Payment | None, key: str, kind: str, *, urgent: bool, summary: str,
               now: datetime) -> None:
    """A ticket about a payment."""
    link = payment.pay_link if payment else None
    open_ticket(session, key=key[:100], conversation_id=link.conversation_id if link else None,
                debtor_id=payment.debtor_id if payment else None, kind=kind, urgent=urgent, summary=summary, now=now)
