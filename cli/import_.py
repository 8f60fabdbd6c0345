"""``debtdesk import``: debts from a file into the ledger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import IntegrityError

from ledger.importing.checking import Request
from ledger.importing.delta import Changes, Delta
from ledger.importing.load import Loaded, load
from ledger.importing.mapping import NATIVE, load_mapping
from ledger.importing.problems import Problem
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.errors import OperatorError
from runtime.migrate import upgrade


def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV, XLSX or JSON lines file.", show_default=False)
    ],
    mapping: Annotated[
        str | None,
        typer.Option(metavar="M.yml", help="Mapping file, by path or by its name in mappings/. Native layout without."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
                     help="Take the file as things stood that day; for a delta also the time, in UTC."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows of a file with bad ones.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the file, such as cp1252; by the mapping, else UTF-8.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; write nothing.")] = False,
    sheet: Annotated[str | None, typer.Option(metavar="NAME", help="Which sheet of an XLSX file.")] = None,
    delta: Annotated[
        bool, typer.Option("--delta", help="The file says what has changed: debts may be adjusted, closed, recalled.")
    ] = False,
    missing: Annotated[
        Literal["ignore", "recalled"],
        typer.Option(help="With --delta: what debts of the file's creditors are that are not in it."),
    ] = "ignore",
) -> None:
    """Import debts from a CSV, XLSX or JSON lines file. Every row is checked; a file with a bad row changes nothing.

    The same file twice changes nothing either. The layout and mapping files are explained in docs/import.md.

    Example: debtdesk import ledger.csv --mapping accounts_receivable --as-of 2013-06-30
    """
    if missing != "ignore" and not delta:
        raise OperatorError("--missing goes with --delta")
    upgrade(database())
    run_import(
        database(), file, mapping=mapping, as_of=as_of, skip_bad=skip_bad, encoding=encoding, dry_run=dry_run,
        sheet=sheet, delta=delta, missing=missing,
    )  # fmt: skip


def run_import(
    db: Database, file: Path, *, mapping: str | None = None, as_of: datetime | None = None, skip_bad: bool = False,
    encoding: str | None = None, dry_run: bool = False, sheet: str | None = None, delta: bool = False,
    missing: Literal["ignore", "recalled"] = "ignore",
) -> None:  # fmt: skip
    """Read ``file``, place it in ``db`` and print what was done.

    Raises typer.Exit with code 1, after listing them, when bad rows keep the file out; OperatorError when
    the file or its mapping cannot be read.
    """
    console = Console(soft_wrap=True, highlight=False)
    now = Clock(db).now()
    request = Request(
        file, now.date(), mapping=load_mapping(mapping) if mapping else NATIVE, as_of=as_of.date() if as_of else None,
        encoding=encoding, sheet=sheet,
    )  # fmt: skip
    stood = min(now, as_of.replace(tzinfo=UTC)) if as_of else now
    with _progress() as progress:
        try:
            loaded = load(
                db, request, now=now, actor="import", skip_bad=skip_bad, dry_run=dry_run, progress=progress,
                delta=Delta(stood, missing) if delta else None,
            )  # fmt: skip
        except IntegrityError:
            raise OperatorError(
                "Something else brought the same debts in at the same moment; nothing was imported. Run it again"
            ) from None
    _print_problems(console, loaded.problems)
    if loaded.refused:
        console.print(
            f"[bold red]Nothing was imported:[/] {_count(len({p.line for p in loaded.problems}), 'bad row')} of "
            f"{loaded.rows:,}. Put them right, or import the others with --skip-bad."
        )
        raise typer.Exit(1)
    _print_report(console, loaded, request.day, dry_run=dry_run)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Checking rows, placing debts", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print_problems(console: Console, problems: list[Problem]) -> None:
    for problem in problems:
        console.print(f"[red]line {problem.line:,}[/]: {escape(problem.reason)}")


def _print_report(console: Console, loaded: Loaded, day: date, *, dry_run: bool) -> None:
    console.print(f"[bold]{escape(loaded.name)}[/] as of {day}: {_count(loaded.rows, 'row')}")
    if dry_run:
        console.print("[yellow]A dry run: nothing was written. This is what would be done:[/]")
    lines = []
    if loaded.new_debts:
        lines.append(
            f"{_count(loaded.new_debts, 'debt')} opened, {_count(loaded.new_debtors, 'new debtor')}, "
            f"{_count(loaded.new_creditors, 'new creditor')}"
        )
    if loaded.settled or loaded.held:
        lines.append(f"{_count(loaded.settled, 'debt')} settled, {_count(loaded.held, 'dispute hold')} placed")
    changed = _changes(loaded.changes) if loaded.changes else []
    if not (loaded.new_debts or loaded.settled or loaded.held or loaded.completed or changed):
        lines.append("nothing new")
    lines += changed
    if loaded.unchanged:
        lines.append(f"{_count(loaded.unchanged, 'debt')} in the ledger already" + (
            f", {loaded.changes.confirmed:,} balances confirmed" if loaded.changes else ", unchanged"))
    lines += [f"{_count(loaded.completed, 'debtor')} completed"] if loaded.completed else []
    lines += [f"{_count(loaded.later, 'row')} opened later than {day}, left out"] if loaded.later else []
    lines += [f"{_count(loaded.left_out, 'row')} left out by the mapping"] if loaded.left_out else []
    if loaded.problems:
        lines.append(f"{_count(len({p.line for p in loaded.problems}), 'bad row')} left out (--skip-bad)")
    lines += [f"columns not used: {', '.join(loaded.unused_columns)}"] if loaded.unused_columns else []
    for line in lines:
        console.print(f"  {escape(line)}")
    for notice in [*loaded.notices, *(loaded.changes.before if loaded.changes else [])]:
        console.print(f"[yellow]note[/]: {escape(notice)}")
    _print_unidentified(console, loaded)


def _changes(changes: Changes) -> list[str]:
    """What a delta has done, one line for each kind of change there was."""
    found = (
        (changes.adjusted, "brought to another balance"), (changes.closed, "closed, paid elsewhere"),
        (changes.written_off, "written off"), (changes.recalled, "recalled"),
    )  # fmt: skip
    lines = [f"{_count(number, 'debt')} {what}" for number, what in found if number]
    return lines + ([f"{_count(changes.rewritten, 'set')} of facts rewritten"] if changes.rewritten else [])


def _print_unidentified(console: Console, loaded: Loaded) -> None:
    if not loaded.unidentified:
        return
    more = loaded.unidentified - len(loaded.such_as)
    named = ", ".join(loaded.such_as) + (f" and {more:,} more" if more else "")
    console.print(
        f"[yellow]{_count(loaded.unidentified, 'debtor')} cannot be identified by what the file says[/] "
        f"(no date of birth, or neither postcode nor last name): {escape(named)}.\n"
        "They can be reached by a personal link (debtdesk link REF) or a one-time code."
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
