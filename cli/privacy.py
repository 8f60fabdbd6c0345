"""``debtdesk privacy``: a debtor's own copy, erasure, the retention job, and the map of personal data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.rights import debtor_of, may_export, record_export
from compliance.evidence.anchor import usual_place
from compliance.evidence.sealing import seal_all
from ledger.models import Debtor
from privacy.access import subject_copy
from privacy.erasure import erase_everywhere
from privacy.forbidden import forbidding
from privacy.map import as_markdown
from privacy.retention import Progress as Told
from privacy.retention import retention
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.errors import StaffError

privacy = typer.Typer(help="Personal data: a debtor's own copy, erasure, retention.", no_args_is_help=True,
                      rich_markup_mode=None, add_completion=False)
Ref = Annotated[str, typer.Argument(metavar="REF", help="The debtor's or an account's reference")]
By = Annotated[str | None, typer.Option("--by", metavar="EMAIL", help="The manager in whose name it is done")]


@privacy.callback()
def _all() -> None:
    """Personal data (docs/privacy.md). Example: debtdesk privacy export DD-1001 --by ana@example.org"""


@privacy.command("export")
def export(
    reference: Ref, by: By = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; a telling name when not given")] = None,
) -> None:
    """Write all that is held on one debtor, for the debtor: a zip with data.json and a page to read.

    Other people's data is left out. Read it before you hand it over: what was typed freely may name others.

    Example: debtdesk privacy export DD-1001 --by ana@example.org
    """
    db = database()
    now = Clock(db).now()
    with db.read() as session:
        debtor_id = debtor_of(session, reference)
        actor = may_export(session, by)
        made = subject_copy(session, debtor_id, now=now)
    path = out or Path(made.name)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(handle, 0o600)
        with open(handle, "wb") as file:
            file.write(made.content)
    except OSError as error:
        raise StaffError(f"{path} cannot be written: {error.strerror}") from None
    with db.write() as session:
        record_export(session, what="subject access", debtor_id=debtor_id, actor=actor, personal=True, now=now)
    _say(f"{path}: {made.rows:,} rows" + (f"; {made.left_out} messages of others left out" if made.left_out else ""))


@privacy.command("erase")
def erase(
    reference: Ref, by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it only says whether it may be done")] = False,
) -> None:
    """Remove all that is personal of one debtor; the ledger's amounts stay, under a number.

    Refused while the retention rules forbid it, saying why and until when. It cannot be undone.

    Example: debtdesk privacy erase DD-1001 --by ana@example.org --yes
    """
    db = database()
    now = Clock(db).now()
    with db.read() as session:
        debtor_id = debtor_of(session, reference)
        if session.get_one(Debtor, debtor_id).erased_at is not None:
            print(f"{reference} was erased before.")
            return
        if reasons := forbidding(session, debtor_id, now=now):
            raise StaffError("Nothing was erased: " + "; ".join(map(str, reasons)))
        if not yes:
            print(f"{reference} may be erased. To do it, add --yes.")
            return
        actor = may_export(session, by)
    done = erase_everywhere(db, debtor_id, actor=actor, now=now)
    seal_all(db, anchor=usual_place())
    _forget_what_was(db)
    print(f"{reference} is erased: {sum(done.deleted.values())} rows deleted, {sum(done.cleared.values())} emptied. "
          f"The ledger keeps its amounts under ERASED-{debtor_id}.")


@privacy.command("retention")
def run_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is over; remove nothing")] = False,
) -> None:
    """Remove what may be kept no longer, with progress. The worker does it once a day.

    Example: debtdesk privacy retention --dry-run
    """
    db = database()
    with _progress() as progress:
        done = retention(db, now=Clock(db).now(), dry_run=dry_run, progress=progress)
    word = "would be removed" if dry_run else "removed"
    for name, count in done.counts.items():
        print(f"{word}: {count:,} {name}")
    if not done.counts:
        print("Nothing is over.")
    for ref in done.debtors[:20] if dry_run else ():
        print(f"  {ref}")
    for ref, why in list(done.left.items())[:20]:
        print(f"left: {ref}: {why}")
    if not dry_run:
        _forget_what_was(db)
    if done.tracker:
        raise StaffError(done.tracker)


@privacy.command("map")
def show_map() -> None:
    """Print the map of personal data: each column, what for, how protected, how long.

    Example: debtdesk privacy map > map.md
    """
    print(as_markdown())


def _forget_what_was(db: Database) -> None:
    """Write SQLite's log back and cut it, so that no copy of what was removed stays in it."""
    if db.dialect == "sqlite":
        with db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _say(words: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(words)


@contextmanager
def _progress() -> Iterator[Told]:
    parts = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking for what is over", total=None)
        yield lambda name, count: progress.update(task, description=f"{name}: {count:,}")
