"""Stripe's test card numbers (docs.stripe.com/testing) and how each behaves. No other number is accepted."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A test card: its brand, the code it is declined with, and whether its bank asks for authentication."""

    last4: str
    brand: str
    decline: str | None = None
    authenticate: bool = False


AUTHENTICATED = Card("3155", "visa", authenticate=True)
_CARDS = {
    "4242424242424242": Card("4242", "visa"),
    "5555555555554444": Card("4444", "mastercard"),
    "378282246310005": Card("0005", "amex"),
    "4000000000000002": Card("0002", "visa", decline="generic_decline"),
    "4000000000009995": Card("9995", "visa", decline="insufficient_funds"),
    "4000002500003155": AUTHENTICATED,
}

DECLINED = {
    "generic_decline": "The card was declined. You can try another card.",
    "insufficient_funds": "The card has not enough money on it. You can try another card.",
}


def test_card(number: str) -> Card | None:
    """The test card of that number (spaces and dashes ignored); None for any other number."""
    return _CARDS.get(re.sub(r"[\s-]", "", number))
