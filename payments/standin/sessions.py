"""What the stand-in does: Checkout Sessions, the PaymentIntents behind them, refunds, and their events.

Objects carry the fields that Stripe documents for the API version that stripe-python pins; fields of
features which Debtdesk does not use are absent.
"""

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import stripe

from payments.standin.cards import Card
from payments.standin.errors import StripeRefusal, missing
from payments.standin.store import Store

_DAY = 24 * 60 * 60
_HALF_HOUR = 30 * 60
_SMALLEST = {"gbp": 30, "usd": 50, "eur": 50, "cad": 50, "aud": 50, "chf": 50, "sek": 300, "nok": 300, "dkk": 250}
_LARGEST = 99_999_999
_LETTERS = string.ascii_letters + string.digits
_UNUSUAL = set("<>\\'\"*")


@dataclass(frozen=True)
class Mischief:
    """What a test wants of the webhooks: each sent so many more times, late, or held until released."""

    duplicates: int = 0
    delay: float = 0.0
    hold: bool = False


class Till:
    """All objects of the stand-in and everything that can be done with them."""

    def __init__(self, store: Store, *, pages: str, now: Callable[[], datetime],
                 real_time: Callable[[], float]) -> None:
        """``pages`` is the address of the hosted pages; ``now`` dates objects, ``real_time`` deliveries."""
        self.store = store
        self.mischief = Mischief()
        self._pages = pages
        self._now = now
        self._real_time = real_time

    def create_session(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """A new open Checkout Session. Raises StripeRefusal where Stripe would."""
        now = int(self._now().timestamp())
        currency, total, items = _priced(wanted)
        _check_session(wanted, now)
        identifier = _identifier("cs_test_")
        body: dict[str, Any] = {
            "id": identifier, "object": "checkout.session",
            "adaptive_pricing": {"enabled": wanted.get("adaptive_pricing", {}).get("enabled", True)},
            "amount_subtotal": total, "amount_total": total, "automatic_tax": {"enabled": False, "status": None},
            "billing_address_collection": wanted.get("billing_address_collection"),
            "cancel_url": wanted.get("cancel_url"), "client_reference_id": wanted.get("client_reference_id"),
            "created": now, "currency": currency, "currency_conversion": None, "custom_fields": [], "customer": None,
            "customer_creation": "if_required", "customer_details": None,
            "customer_email": wanted.get("customer_email"),
            "expires_at": wanted.get("expires_at", now + _DAY), "invoice": None, "livemode": False,
            "locale": wanted.get("locale"), "metadata": wanted.get("metadata", {}), "mode": "payment",
            "payment_intent": None, "payment_link": None, "payment_method_types": ["card"], "payment_status": "unpaid",
            "setup_intent": None, "status": "open", "submit_type": wanted.get("submit_type"), "subscription": None,
            "success_url": wanted["success_url"], "ui_mode": "hosted_page", "url": f"{self._pages}/c/pay/{identifier}",
        }
        self.store.put(body)
        self.store.put({"id": f"inside_{identifier}", "object": "inside", "items": items,
                        "intent": wanted.get("payment_intent_data", {})})
        return body

    def session(self, identifier: str) -> dict[str, Any]:
        """The Checkout Session, expired when its time is over. Raises StripeRefusal when there is none."""
        with self.store.transaction():
            body = self._found("checkout.session", identifier)
            if body["status"] == "open" and body["expires_at"] <= self._now().timestamp():
                self._expire(body)
        return body

    def items(self, session_id: str) -> list[dict[str, Any]]:
        """The line items of a session."""
        inside: list[dict[str, Any]] = self._found("inside", f"inside_{session_id}")["items"]
        return inside

    def expire_session(self, identifier: str) -> dict[str, Any]:
        """Close an open session. Raises StripeRefusal for any other."""
        body = self.session(identifier)
        if body["status"] != "open":
            raise StripeRefusal(f"Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "
                                f"Session has a status of `{body['status']}`.", param="session")
        self._expire(body)
        return body

    def intent(self, identifier: str) -> dict[str, Any]:
        """The PaymentIntent. Raises StripeRefusal when there is none."""
        return self._found("payment_intent", identifier)

    def intent_with(self, identifier: str, expand: Sequence[str]) -> dict[str, Any]:
        """The PaymentIntent with what was asked to be expanded. Raises StripeRefusal for what cannot be."""
        body = dict(self.intent(identifier))
        for name in expand:
            if name not in ("latest_charge", "latest_charge.balance_transaction"):
                raise StripeRefusal(f"This property cannot be expanded ({name}).", param="expand")
            if body["latest_charge"] is None:
                continue
            charge = dict(self._found("charge", self.intent(identifier)["latest_charge"]))
            if name != "latest_charge":
                charge["balance_transaction"] = self._found("balance_transaction", charge["balance_transaction"])
            body["latest_charge"] = charge
        return body

    def pay(self, session_id: str, card: Card, *, authenticated: bool) -> str:
        """Try to pay an open session: ``paid``, ``authenticate``, or the code the card is declined with."""
        with self.store.transaction():
            session = self.session(session_id)
            if session["status"] != "open":
                return str(session["status"])
            intent = self._intent_for(session)
            if card.authenticate and not authenticated:
                intent["status"] = "requires_action"
                self.store.put(intent)
                return "authenticate"
            if card.decline:
                self._decline(intent, card.decline)
                return card.decline
            self._succeed(session, intent, card)
            return "paid"

    def fail_authentication(self, session_id: str) -> None:
        """The debtor's bank did not confirm."""
        with self.store.transaction():
            session = self.session(session_id)
            if session["status"] == "open" and session["payment_intent"]:
                self._decline(self.intent(session["payment_intent"]), "authentication_required")

    def refund(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Give back all or part of a payment. Raises StripeRefusal for more than is left."""
        if "payment_intent" not in wanted:
            raise StripeRefusal("The stand-in refunds by payment_intent only.", param="payment_intent",
                                code="parameter_missing")
        intent = self.intent(wanted["payment_intent"])
        left = intent["amount_received"] - intent["amount_refunded"]
        amount = wanted.get("amount", left)
        if intent["status"] != "succeeded" or left == 0:
            raise StripeRefusal("This payment has nothing left to refund.", code="charge_already_refunded")
        if not 0 < amount <= left:
            raise StripeRefusal(f"Refund amount ({amount}) is greater than unrefunded amount ({left})", param="amount")
        intent["amount_refunded"] += amount
        self.store.put(intent)
        body = {"id": _identifier("re_"), "object": "refund", "amount": amount, "charge": intent["latest_charge"],
                "created": int(self._now().timestamp()), "currency": intent["currency"],
                "metadata": wanted.get("metadata", {}), "payment_intent": intent["id"],
                "reason": wanted.get("reason"), "status": "succeeded"}
        self.store.put(body)
        self.emit("refund.created", body)
        return body

    def fail_refund(self, identifier: str) -> dict[str, Any]:
        """The debtor's bank sent the refund back (a test hook; at Stripe it happens days later)."""
        body = self._found("refund", identifier)
        body["status"] = "failed"
        intent = self.intent(body["payment_intent"])
        intent["amount_refunded"] -= body["amount"]
        self.store.put(intent)
        self.store.put(body)
        self.emit("refund.failed", body)
        return body

    def dispute(self, intent_id: str) -> dict[str, Any]:
        """The card's holder asks their bank for the money back (a test hook)."""
        intent = self.intent(intent_id)
        body = {"id": _identifier("du_"), "object": "dispute", "amount": intent["amount"],
                "charge": intent["latest_charge"], "created": int(self._now().timestamp()),
                "currency": intent["currency"], "livemode": False, "metadata": {}, "payment_intent": intent_id,
                "reason": "fraudulent", "status": "needs_response"}
        self.store.put(body)
        self.emit("charge.dispute.created", body)
        self.emit("charge.dispute.funds_withdrawn", body)
        return body

    def emit(self, kind: str, body: Mapping[str, Any]) -> None:
        """Store an event of ``kind`` about ``body`` and put it on its way."""
        event = {"id": _identifier("evt_"), "object": "event", "api_version": stripe.api_version,
                 "created": int(self._now().timestamp()), "data": {"object": dict(body)}, "livemode": False,
                 "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": kind}
        self.store.put(event)
        due = None if self.mischief.hold else self._real_time() + self.mischief.delay
        for _ in range(1 + self.mischief.duplicates):
            self.store.deliver(event, due)

    def release(self, *, reverse: bool) -> int:
        """Let held events go, in order or in reverse. Gives how many."""
        return self.store.release(self._real_time(), reverse=reverse)

    def _found(self, kind: str, identifier: str) -> dict[str, Any]:
        body = self.store.get(kind, identifier)
        if body is None:
            raise missing(kind, identifier)
        return body

    def _expire(self, session: dict[str, Any]) -> None:
        session |= {"status": "expired", "url": None}
        self.store.put(session)
        self.emit("checkout.session.expired", session)

    def _intent_for(self, session: dict[str, Any]) -> dict[str, Any]:
        if session["payment_intent"]:
            return self.intent(session["payment_intent"])
        wanted = self._found("inside", f"inside_{session['id']}")["intent"]
        body = {"id": _identifier("pi_"), "object": "payment_intent", "amount": session["amount_total"],
                "amount_received": 0, "amount_refunded": 0, "created": int(self._now().timestamp()),
                "currency": session["currency"], "customer": None, "description": wanted.get("description"),
                "last_payment_error": None, "latest_charge": None, "livemode": False,
                "metadata": wanted.get("metadata", {}), "payment_method_types": ["card"],
                "statement_descriptor": None,
                "statement_descriptor_suffix": wanted.get("statement_descriptor_suffix"),
                "status": "requires_payment_method"}
        session["payment_intent"] = body["id"]
        self.store.put(body)
        self.store.put(session)
        return body

    def _decline(self, intent: dict[str, Any], code: str) -> None:
        intent |= {"status": "requires_payment_method", "last_payment_error": {
            "type": "card_error", "code": "card_declined", "decline_code": code, "message": "Your card was declined."}}
        self.store.put(intent)
        self.emit("payment_intent.payment_failed", intent)

    def _succeed(self, session: dict[str, Any], intent: dict[str, Any], card: Card) -> None:
        charge = {"id": _identifier("ch_"), "object": "charge", "amount": intent["amount"],
                  "currency": intent["currency"], "created": int(self._now().timestamp()), "livemode": False,
                  "metadata": intent["metadata"], "paid": True, "payment_intent": intent["id"], "status": "succeeded",
                  "payment_method_details": {"type": "card", "card": {"brand": card.brand, "last4": card.last4}}}
        fee = 20 + intent["amount"] * 15 // 1000
        moved = {"id": _identifier("txn_"), "object": "balance_transaction", "amount": intent["amount"],
                 "created": charge["created"], "currency": intent["currency"], "fee": fee,
                 "net": intent["amount"] - fee, "reporting_category": "charge", "source": charge["id"],
                 "status": "pending", "type": "charge"}
        charge["balance_transaction"] = moved["id"]
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"],
                   "last_payment_error": None}
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        for body in (moved, charge, intent, session):
            self.store.put(body)
        self.emit("payment_intent.succeeded", intent)
        self.emit("charge.succeeded", charge)
        self.emit("checkout.session.completed", session)


def _identifier(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(32))


def _priced(wanted: Mapping[str, Any]) -> tuple[str, int, list[dict[str, Any]]]:
    """Currency, total and line items of a request. Inline prices only."""
    if wanted.get("mode") != "payment":
        raise StripeRefusal("The stand-in knows mode=payment only.", param="mode")
    if not wanted.get("line_items"):
        raise StripeRefusal("Missing required param: line_items.", param="line_items", code="parameter_missing")
    items: list[dict[str, Any]] = []
    for place, item in enumerate(wanted["line_items"]):
        path = f"line_items[{place}]"
        price = item.get("price_data")
        if not price or "product_data" not in price:
            raise StripeRefusal("The stand-in knows price_data with product_data only.", param=f"{path}[price_data]")
        if ("unit_amount" in price) == ("unit_amount_decimal" in price):
            raise StripeRefusal("Give one of unit_amount and unit_amount_decimal.", param=f"{path}[price_data]")
        if item.get("quantity", 0) < 1 or price.get("unit_amount", -1) < 0:
            raise StripeRefusal("Invalid non-negative integer", param=f"{path}[quantity]")
        items.append({"name": price["product_data"]["name"], "amount": price["unit_amount"] * item["quantity"],
                      "currency": price["currency"].lower()})
    currencies = {item["currency"] for item in items}
    if len(currencies) != 1 or not all(len(c) == 3 and c.isalpha() for c in currencies):
        raise StripeRefusal("All line items must use one three-letter currency.", param="line_items")
    currency, total = currencies.pop(), sum(item["amount"] for item in items)
    if total < _SMALLEST.get(currency, 50):
        raise StripeRefusal("The Checkout Session's total amount is below the smallest that can be charged.",
                            param="line_items", code="amount_too_small")
    if total > _LARGEST:
        raise StripeRefusal("The total amount due must be no more than 999,999.99.", param="line_items",
                            code="amount_too_large")
    return currency, total, items


def _check_session(wanted: Mapping[str, Any], now: int) -> None:
    """The rules that types cannot say (docs.stripe.com/api/checkout/sessions/create)."""
    if "success_url" not in wanted:
        raise StripeRefusal("Missing required param: success_url.", param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in wanted and (urlsplit(wanted[name]).scheme not in ("http", "https") or len(wanted[name]) > 5000):
            raise StripeRefusal("Not a valid URL", param=name, code="url_invalid")
    if len(wanted.get("client_reference_id", "")) > 200:
        raise StripeRefusal("Invalid string: at most 200 characters", param="client_reference_id")
    if "expires_at" in wanted and not now + _HALF_HOUR - 60 <= wanted["expires_at"] <= now + _DAY + 60:
        raise StripeRefusal("expires_at must be between 30 minutes and 24 hours from now.", param="expires_at")
    intent = wanted.get("payment_intent_data", {})
    if "statement_descriptor" in intent:
        raise StripeRefusal("statement_descriptor is not for cards; use statement_descriptor_suffix.",
                            param="payment_intent_data[statement_descriptor]")
    suffix = intent.get("statement_descriptor_suffix")
    if suffix is not None and (len(suffix) > 20 or _UNUSUAL & set(suffix) or not any(map(str.isalpha, suffix))):
        raise StripeRefusal("The statement descriptor suffix is too long, has a forbidden sign or no letter.",
                            param="payment_intent_data[statement_descriptor_suffix]")
