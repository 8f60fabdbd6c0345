"""Refunds and card disputes: a full refund is reversed in the ledger; everything else is put to staff."""

import logging
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conversations.tickets import open_ticket
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.posting import reverse
from ledger.receipts import receive
from payments.models import Payment, PaymentStatus, Refund
from payments.notices import payment_returned
from payments.once import insert_once
from payments.posting import ACTOR, local_date
from payments.seen import DisputeSeen, RefundSeen

log = logging.getLogger("debtdesk.payments")
WAITING = "waiting"


def refunded(session: Session, seen: RefundSeen, *, at: datetime, now: datetime) -> str:
    """Take in a refund. ``waiting`` when its payment is not known yet (events come out of order).

    A refund of the whole payment reverses its posting; a part, or one the ledger refuses, goes to staff, who are
    told of every refund. ``failed`` means the bank sent the money back: it is posted again.
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
    others = session.scalar(select(func.count()).where(Refund.payment_id == payment.id, Refund.id != refund.id,
                                                       Refund.failed.is_(False)))
    whole = seen.amount == payment.amount and seen.currency == payment.currency and not others
    if whole and payment.status is PaymentStatus.POSTED:
        _reverse(session, refund, payment, now)
    elif whole and payment.status is PaymentStatus.FOR_STAFF:
        payment.status = PaymentStatus.REFUNDED  # it was never posted: nothing to undo
    done = payment.status is PaymentStatus.REFUNDED
    money = Money(seen.amount, seen.currency)
    follows = "The ledger follows." if done else "The ledger does NOT follow: post it."
    _tell_staff(session, payment, f"stripe:{seen.id}", "card_refund", urgent=not done, now=now,
                summary=f"{money} of {payment.money} ({payment.payment_intent}) was refunded ({seen.id}). {follows}")
    payment_returned(session, payment=payment, amount=money, now=now)
    return "refunded" if done else "for_staff"


def disputed(session: Session, seen: DisputeSeen, *, kind: str, now: datetime) -> str:
    """Tell staff of a card dispute, at each of its steps. Staff post what Stripe takes or gives back."""
    payment = session.scalar(select(Payment).where(Payment.payment_intent == (seen.payment_intent or "")))
    step = kind.removeprefix("charge.dispute.")
    _tell_staff(session, payment, f"stripe:{seen.id}:{step}", "card_dispute", urgent=step != "closed", now=now,
                summary=f"Card dispute {seen.id} ({step}, {seen.reason}, {seen.status}): "
                        f"{Money(seen.amount, seen.currency)} of {seen.payment_intent}. Answer it at Stripe; "
                        "the ledger is unchanged.")
    return "for_staff"


def _reverse(session: Session, refund: Refund, payment: Payment, now: datetime) -> None:
    if payment.txn_id is None or payment.debtor_id is None:
        return
    try:
        txn = reverse(session, key=f"stripe:{refund.stripe_id}:refunded", txn_id=payment.txn_id, posted_at=now,
                      effective_on=local_date(session, payment.debtor_id, refund.refunded_at), actor=ACTOR,
                      cause=refund.stripe_id)
    except LedgerError as error:
        log.error("refund %s could not be reversed: %s", refund.stripe_id, error)
        return
    refund.txn_id, payment.status = txn.id, PaymentStatus.REFUNDED


def _failed(session: Session, seen: RefundSeen, payment: Payment, now: datetime) -> str:
    refund = session.scalar(select(Refund).where(Refund.stripe_id == seen.id).with_for_update())
    if refund is None:
        insert_once(session, Refund, "stripe_id", stripe_id=seen.id, payment_id=payment.id, amount=seen.amount,
                    failed=True, refunded_at=now)
        return "noted"
    if refund.failed:
        return "duplicate"
    refund.failed = True
    checkout, again = payment.checkout_session, False
    if refund.txn_id is not None and checkout is not None and payment.debtor_id is not None:
        try:
            txn = receive(session, key=f"stripe:{seen.id}:failed", split=checkout.by_debt(), posted_at=now,
                          effective_on=local_date(session, payment.debtor_id, now), actor=ACTOR, cause=seen.id)
            payment.txn_id, payment.status, again = txn.id, PaymentStatus.POSTED, True
        except LedgerError as error:
            log.error("failed refund %s could not be posted again: %s", seen.id, error)
    _tell_staff(session, payment, f"stripe:{seen.id}:failed", "card_refund", urgent=True, now=now,
                summary=f"The bank sent refund {seen.id} of {payment.money} back. "
                        + ("It is posted as paid again." if again else "The ledger does NOT follow: post it.")
                        + " Find another way to give the money back.")
    return "refund_failed"


def _tell_staff(session: Session, payment: Payment | None, key: str, kind: str, *, urgent: bool, summary: str,
                now: datetime) -> None:
    link = payment.pay_link if payment else None
    open_ticket(session, key=key[:100], conversation_id=link.conversation_id if link else None,
                debtor_id=payment.debtor_id if payment else None, kind=kind, urgent=urgent, summary=summary, now=now)
