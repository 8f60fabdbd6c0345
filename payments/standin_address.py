"""Where the local Stripe stand-in is and what it shares with us. Holds none of the stand-in itself."""

import secrets

from runtime.settings import settings
from runtime.vault import kept_secret

API_KEY = "sk_test_local_standin"


def url() -> str:
    """The stand-in's address, on the loopback interface, without a trailing slash."""
    return f"http://127.0.0.1:{settings().stripe_standin_port}"


def webhook_secret() -> str:
    """What its webhooks are signed with; made once for this installation."""
    return kept_secret("stripe-standin", f"whsec_{secrets.token_hex(32)}".encode()).decode()
