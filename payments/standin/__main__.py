"""Starts the stand-in: ``python -m payments.standin``."""

import sys

import uvicorn

from payments import standin_address
from payments.standin.app import make_app
from payments.standin.store import Store
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import OperatorError
from runtime.settings import settings


def main() -> None:
    """Serve on the loopback address until stopped. Raises OperatorError where the stand-in must not run."""
    given = settings()
    if given.stripe_mode != "standin":
        raise OperatorError(f"The Stripe stand-in is for demo data and DEBTDESK_PAYMENTS=test only; card payments are "
                            f"{given.stripe_mode!r} here. It does not start.")
    app = make_app(Store(given.data_dir / "stripe-standin.sqlite3"), address=standin_address.url(),
                   webhook_url=f"http://127.0.0.1:{given.port}/webhooks/stripe",
                   api_key=standin_address.API_KEY, webhook_secret=standin_address.webhook_secret(),
                   now=Clock(database()).now)
    uvicorn.run(app, host="127.0.0.1", port=given.stripe_standin_port, log_level="warning", access_log=False)


if __name__ == "__main__":
    try:
        main()
    except OperatorError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
