"""Crediting: what Stripe says was paid becomes a posting, once per PaymentIntent, or a ticket for staff."""

import logging
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.tickets import open_ticket
from ledger.balances import balance_of
from ledger.errors import LedgerError
from ledger.kinds import DebtStatus
from ledger.models import Debt, Debtor
from ledger.money import Money, MoneyError
from ledger.receipts import receive
from payments.mode import may_post
from payments.models import CheckoutSession, CheckoutStatus, Payment, PaymentStatus
from payments.notices import payment_confirmed
from payments.once import insert_once
from payments.seen import SessionSeen, instant
from runtime.ids import DebtorId

log = logging.getLogger("debtdesk.payments")
_NOT_OURS = (DebtStatus.RECALLED, DebtStatus.CLOSED)
ACTOR = "stripe"
_WORDS = {
    "unmatched": "it belongs to no payment page of ours",
    "amount": "it is not the amount the debtor was shown",
    "currency": "it is not in the currency the debtor was shown",
    "held": "a debt it was meant for is disputed or on hold",
    "recalled": "the creditor has taken a debt it was meant for back",
    "ledger": "the ledger refused it",
}


def settle(session: Session, seen: SessionSeen, *, paid_at: datetime, now: datetime) -> str:
    """Take in what Stripe says of a Checkout Session. Gives the outcome in one word.

    Money counts only when ``payment_status`` is ``paid`` (docs.stripe.com/checkout/fulfillment), and only once,
    however often and in whatever order Stripe says so.
    """
    checkout = _ours(session, seen)
    if checkout is not None:
        _follow(checkout, seen)
    if seen.payment_status != "paid":
        return seen.status or "noted"
    if not may_post(livemode=seen.livemode):
        log.error("Checkout Session %s is of another mode (livemode=%s) than this portfolio: not posted",
                  seen.id, seen.livemode)
        return "wrong_mode"
    intent = seen.payment_intent or seen.id
    paid_at = min(paid_at, now)
    money = Money(seen.amount_total or 0, seen.currency or (checkout.currency if checkout else "XXX"))
    problem = _problem(session, checkout, money, now)
    made = insert_once(
        session, Payment, "object_key", object_key=f"{intent}:succeeded", payment_intent=intent,
        checkout_session_id=checkout.id if checkout else None, pay_link_id=checkout.pay_link_id if checkout else None,
        debtor_id=checkout.pay_link.debtor_id if checkout else None, amount=money.minor, currency=money.currency,
        livemode=seen.livemode, status=PaymentStatus.FOR_STAFF, problem=problem, paid_at=paid_at)
    if not made:
        return "duplicate"
    payment = session.scalars(select(Payment).where(Payment.object_key == f"{intent}:succeeded")).one()
    if checkout is not None and problem is None:
        _post(session, payment, checkout, now)
    if payment.status is PaymentStatus.FOR_STAFF:
        _ask_staff(session, payment, now)
    payment_confirmed(session, payment=payment, now=now)
    return payment.status.value


def local_date(session: Session, debtor_id: DebtorId, at: datetime) -> date:
    """The value date: the debtor's own calendar, UTC when it is not known where they live."""
    zone = session.scalar(select(Debtor.timezone).where(Debtor.id == debtor_id))
    return at.astimezone(ZoneInfo(zone) if zone else timezone.utc).date()


def _ours(session: Session, seen: SessionSeen) -> CheckoutSession | None:
    """Our row for it, locked: by Stripe's id or, when we never learnt that, by our own key in the metadata."""
    query = select(CheckoutSession).with_for_update()
    found = session.scalar(query.where(CheckoutSession.stripe_id == seen.id))
    key = (seen.metadata or {}).get("checkout")
    if found is None and key:
        found = session.scalar(query.where(CheckoutSession.key == key, CheckoutSession.stripe_id.is_(None)))
    return found


def _follow(checkout: CheckoutSession, seen: SessionSeen) -> None:
    """Keep our row in step. What is complete stays complete: events come late and out of order."""
    checkout.stripe_id = seen.id
    if seen.expires_at is not None:
        checkout.expires_at = instant(seen.expires_at)
    if seen.status == "complete":
        checkout.status = CheckoutStatus.COMPLETE
    elif checkout.status in (CheckoutStatus.MAKING, CheckoutStatus.OPEN):
        if seen.status == "expired":
            checkout.status = CheckoutStatus.EXPIRED
        elif seen.status == "open":
            checkout.status = CheckoutStatus.OPEN
            checkout.url = seen.url or checkout.url


def _problem(session: Session, checkout: CheckoutSession | None, money: Money, now: datetime) -> str | None:
    """Why this money cannot be posted as it is."""
    if checkout is None:
        return "unmatched"
    if money.currency != checkout.currency:
        return "currency"
    if money.minor != checkout.amount:
        return "amount"
    meant = checkout.by_debt()
    if session.scalar(select(Debt.id).where(Debt.id.in_(meant), Debt.status.in_(_NOT_OURS)).limit(1)):
        return "recalled"
    lines = balance_of(session, checkout.pay_link.debtor_id, now=now).lines
    if any(line.debt_id in meant and not line.payable and line.hold is not None for line in lines):
        return "held"  # never to a disputed debt: Reg F 1006.30(c)
    return None


def _post(session: Session, payment: Payment, checkout: CheckoutSession, now: datetime) -> None:
    try:
        with session.begin_nested():
            txn = receive(session, key=f"stripe:{payment.object_key}", split=checkout.by_debt(),
                          effective_on=local_date(session, checkout.pay_link.debtor_id, payment.paid_at),
                          posted_at=now, actor=ACTOR, cause=payment.payment_intent)
    except (LedgerError, MoneyError) as error:
        log.error("payment %s was refused by the ledger: %s", payment.object_key, error)
        payment.problem = "ledger"
        return
    payment.txn_id, payment.status = txn.id, PaymentStatus.POSTED


def _ask_staff(session: Session, payment: Payment, now: datetime) -> None:
    link = payment.pay_link
    open_ticket(session, key=f"stripe:{payment.object_key}"[:100], debtor_id=payment.debtor_id,
                conversation_id=link.conversation_id if link else None, kind="payment_to_place", urgent=True, now=now,
                summary=f"{payment.money} was paid by card ({payment.payment_intent}) and is not posted: "
                        f"{_WORDS[payment.problem or 'ledger']}. Decide where it goes, or refund it at Stripe.")
