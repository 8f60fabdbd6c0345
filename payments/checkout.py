"""Opening Checkout: made on click, used again while nothing has changed, else expired and replaced.

No database transaction is open while Stripe is asked. Each request is stored with its idempotency key before it
is sent, so a crash at any point is repeated, not doubled.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import stripe
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.link_now import LinkNow, LinkState, link_now
from payments.models import CheckoutSession, CheckoutStatus, PayLink
from payments.posting import settle
from payments.seen import SessionSeen, UnreadableObject, session_seen
from payments.stripe_api import StripeTrouble, client
from runtime.database import Database
from runtime.ids import token_hash

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

log = logging.getLogger("debtdesk.payments")

KEY_LIFE = timedelta(hours=23)
"""How long the same idempotency key may be sent again; Stripe keeps keys for at least 24 hours."""
_NEARLY_OVER = timedelta(minutes=5)
_ROUNDS = 5
_LIVE = (CheckoutStatus.MAKING, CheckoutStatus.OPEN)


@dataclass(frozen=True)
class Opened:
    """The address of Stripe's page for this payment."""

    url: str


@dataclass(frozen=True)
class _Step:
    """What is to be done at Stripe next: use this session, or put it out of use."""

    checkout_id: int
    use: bool


def open_checkout(db: Database, token: str, *, now: datetime) -> Opened | LinkNow | None:
    """Where to send the debtor who pressed the button; how the link stands when it cannot be paid; None: no such link.

    Raises StripeTrouble when Stripe does not answer or refuses: nothing is lost, the button can be pressed again.
    """
    for _ in range(_ROUNDS):
        with db.write() as session:
            link = session.scalar(select(PayLink).where(PayLink.token_hash == token_hash(token))
                                  .with_for_update(key_share=True))
            if link is None:
                return None
            view = link_now(session, link, now=now)
            step = _next(session, view, now)
        if step is None:
            return view
        try:
            if not step.use:
                retire(db, step.checkout_id, now=now)
                continue
            seen = look_at(db, step.checkout_id, now=now)
            if seen.status == "open" and seen.url:
                return Opened(seen.url)
        except StripeTrouble:
            if view.state is not LinkState.PAYABLE:
                return view  # an old session could not be put out of use now; reconciliation will
            raise
    raise StripeTrouble("the Checkout Session changed time and again")


def _next(session: Session, view: LinkNow, now: datetime) -> _Step | None:
    """What to do, and the row for it. None: show the page."""
    latest = session.scalar(select(CheckoutSession).where(CheckoutSession.pay_link_id == view.link.id,
                                                          CheckoutSession.status.in_(_LIVE))
                            .order_by(CheckoutSession.number.desc()).limit(1))
    if latest is not None and is_over(latest, now):
        latest.status, latest = CheckoutStatus.EXPIRED, None
    if latest is not None:
        ending = latest.expires_at is not None and latest.expires_at - now < _NEARLY_OVER
        same = latest.fingerprint == view.fingerprint and view.state is LinkState.PAYABLE
        return _Step(latest.id, use=same and not ending)
    return _Step(_new(session, view, now).id, use=True) if view.state is LinkState.PAYABLE else None


def is_over(checkout: CheckoutSession, now: datetime) -> bool:
    """Whether it was asked for so long ago, without an answer, that Stripe has ended it and forgotten the key."""
    return checkout.status is CheckoutStatus.MAKING and now - checkout.created_at > KEY_LIFE


def _new(session: Session, view: LinkNow, now: datetime) -> CheckoutSession:
    link = view.link
    numbers = session.scalars(select(CheckoutSession.number).where(CheckoutSession.pay_link_id == link.id)).all()
    number = max(numbers, default=0) + 1
    key = f"pay:{link.token_hash[:24]}:{number}"
    made = CheckoutSession(pay_link_id=link.id, number=number, key=key, status=CheckoutStatus.MAKING,
                           fingerprint=view.fingerprint, amount=view.amount.minor, currency=view.amount.currency,
                           split=view.split, request=_request(view, key), created_at=now)
    session.add(made)
    session.flush()
    return made


