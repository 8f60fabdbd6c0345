"""Events as Stripe sends them, for tests that need no stand-in."""

import json
import time
from typing import Any

from stripe import WebhookSignature

from payments.models import CheckoutSession, PayLink


def event(kind: str, body: dict[str, Any], *, identifier: str = "evt_1", livemode: bool = False,
          created: int | None = None) -> dict[str, Any]:
    """An event about ``body``."""
    return {"id": identifier, "object": "event", "api_version": "2026-10-28.endive", "type": kind,
            "created": created or int(time.time()), "livemode": livemode, "data": {"object": body}}


def paid_session(checkout: CheckoutSession | None = None, **changes: Any) -> dict[str, Any]:
    """A Checkout Session that was paid."""
    body: dict[str, Any] = {
        "id": "cs_test_1", "object": "checkout.session", "status": "complete", "payment_status": "paid",
        "amount_total": 5000, "currency": "gbp", "payment_intent": "pi_1", "livemode": False, "url": None,
        "client_reference_id": None, "metadata": {}, "expires_at": int(time.time()) + 80000,
    }
    if checkout is not None:
        body |= {"id": checkout.stripe_id, "amount_total": checkout.amount, "currency": checkout.currency.lower(),
                 "metadata": {"checkout": checkout.key}}
    return body | changes


def open_row(link: PayLink, **changes: Any) -> CheckoutSession:
    """Our row for a session that is open at Stripe."""
    values: dict[str, Any] = {
        "pay_link_id": link.id, "number": 1, "key": f"pay:{link.id}:1", "stripe_id": "cs_test_1", "status": "open",
        "fingerprint": "f", "amount": link.amount.minor, "currency": link.currency,
        "split": {str(part.debt_id): part.amount for part in link.parts}, "request": {}, "created_at": link.created_at,
    }
    return CheckoutSession(**(values | changes))


def signed(body: dict[str, Any] | bytes, secret: str, *, timestamp: int | None = None) -> tuple[bytes, str]:
    """The raw body and its signature header."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return raw, WebhookSignature.generate_signature_header(raw.decode(errors="replace"), secret, timestamp)
