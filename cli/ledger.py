"""``debtdesk ledger``: looking after the books."""

import typer

from ledger.check import check
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError

ledger = typer.Typer(help="Look after the books.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@ledger.callback()
def _all() -> None:
    """Look after the books. Example: debtdesk ledger check"""


@ledger.command("check")
def check_ledger() -> None:
    """Check that every posting balances, every cached balance is its entries' sum, and every plan adds up.

    Example: debtdesk ledger check
    """
    db = database()
    with db.read() as session:
        findings = check(session)
    for finding in findings:
        print(finding)
    if findings:
        raise StaffError(f"{len(findings)} finding(s)")
    print(f"The ledger is in order ({Clock(db).now():%Y-%m-%d %H:%M} UTC).")
