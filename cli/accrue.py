"""``debtdesk accrue``: interest, where a policy adds any."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledger.accrual import accrue_all
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError
from runtime.migrate import upgrade


def accrue(
    until: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The last day to add interest for; yesterday without."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Reckon and count; write nothing.")] = False,
) -> None:
    """Add the interest of all days that are over to every debt whose policy adds any. The worker does so every day.

    Running it twice adds nothing twice; days without a run are caught up with.

    Example: debtdesk accrue --until 2026-03-31 --dry-run
    """
    db = database()
    upgrade(db)
    now = Clock(db).now()
    yesterday: date = now.date() - timedelta(days=1)
    last = until.date() if until else yesterday
    if last > yesterday:
        raise StaffError(f"{last} is not over yet: interest can be added through {yesterday}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Adding interest", total=None)
        done = accrue_all(db, until=last, now=now, dry_run=dry_run,
                          progress=lambda some, every: progress.update(task, completed=some, total=every))
    if dry_run:
        print("A dry run: nothing was written. This is what would be done:")
    print(f"Interest through {last}: {done.debts:,} debt{'' if done.debts == 1 else 's'} looked at")
    for amount in done.added.values():
        print(f"  added {amount}")
    for amount in done.given_back.values():
        print(f"  given back {amount}")
