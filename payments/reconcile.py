"""Reconciliation: ask Stripe about every session that is not settled and every fee; take up events left behind."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from conversations.tickets import open_ticket
from payments.checkout import is_over, look_at, retire
from payments.fees import payments_without_fee, post_fee
from payments.link_now import LinkState, link_now
from payments.models import CheckoutSession, CheckoutStatus, EventState, Payment, StripeEvent
from payments.stripe_api import StripeTrouble
from payments.webhooks import take_up
from runtime.database import Database

log = logging.getLogger("debtdesk.payments")
_SETTLING = timedelta(minutes=2)
_LONG_WAIT = timedelta(hours=24)


@dataclass
class Reconciled:
    """How many sessions were asked about, and what came of them. ``troubles`` are lines for staff."""

    asked: int = 0
    posted: int = 0
    expired: int = 0
    still_open: int = 0
    events: int = 0
    fees: int = 0
    troubles: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = (f"{self.asked} open payment pages asked about: {self.posted} paid and posted, {self.expired} expired, "
                f"{self.still_open} still open. {self.events} events taken up, {self.fees} fees posted.")
        return "\n".join([said, *(f"Trouble: {trouble}" for trouble in self.troubles)])


def reconcile(db: Database, *, now: datetime, progress: Callable[[int, int], None] | None = None) -> Reconciled:
    """Bring our tables in step with Stripe. May be run at any time and as often as wanted.

    ``progress`` is told how many of how many steps are done. Trouble with one session does not stop the others.
    """
    result = Reconciled()
    with db.read() as session:
        checkouts = _unsettled(session, now)
        events = list(session.scalars(select(StripeEvent.id).where(StripeEvent.state != EventState.HANDLED)
                                      .order_by(StripeEvent.created_at)))
    steps = len(checkouts) + len(events)
    for place, event_id in enumerate(events):
        _event(db, event_id, result, now)
        if progress:
            progress(place + 1, steps)
    for place, checkout_id in enumerate(checkouts):
        try:
            _checkout(db, checkout_id, result, now)
        except StripeTrouble as trouble:
            result.troubles.append(f"checkout session {checkout_id}: {trouble}")
        except Exception as error:
            log.exception("checkout session %s could not be reconciled", checkout_id)
            result.troubles.append(f"checkout session {checkout_id}: {type(error).__name__}")
        if progress:
            progress(len(events) + place + 1, steps)
    for payment_id in payments_without_fee(db, now=now):
        _fee(db, payment_id, result, now)
    return result


def _fee(db: Database, payment_id: int, result: Reconciled, now: datetime) -> None:
    try:
        result.fees += post_fee(db, payment_id, now=now)
    except StripeTrouble as trouble:
        result.troubles.append(f"fee of payment {payment_id}: {trouble}")
    except Exception as error:
        log.exception("the fee of payment %s could not be posted", payment_id)
        result.troubles.append(f"fee of payment {payment_id}: {type(error).__name__}")


def _unsettled(session: Session, now: datetime) -> list[int]:
    """Sessions that may still bring money: live ones, and complete ones without a payment."""
    paid = select(Payment.checkout_session_id).where(Payment.checkout_session_id == CheckoutSession.id).exists()
    return list(session.scalars(
        select(CheckoutSession.id).where(or_(
            CheckoutSession.status == CheckoutStatus.OPEN,
            (CheckoutSession.status == CheckoutStatus.MAKING) & (CheckoutSession.created_at < now - _SETTLING),
            (CheckoutSession.status == CheckoutStatus.COMPLETE) & ~paid)).order_by(CheckoutSession.id)))


def _checkout(db: Database, checkout_id: int, result: Reconciled, now: datetime) -> None:
    with db.write() as session:
        row = session.get_one(CheckoutSession, checkout_id, with_for_update=True)
        if is_over(row, now):
            row.status = CheckoutStatus.EXPIRED
            result.expired += 1
            return
    result.asked += 1
    with db.read() as session:
        before = _payment(session, checkout_id)
    seen = look_at(db, checkout_id, now=now)
    if seen.status == "open" and _unwanted(db, checkout_id, now):
        seen = retire(db, checkout_id, now=now)
    with db.read() as session:
        after = _payment(session, checkout_id)
    if before is None and after is not None:
        result.posted += 1
    elif seen.status == "expired":
        result.expired += 1
    elif seen.status == "open":
        result.still_open += 1


def _payment(session: Session, checkout_id: int) -> int | None:
    return session.scalar(select(Payment.id).where(Payment.checkout_session_id == checkout_id))


def _unwanted(db: Database, checkout_id: int, now: datetime) -> bool:
    """Whether the page at Stripe asks for something we would not ask for any more."""
    with db.read() as session:
        row = session.get_one(CheckoutSession, checkout_id)
        view = link_now(session, row.pay_link, now=now)
    return view.state is not LinkState.PAYABLE or view.fingerprint != row.fingerprint


def _event(db: Database, event_id: str, result: Reconciled, now: datetime) -> None:
    try:
        outcome = take_up(db, event_id, now=now)
    except Exception as error:
        log.exception("event %s could not be handled", event_id)
        result.troubles.append(f"event {event_id}: {type(error).__name__}")
        return
    if outcome != "waiting":
        result.events += 1
        return
    with db.write() as session:
        row = session.get_one(StripeEvent, event_id)
        if now - row.received_at > _LONG_WAIT:
            open_ticket(session, key=f"stripe:{event_id}:waiting"[:100], conversation_id=None, debtor_id=None,
                        kind="payment_event_failed", urgent=False, now=now,
                        summary=f"The event {event_id} ({row.kind}) speaks of {row.payment_intent}, a payment that "
                                "Debtdesk does not know. If it is not from another shop on the same Stripe account, "
                                "look it up at Stripe.")