def _request(view: LinkNow, key: str) -> dict[str, Any]:
    """What is asked of Stripe. Names, descriptions and the card statement say nothing of a debt (rule 4).

    Cards only: delayed and pay-later methods are another debt, or money that may not come.
    """
    link, page = view.link, view.link.url
    marks = {"checkout": key, "reference": link.reference}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": link.reference,
        "line_items": [{"quantity": 1, "price_data": {
            "currency": view.amount.currency.lower(), "unit_amount": view.amount.minor,
            "product_data": {"name": f"Payment {link.reference}"}}}],
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "metadata": marks,
        "payment_intent_data": {"metadata": marks, "description": f"Payment {link.reference}",
                                "statement_descriptor_suffix": link.reference},
        "submit_type": "pay",
        "success_url": f"{page}/done",
        "cancel_url": f"{page}/done?back=1",
    }
    return cast(dict[str, Any], params)


def look_at(db: Database, checkout_id: int, *, now: datetime) -> SessionSeen:
    """Ask Stripe how a session stands (making it, if it was never made) and take that in. Raises StripeTrouble."""
    with db.read() as session:
        row = session.get_one(CheckoutSession, checkout_id)
    try:
        sessions = client().v1.checkout.sessions
        if row.stripe_id is None:
            answer = sessions.create(cast("SessionCreateParams", row.request), {"idempotency_key": row.key})
        else:
            answer = sessions.retrieve(row.stripe_id)
        seen = session_seen(answer)
    except stripe.InvalidRequestError as error:
        return _refused(db, row, error)
    except (stripe.StripeError, UnreadableObject) as error:
        raise _trouble(error) from error
    take_in(db, seen, now=now)
    return seen


def retire(db: Database, checkout_id: int, *, now: datetime) -> SessionSeen:
    """Put a session out of use at Stripe. If it was paid meanwhile, the payment is posted instead.

    A session that may or may not exist is made first (the same request with the same key), for only then can it
    be named. Raises StripeTrouble.
    """
    with db.read() as session:
        stripe_id = session.get_one(CheckoutSession, checkout_id).stripe_id
    if stripe_id is None:
        seen = look_at(db, checkout_id, now=now)
        if seen.status != "open":
            return seen
        stripe_id = seen.id
    try:
        seen = session_seen(client().v1.checkout.sessions.expire(stripe_id))
    except stripe.InvalidRequestError:
        return look_at(db, checkout_id, now=now)  # only open sessions can be expired: see what became of it
    except (stripe.StripeError, UnreadableObject) as error:
        raise _trouble(error) from error
    take_in(db, seen, now=now)
    return seen


def take_in(db: Database, seen: SessionSeen, *, now: datetime) -> str:
    """Record what Stripe says of a session, crediting what was paid. Gives the outcome."""
    with db.write() as session:
        return settle(session, seen, paid_at=now, now=now)


def _refused(db: Database, row: CheckoutSession, error: stripe.InvalidRequestError) -> SessionSeen:
    """Stripe does not know the session (another account or mode), or does not take our request."""
    if error.code != "resource_missing" or row.stripe_id is None:
        log.error("Stripe refused Checkout Session %s: %s (%s)", row.key, error.user_message, error.param)
        with db.write() as session:
            session.get_one(CheckoutSession, row.id).status = CheckoutStatus.FAILED
        raise _trouble(error)
    with db.write() as session:
        session.get_one(CheckoutSession, row.id).status = CheckoutStatus.EXPIRED
    return SessionSeen(id=row.stripe_id, status="expired", payment_status="unpaid", livemode=False)


def _trouble(error: Exception) -> StripeTrouble:
    log.warning("Stripe: %s", type(error).__name__)
    return StripeTrouble(type(error).__name__)
