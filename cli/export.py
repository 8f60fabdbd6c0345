"""``debtdesk export``: postings, remittances and statements as files."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.rights import debtor_of, may_export, record_export
from compliance.operator import operator
from exchange.paper import File
from exchange.period import Period
from exchange.postings import write_postings
from exchange.remittance import remittances
from exchange.remitting import remittance_file
from exchange.statement import statement_file
from ledger.errors import BalanceStale
from ledger.models import Creditor
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError
from runtime.ids import CreditorId

export = typer.Typer(help="Postings, remittances and statements as files.", no_args_is_help=True, rich_markup_mode=None,
                     add_completion=False)
First = Annotated[datetime | None, typer.Option("--from", metavar="DATE", formats=["%Y-%m-%d"], help="First day")]
Last = Annotated[datetime | None, typer.Option("--to", metavar="DATE", formats=["%Y-%m-%d"],
                                               help="Last day, included; today when not given")]


class Rows(StrEnum):
    """Formats of rows."""

    CSV = "csv"
    JSONL = "jsonl"


class Sums(StrEnum):
    """Formats of a remittance."""

    CSV = "csv"
    PDF = "pdf"
    HTML = "html"


class Paper(StrEnum):
    """Formats of a paper."""

    PDF = "pdf"
    HTML = "html"


@export.callback()
def _all() -> None:
    """Postings, remittances and statements as files (docs/exchange.md). Example: debtdesk export postings"""


@export.command("postings")
def postings(
    first: First = None,
    last: Last = None,
    creditor: Annotated[str | None, typer.Option(metavar="REF", help="Only this creditor's")] = None,
    form: Annotated[Rows, typer.Option("--format", help="Format")] = Rows.CSV,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to; - is the terminal")] = "-",
) -> None:
    """Write every entry of the ledger, in the order of recording, with progress.

    Example: debtdesk export postings --from 2026-11-01 --to 2026-11-30 --out november.csv
    """
    db = database()
    today = Clock(db).now().astimezone(operator().zone).date()
    period = None
    if first or last:
        period = Period(first.date() if first else date.min.replace(year=1900), last.date() if last else today)
    with db.read() as session, to_file(out) as file, _progress("Postings") as step:
        creditor_id = _creditor(session, creditor) if creditor else None
        done = write_postings(session, file, form=form.value, period=period, creditor_id=creditor_id, progress=step)
    with db.write() as session:
        record_export(session, what="postings", debtor_id=None, actor="command line", personal=False,
                      now=Clock(db).now())
    _tell(out, f"{done:,} entries")


@export.command("remittance")
def remittance(
    creditor: Annotated[str, typer.Argument(metavar="CREDITOR", help="The creditor's reference")],
    first: First = None,
    last: Last = None,
    form: Annotated[Sums, typer.Option("--format", help="Format")] = Sums.PDF,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to; a telling name when not given")] = None,
) -> None:
    """Write what is to be paid over to a creditor: this month so far, or from a day to a day.

    Example: debtdesk export remittance NG --from 2026-11-01 --to 2026-11-30 --format csv
    """
    db = database()
    now = Clock(db).now()
    today = now.astimezone(operator().zone).date()
    ends = last.date() if last else today
    with db.read() as session:
        made = remittances(session, _creditor(session, creditor),
                           Period(first.date() if first else ends.replace(day=1), ends))
    with db.write() as session:
        record_export(session, what=f"remittance {creditor[:40]}", debtor_id=None, actor="command line", personal=False,
                      now=now)
    _keep(remittance_file(made, form=form.value, now=now), out)
    for one in made:
        _tell("-", f"to pay over: {one.money(one.carried)}")


@export.command("statement")
def statement(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The debtor's or an account's reference")],
    first: First = None,
    form: Annotated[Paper, typer.Option("--format", help="Format")] = Paper.PDF,
    language: Annotated[str | None, typer.Option(help="Language; the debtor's when not given")] = None,
    personal: Annotated[bool, typer.Option("--with-personal-data", help="With the name; needs --by")] = False,
    by: Annotated[str | None, typer.Option(metavar="EMAIL", help="The manager whose right it is")] = None,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to; a telling name when not given")] = None,
) -> None:
    """Write a debtor's statement until now, or the letter that nothing is owed.

    Addressed to the reference; with the name only for a manager, by --with-personal-data --by. Every export is recorded
    as evidence.

    Example: debtdesk export statement DD-1001 --from 2026-01-01
    """
    db = database()
    now = Clock(db).now()
    with db.read() as session:
        debtor_id = debtor_of(session, reference)
        actor = may_export(session, by) if personal else "command line"
        try:
            made = statement_file(session, debtor_id, now=now, form=form.value, first=first.date() if first else None,
                                  language=language, named=personal)
        except BalanceStale as error:
            raise StaffError(f"No letter that nothing is owed: another system keeps these books, and {error}") from None
    with db.write() as session:
        record_export(session, what="statement", debtor_id=debtor_id, actor=actor, personal=personal, now=now)
    _keep(made, out)


def _creditor(session: Session, ref: str) -> CreditorId:
    found = session.scalar(select(Creditor.id).where(Creditor.ref == "".join(ref.split()).upper()))
    if found is None:
        known = ", ".join(session.scalars(select(Creditor.ref).order_by(Creditor.ref).limit(12)))
        raise StaffError(f"There is no creditor {ref!r}; there are: {known or 'none'}")
    return found


def _tell(out: str, words: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(words if out == "-" else f"{out}: {words}")


def _keep(file: File, out: str | None) -> None:
    """Write a finished file, whole or not at all, readable by its owner only: it is about people's debts."""
    if out == "-":
        sys.stdout.buffer.write(file.content)
        return
    path = Path(out or file.name)
    with _beside(path) as handle, open(handle, "wb", closefd=False) as target:
        target.write(file.content)
    _tell(str(path), f"{len(file.content):,} bytes")


@contextmanager
def to_file(out: str) -> Iterator[TextIO]:
    """A text file written whole or not at all, readable by its owner only; ``-`` is the terminal."""
    if out == "-":
        yield sys.stdout
        return
    with _beside(Path(out)) as handle, open(handle, "w", encoding="utf-8", newline="", closefd=False) as file:
        yield cast(TextIO, file)


@contextmanager
def _beside(path: Path) -> Iterator[int]:
    """A new file that takes the place of ``path`` when the block ends well. Raises StaffError without a folder."""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise StaffError(f"{path} cannot be written: {error.strerror}") from None
    try:
        yield handle
        os.close(handle)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.close(handle)
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, whole: progress.update(task, completed=done, total=whole)
