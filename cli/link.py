"""``debtdesk link``: a personal link, made by staff."""

from typing import Annotated

import typer

from compliance.links import link_url, make_link
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError


def link(
    reference: Annotated[str, typer.Argument(help="The debtor's or an account's reference")],
    sent: Annotated[bool, typer.Option("--sent", help="A link to be sent: it identifies, one factor is asked")] = False,
) -> None:
    """Print a personal link. It verifies whoever opens it, so hand it over in person or by a checked address.

    Example: debtdesk link DD-1001
    """
    db = database()
    with db.write() as session:
        token = make_link(session, reference=reference, verifies=not sent, created_by="command line",
                          now=Clock(db).now())
    if not token:
        raise StaffError(f"There is no debtor or account {reference!r}")
    print(link_url(token))
