"""``debtdesk ledger``: looking after the books."""

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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
    """Recompute every balance and invariant from the entries; print each difference. Writes nothing.

    Ends with 0 when the books are in order and with 1 when they are not, for cron.

    Example: debtdesk ledger check
    """
    db = database()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, db.read() as session:
        if db.dialect == "postgresql":  # all rules see the same moment, whatever is posted meanwhile
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        task = progress.add_task("Checking", total=None)
        findings = check(session, progress=lambda rule, number, count: progress.update(
            task, description=f"Checking: {rule}", completed=number - 1, total=count))
        progress.update(task, description="Checked", completed=1, total=1)
    for finding in findings:
        print(finding)
    if findings:
        raise StaffError(f"{len(findings)} finding(s)")
    print(f"The ledger is in order ({Clock(db).now():%Y-%m-%d %H:%M} UTC).")
