"""What Stripe keeps of each payment: asked for afterwards, when Stripe knows it, and posted once."""

import logging
from datetime import datetime, timedelta
from typing import Any, cast

import stripe
from sqlalchemy import select

from ledger.money import Money
from ledger.processor_fees import charge_fee
from payments.models import Payment
from payments.posting import ACTOR, local_date
from payments.seen import BalanceMove, UnreadableObject, read
from payments.stripe_api import StripeTrouble, client
from runtime.database import Database

log = logging.getLogger("debtdesk.payments")
_EXPAND = "latest_charge.balance_transaction"
_GIVE_UP = timedelta(days=30)


def payments_without_fee(db: Database, *, now: datetime) -> list[int]:
    """Posted payments of the last month whose fee we have not seen yet."""
    with db.read() as session:
        return list(session.scalars(
            select(Payment.id).where(Payment.txn_id.is_not(None), Payment.fee.is_(None),
                                     Payment.paid_at > now - _GIVE_UP).order_by(Payment.id)))


def post_fee(db: Database, payment_id: int, *, now: datetime) -> bool:
    """Ask Stripe for the fee of a payment and post it. False when Stripe does not know it yet. Raises StripeTrouble."""
    with db.read() as session:
        payment = session.get_one(Payment, payment_id)
    try:
        found = cast(Any, client().v1.payment_intents.retrieve(payment.payment_intent, {"expand": [_EXPAND]})).to_dict()
        charge = found.get("latest_charge") or {}
        moved = charge.get("balance_transaction") if isinstance(charge, dict) else None
        if not isinstance(moved, dict):
            return False
        seen = read(BalanceMove, moved)
    except (stripe.StripeError, UnreadableObject) as error:
        raise StripeTrouble(f"{type(error).__name__} for {payment.payment_intent}") from error
    with db.write() as session:
        row = session.get_one(Payment, payment_id, with_for_update=True)
        if row.fee is not None or row.txn_id is None or row.debtor_id is None:
            return False
        row.fee, row.fee_currency = seen.fee, seen.currency
        if seen.fee:
            charge_fee(session, key=f"stripe:{seen.id}:fee", payment_id=row.txn_id, fee=Money(seen.fee, seen.currency),
                       effective_on=local_date(session, row.debtor_id, row.paid_at), posted_at=now, actor=ACTOR,
                       cause=row.payment_intent)
    return True
