"""Whether cards can be taken here, and whether that moves real money."""

from typing import Literal

from ledger.money import Money
from runtime.errors import DebtorError
from runtime.settings import settings

CardMode = Literal["live", "test", "off"]

SMALLEST = {"GBP": 30, "USD": 50, "EUR": 50, "CAD": 50, "AUD": 50, "NZD": 50, "CHF": 50, "SEK": 300, "NOK": 300,
            "DKK": 250, "SGD": 50, "JPY": 50}
"""The currencies we take, and the smallest charge in each, in minor units (docs.stripe.com/currencies).

Only currencies whose minor unit is the same at Stripe as in ISO 4217 may stand here.
"""


class CardsUnavailable(DebtorError):
    """Cards cannot be taken: the debtor is offered the other ways to pay and a person."""

    def __init__(self) -> None:
        super().__init__("card_payment_unavailable")


class TooSmallForCard(DebtorError):
    """The amount is below what a card can be charged."""

    def __init__(self, smallest: Money) -> None:
        super().__init__("too_small_for_card", smallest=smallest.json())


def test_data() -> bool:
    """Whether this portfolio is for trying things out, so that test payments may be posted to it."""
    return settings().demo or settings().payments == "test"


def card_mode() -> CardMode:
    """``live``: real cards on a real portfolio. ``test``: test cards on test data. ``off``: anything else.

    A live key with test data would charge people for invented debts, and a test key with a live portfolio would
    let debts be paid with nothing: both are ``off``.
    """
    given = settings()
    if given.stripe_mode == "off":
        return "off"
    key = given.stripe_api_key.get_secret_value() if given.stripe_api_key else ""
    live_key = given.stripe_mode == "real" and not key.startswith(("sk_test_", "rk_test_"))
    if live_key == test_data():
        return "off"
    return "live" if live_key else "test"


def may_post(*, livemode: bool) -> bool:
    """Whether money of that mode may be posted to this portfolio: live to live, test to test data only."""
    return livemode != test_data()


def check_amount(amount: Money) -> None:
    """Raises CardsUnavailable when cards are off or not taken in that currency, TooSmallForCard when too little."""
    smallest = SMALLEST.get(amount.currency)
    if card_mode() == "off" or smallest is None:
        raise CardsUnavailable
    if amount.minor < smallest:
        raise TooSmallForCard(Money(smallest, amount.currency))
