"""The way to Stripe: the real one with a key, else the local stand-in. The same calls either way."""

from functools import cache

import requests
import stripe
from stripe import StripeClient

from payments import standin_address
from payments.mode import CardsUnavailable
from runtime.settings import settings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
RETRIES = 1

stripe.enable_telemetry = False  # it would keep an id in the home folder and send timings along


class StripeTrouble(Exception):
    """Stripe could not be reached or did not do what was asked. Nothing is lost; it can be tried again."""


@cache
def _client(key: str, base: str | None) -> StripeClient:
    loopback: requests.Session | None = None
    if base is not None:
        loopback = requests.Session()
        loopback.trust_env = False  # a proxy of the environment must not swallow loopback calls
    http = stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS), session=loopback)
    return StripeClient(key, http_client=http, max_network_retries=RETRIES,
                        base_addresses={"api": base} if base else None)


def client() -> StripeClient:
    """The client of this installation. Raises CardsUnavailable when no card payments are taken here."""
    given = settings()
    if given.stripe_mode == "real" and given.stripe_api_key:
        return _client(given.stripe_api_key.get_secret_value(), None)
    if given.stripe_mode == "standin":
        return _client(standin_address.API_KEY, standin_address.url())
    raise CardsUnavailable


def webhook_secret() -> str | None:
    """What webhooks must be signed with; None when none can be accepted."""
    given = settings()
    if given.stripe_mode == "standin":
        return standin_address.webhook_secret()
    return given.stripe_webhook_secret.get_secret_value() if given.stripe_webhook_secret else None
