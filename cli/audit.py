"""``debtdesk audit``: whether what we said and did kept the rules."""

import sys
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from audit.report import as_json, explain, readable
from audit.rules import RULES
from audit.running import Report
from audit.running import audit as run
from audit.scope import Scope
from cli.export import to_file
from compliance.operator import operator
from conversations.models import Conversation
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import OperatorError, StaffError
from runtime.ids import ConversationId

CLEAN, FOUND, COULD_NOT = 0, 1, 2


class Form(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


def audit(
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this conversation and its debtor")
    ] = None,
    rule: Annotated[list[int] | None, typer.Option(metavar="N", help="Only this rule; can be given again")] = None,
    since: Annotated[datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"],
                                                   help="Only what happened on or after this day")] = None,
    until: Annotated[datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"],
                                                   help="Only what happened until this day, included")] = None,
    form: Annotated[Form, typer.Option("--format", help="Format")] = Form.TEXT,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to; - is the terminal")] = "-",
    rules: Annotated[
        bool, typer.Option("--rules", help="Print the rules and what each looks at; audit nothing")
    ] = False,
) -> None:
    """Check every stored conversation, the outbox and the ledger against the compliance rules. Writes nothing.

    Ends with 0 when nothing was found, 1 when something was, 2 when it could not run, for cron. The report holds ids
    and our own words, never a debtor's. Days are the office's. docs/audit.md explains it.

    Example: debtdesk audit --since 2026-11-01 --format json --out audit.json
    """
    if rules:
        print("\n".join(explain(RULES)))
        return
    try:
        report = _run(conversation, rule or [], since, until)
        text = as_json(report) if form is Form.JSON else "\n".join(readable(report))
        _write(text, out)
    except (OperatorError, StaffError, DBAPIError, OSError) as error:
        reason = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        print(f"debtdesk: the audit could not run: {' '.join(reason.split())}", file=sys.stderr)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(CLEAN if report.clean else FOUND)


def _run(conversation: str | None, numbers: list[int], since: datetime | None, until: datetime | None) -> Report:
    if unknown := set(numbers) - {rule.number for rule in RULES}:
        raise StaffError(f"there is no rule {min(unknown)}; they are 1 to {RULES[-1].number}")
    zone = operator().zone
    scope = Scope(
        now=Clock(database()).now(), rules=frozenset(numbers),
        since=datetime.combine(since.date(), time(), zone) if since else None,
        until=datetime.combine(until.date() + timedelta(days=1), time(), zone) if until else None,
        conversation=ConversationId(conversation) if conversation else None)
    db = database()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, db.read() as session:
        if db.dialect == "postgresql":  # all rules see the same moment, whatever is said meanwhile
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        if conversation and session.scalar(select(Conversation.id).where(Conversation.id == conversation)) is None:
            raise StaffError(f"there is no conversation {conversation!r}")
        task = progress.add_task("Auditing", total=None)
        return run(session, scope, progress=lambda done, whole: progress.update(task, completed=done, total=whole))


def _write(text: str, out: str) -> None:
    with to_file(out) as file:
        file.write(f"{text}\n")
