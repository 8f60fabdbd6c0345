"""``debtdesk reconcile``: what Stripe knows and we do not yet."""

from payments.reconcile import reconcile as run
from runtime.clock import Clock
from runtime.database import database


def reconcile() -> None:
    """Ask Stripe about every payment page still open; post what was paid, close what has expired.

    Example: debtdesk reconcile
    """
    db = database()
    print(run(db, now=Clock(db).now()))
