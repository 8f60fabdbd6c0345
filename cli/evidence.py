"""``debtdesk evidence``: whether the evidence log is as it was written, and what is in it."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.rights import debtor_of, record_export
from compliance.evidence.anchor import Anchor, usual_place
from compliance.evidence.reading import Shown, evidence_of
from compliance.evidence.sealing import seal_all
from compliance.evidence.verifying import verify
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError

evidence = typer.Typer(help="The evidence log: verify it, show it.", no_args_is_help=True, rich_markup_mode=None,
                       add_completion=False)


@evidence.callback()
def _all() -> None:
    """The evidence log (docs/evidence.md). Example: debtdesk evidence verify"""


@evidence.command("verify")
def verify_log(
    anchor: Annotated[list[str] | None, typer.Option(
        metavar="'CHAIN POSITION HASH'", help="An end of the log known from elsewhere, as printed here")] = None,
) -> None:
    """Read the whole chain and print every change, removal, insertion or cut. Writes nothing.

    Ends with 0 when all is as it was written and with 1 when not, for cron. The last line is the anchor: keep it where
    whoever owns the database cannot reach it, and give it back with --anchor.

    Example: debtdesk evidence verify
    """
    db = database()
    kept = usual_place().read()
    anchors = [Anchor.parse(one) for one in anchor or ()] + ([kept] if kept else [])
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, db.read() as session:
        if db.dialect == "postgresql":  # the head and the records of the same moment
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        task = progress.add_task("Verifying", total=None)
        report = verify(session, anchors=anchors, progress=lambda done, whole: progress.update(
            task, completed=done, total=whole))
    for problem in report.problems:
        print(problem)
    if report.more:
        print(f"and {report.more} more")
    if report.waiting:
        print(f"{report.waiting} record(s) are not sealed yet, the oldest of "
              f"{report.waiting_since:%Y-%m-%d %H:%M} UTC: the worker does it within seconds while it runs")
    if report.problems:
        raise StaffError(f"The evidence is not as it was written: {len(report.problems) + report.more} finding(s)")
    print(f"The evidence is as it was written: {report.sealed:,} sealed record(s).")
    if report.end:
        print(report.end)


@evidence.command("seal")
def seal_now() -> None:
    """Seal what waits, when no worker runs. Several may do it at once.

    Example: debtdesk evidence seal
    """
    print(f"{seal_all(database(), anchor=usual_place()):,} record(s) sealed.")


@evidence.command("show")
def show(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The debtor's or an account's reference")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line")] = False,
) -> None:
    """Show what is recorded of one debtor, the oldest first. That it was shown is recorded too.

    Example: debtdesk evidence show DD-1001
    """
    db = database()
    now = Clock(db).now()
    with db.read() as session:
        debtor_id = debtor_of(session, reference)
        rows = list(evidence_of(session, debtor_id))
    with db.write() as session:
        record_export(session, what="evidence", debtor_id=debtor_id, actor="command line", personal=True, now=now)
    for row in rows:
        print(json.dumps(row.json(), ensure_ascii=False) if as_json else _line(row))
    if not rows:
        print("Nothing is recorded.")


def _line(row: Shown) -> str:
    place = f"#{row.position}" if row.position else "unsealed"
    more = ", ".join(f"{name}: {value}" for name, value in {**row.facts, **(row.content or {})}.items()
                     if value is not None)
    gone = " [erased]" if row.erased else ""
    return f"{row.at:%Y-%m-%d %H:%M:%S}  {place:>8}  {row.kind}  {row.subject}  {row.actor}  {more}{gone}".rstrip()
