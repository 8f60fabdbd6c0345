"""``debtdesk import``: debts from a file into the ledger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import IntegrityError

from ledger.importing.load import Loaded, load
from ledger.importing.mapping import NATIVE, load_mapping
from ledger.importing.problems import Problem
from ledger.importing.rows import Reading, read_file
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.errors import OperatorError
from runtime.migrate import upgrade


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.", show_default=False)],
    mapping: Annotated[
        str | None,
        typer.Option(metavar="M.yml", help="Mapping file, by path or by its name in mappings/. Native layout without."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help="Take the file as things stood that day."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows of a file with bad ones.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the file, such as cp1252; by the mapping, else UTF-8.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; write nothing.")] = False,
) -> None:
    """Import debts from a CSV file. Every row is checked; a file with a bad row changes nothing.

    The same file twice changes nothing either. The layout and mapping files are explained in docs/import.md.

    Example: debtdesk import ledger.csv --mapping accounts_receivable --as-of 2013-06-30
    """
    upgrade(database())
    run_import(
        database(), file, mapping=mapping, as_of=as_of.date() if as_of else None, skip_bad=skip_bad, encoding=encoding,
        dry_run=dry_run,
    )  # fmt: skip


def run_import(
    db: Database, file: Path, *, mapping: str | None = None, as_of: date | None = None, skip_bad: bool = False,
    encoding: str | None = None, dry_run: bool = False,
) -> None:  # fmt: skip
    """Read ``file``, place it in ``db`` and print what was done.

    Raises typer.Exit with code 1, after listing them, when bad rows keep the file out; OperatorError when
    the file or its mapping cannot be read.
    """
    console = Console(soft_wrap=True, highlight=False)
    now = Clock(db).now()
    with _progress() as step:
        reading = read_file(
            file, mapping=load_mapping(mapping) if mapping else NATIVE, as_of=as_of, today=now.date(),
            encoding=encoding, progress=step("Checking rows"),
        )  # fmt: skip
        loaded = None
        try:
            with db.write() as session:
                loaded = load(
                    session, reading, now=now, actor="import", skip_bad=skip_bad, progress=step("Placing debts")
                )
                if dry_run or loaded.refused:
                    raise _WriteNothing
        except _WriteNothing:
            pass
        except IntegrityError:
            raise OperatorError(
                "Something else brought the same debts in at the same moment; nothing was imported. Run it again"
            ) from None
    assert loaded is not None
    _print_problems(console, loaded.problems)
    if loaded.refused:
        console.print(
            f"[bold red]Nothing was imported:[/] {_count(len({p.line for p in loaded.problems}), 'bad row')} of "
            f"{reading.rows:,}. Put them right, or import the others with --skip-bad."
        )
        raise typer.Exit(1)
    _print_report(console, reading, loaded, dry_run=dry_run)


class _WriteNothing(Exception):
    """Rolls the transaction back."""


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def step(title: str) -> Callable[[int, int], None]:
            task = progress.add_task(title, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        yield step


def _print_problems(console: Console, problems: list[Problem]) -> None:
    for problem in problems:
        console.print(f"[red]line {problem.line:,}[/]: {escape(problem.reason)}")


def _print_report(console: Console, reading: Reading, loaded: Loaded, *, dry_run: bool) -> None:
    console.print(f"[bold]{escape(reading.name)}[/] as of {reading.as_of}: {_count(reading.rows, 'row')}")
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
    if not (loaded.new_debts or loaded.settled or loaded.held or loaded.completed):
        lines.append("nothing new")
    lines += [f"{_count(loaded.unchanged, 'debt')} in the ledger already, unchanged"] if loaded.unchanged else []
    lines += [f"{_count(loaded.completed, 'debtor')} completed"] if loaded.completed else []
    lines += [f"{_count(reading.later, 'row')} opened later than {reading.as_of}, left out"] if reading.later else []
    lines += [f"{_count(reading.left_out, 'row')} left out by the mapping"] if reading.left_out else []
    if loaded.problems:
        lines.append(f"{_count(len({p.line for p in loaded.problems}), 'bad row')} left out (--skip-bad)")
    lines += [f"columns not used: {', '.join(reading.unused_columns)}"] if reading.unused_columns else []
    for line in lines:
        console.print(f"  {escape(line)}")
    for notice in loaded.notices:
        console.print(f"[yellow]note[/]: {escape(notice)}")
    _print_without_factors(console, loaded)


def _print_without_factors(console: Console, loaded: Loaded) -> None:
    if not loaded.without_factors:
        return
    few = loaded.without_factors[:3]
    more = len(loaded.without_factors) - len(few)
    named = ", ".join(few) + (f" and {more:,} more" if more else "")
    console.print(
        f"[yellow]{_count(len(loaded.without_factors), 'debtor')} cannot be identified by what the file says[/] "
        f"(no date of birth, or neither postcode nor last name): {escape(named)}.\n"
        "They can be reached by a personal link (debtdesk link REF) or a one-time code."
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

