"""The webhook inbox: check the signature, store the raw event once, handle it once, note how it went."""

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stripe import SignatureVerificationError, WebhookSignature

from conversations.tickets import open_ticket
from payments import stripe_api
from payments.card_disputes import disputed
from payments.mode import may_post
from payments.models import EventState, StripeEvent
from payments.once import insert_once
from payments.posting import settle
from payments.refunds import WAITING, refunded
from payments.seen import DisputeSeen, EventSeen, RefundSeen, SessionSeen, UnreadableObject, read
from runtime.database import Database

log = logging.getLogger("debtdesk.payments")
TOLERANCE = 300
"""Seconds a signature may be old, as Stripe recommends, or ahead, which Stripe's own check lets pass."""
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_NOT_PAID = ("checkout.session.expired", "checkout.session.async_payment_failed")
_WITHDRAWN = "charge.dispute.funds_withdrawn"
_REFUNDED = ("refund.created", "refund.updated", "refund.failed")
_DISPUTED = "charge.dispute."
_NOT_OURS = ("other_account", "wrong_mode")
_ENOUGH_ATTEMPTS = 3


class BadWebhook(Exception):
    """Not a webhook from Stripe: one clear line, to be answered with 400. Nothing was stored."""


class WebhooksOff(Exception):
    """No webhook can be accepted here, for there is no secret to check it with."""


@dataclass(frozen=True)
class Accepted:
    """An event that is safely stored. ``outcome`` is one word."""

    event_id: str
    outcome: str


def verify(raw: bytes, signature: str | None, secret: str, *, real_time: float) -> EventSeen:
    """The event in ``raw`` (the body exactly as it came). ``real_time`` is the machine's, in seconds since 1970.

    Raises BadWebhook when the signature is missing, wrong, too old or of the future, or the body is no event.
    Source: docs.stripe.com/webhooks/signature.
    """
    try:
        WebhookSignature.verify_header(raw, signature, secret, TOLERANCE)
    except UnicodeDecodeError:
        raise BadWebhook("the body is not UTF-8") from None
    except (SignatureVerificationError, ValueError, TypeError):
        raise BadWebhook("the Stripe-Signature header is missing, wrong or too old") from None
    stamps = [part[2:] for part in (signature or "").split(",") if part.startswith("t=")]
    if int(stamps[0]) > real_time + TOLERANCE:
        raise BadWebhook("the Stripe-Signature header is dated in the future")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadWebhook("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadWebhook("the body is not a Stripe event")
    try:
        return read(EventSeen, body)
    except UnreadableObject:
        raise BadWebhook("the body is not a Stripe event") from None


def store(session: Session, event: EventSeen, raw: bytes, *, now: datetime) -> bool:
    """Keep the event as it came. False when it was here before."""
    return insert_once(session, StripeEvent, "id", id=event.id, kind=event.type, payment_intent=event.payment_intent,
                       livemode=event.livemode, raw=raw.decode(), created_at=event.at, received_at=now,
                       state=EventState.STORED, attempts=0)


def handle(session: Session, event_id: str, *, now: datetime) -> str:
    """Do what a stored event asks for, once. Gives the outcome; a second time ``duplicate``.

    When it brings a payment, or money is withdrawn, events that waited for that follow in the same transaction.
    """
    row = session.get_one(StripeEvent, event_id, with_for_update=True, populate_existing=True)
    if row.state is EventState.HANDLED:
        return "duplicate"
    outcome = _act(session, read(EventSeen, json.loads(row.raw)), now)
    row.attempts += 1
    row.outcome = outcome
    row.state = EventState.WAITING if outcome == WAITING else EventState.HANDLED
    row.handled_at = None if outcome == WAITING else now
    session.flush()
    if row.kind in (*_PAID, _WITHDRAWN) and row.payment_intent and outcome not in _NOT_OURS:
        for waiting in session.scalars(
                select(StripeEvent.id).where(StripeEvent.payment_intent == row.payment_intent,
                                             StripeEvent.state == EventState.WAITING).order_by(StripeEvent.created_at)):
            handle(session, waiting, now=now)
    return outcome


def accept(db: Database, raw: bytes, signature: str | None, *, now: datetime) -> Accepted:
    """One delivery from Stripe: checked, stored, handled.

    Raises BadWebhook and WebhooksOff. Any other exception means that the event is stored but not handled yet:
    answer 500 and Stripe sends it again; ``payments.reconcile`` takes it up as well.
    """
    secret = stripe_api.webhook_secret()
    if secret is None:
        raise WebhooksOff("there is no webhook secret (STRIPE_WEBHOOK_SECRET)")
    event = verify(raw, signature, secret, real_time=time.time())
    with db.write() as session:
        store(session, event, raw, now=now)
    return Accepted(event.id, take_up(db, event.id, now=now))


def take_up(db: Database, event_id: str, *, now: datetime) -> str:
    """Handle a stored event in a transaction of its own. When it fails time and again, staff get a ticket."""
    try:
        with db.write() as session:
            return handle(session, event_id, now=now)
    except Exception as error:
        with db.write() as session:
            _note_failure(session, event_id, type(error).__name__, now)
        raise


def _note_failure(session: Session, event_id: str, problem: str, now: datetime) -> None:
    row = session.get_one(StripeEvent, event_id, with_for_update=True, populate_existing=True)
    row.attempts += 1
    row.outcome = f"failed:{problem}"[:40]
    if row.attempts >= _ENOUGH_ATTEMPTS:
        open_ticket(session, key=f"stripe:{event_id}"[:100], conversation_id=None, debtor_id=None,
                    kind="payment_event_failed", urgent=True, now=now,
                    summary=f"The event {event_id} ({row.kind}, {row.payment_intent}) from Stripe could not be handled "
                            f"{row.attempts} times ({problem}). It is stored; money may be waiting to be posted.")


def _act(session: Session, event: EventSeen, now: datetime) -> str:
    body = event.data.object
    if event.type not in (*_PAID, *_NOT_PAID, *_REFUNDED) and not event.type.startswith(_DISPUTED):
        return "noted"
    if event.account is not None:
        log.error("event %s is of the account %s, which is not ours: nothing is done", event.id, event.account)
        return "other_account"
    if not may_post(livemode=event.livemode):
        log.error("event %s is of another mode (livemode=%s) than this portfolio: nothing is done", event.id,
                  event.livemode)
        return "wrong_mode"
    if event.type in _REFUNDED:
        return refunded(session, read(RefundSeen, body), at=event.at, now=now)
    if event.type.startswith(_DISPUTED):
        return disputed(session, read(DisputeSeen, body), kind=event.type, now=now)
    return settle(session, read(SessionSeen, body), paid_at=event.at, now=now)
