"""The demo portfolio: loaded through the ledger's own services, put back as it was, explained.

``debtdesk demo reset`` and ``debtdesk demo guide``. A database whose creditors all carry the demo's mark is
a demo database; nothing here ever writes to another one.
"""

from datetime import date

import typer
from sqlalchemy import MetaData, select, text
from sqlalchemy.orm import Session

from cli.lives import Life
from cli.portfolio import MARK, read_portfolio
from compliance.evidence.anchor import usual_place
from ledger.models import Creditor
from ledger.promises import judge_promises
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.errors import OperatorError

KEPT_TABLES = {"alembic_version", "clock_offset", "staff_account", "staff_session", "staff_sign_in_attempt"}
"""What a reset leaves alone: who may sign in, and how the database is set up."""

demo = typer.Typer(no_args_is_help=True, help="The demo portfolio: who is in it, and putting it back as it was.",
                   rich_markup_mode=None, add_completion=False)  # fmt: skip


@demo.command("guide")
def print_guide() -> None:
    """Print every person of the demo with what to type.

    Example: debtdesk demo guide
    """
    print("\n".join(guide()))


@demo.command("reset")
def reset_command() -> None:
    """Put the demo portfolio back as it was: conversations, payments and plans since then are gone.

    Refused on a database that holds anything but the demo. Staff accounts stay.

    Example: debtdesk demo reset
    """
    from runtime.migrate import upgrade

    upgrade(database())
    reset()
    usual_place().path.unlink(missing_ok=True)  # the evidence begins anew as well
    print(f"The demo portfolio is as new: {len(read_portfolio().people)} people, dates as of today.")


def load(db: Database | None = None, *, today: date | None = None) -> bool:
    """Load the demo portfolio with dates relative to ``today``; where it is loaded already nothing happens.

    Whether it was loaded now. All of it or nothing. Raises OperatorError on a database with another portfolio.
    """
    db = db or database()
    with db.read() as session:
        if _is_loaded(session):
            return False
    with db.write() as session:
        if _is_loaded(session):
            return False
        _fill(session, today or Clock(db).now().date())
    return True


def reset(db: Database | None = None, *, today: date | None = None) -> None:
    """Delete what a demo database holds, staff accounts aside, and load the demo portfolio afresh.

    One transaction. Raises OperatorError, and deletes nothing, when a creditor is not the demo's.
    """
    db = db or database()
    now = Clock(db).now()
    with db.write() as session:
        if others := _other_creditors(session):
            raise OperatorError(
                f"This database is not the demo's alone: it holds {', '.join(others[:3])}. Nothing was deleted"
            )
        _empty(session)
        _fill(session, today or now.date())


def guide() -> list[str]:
    """Two lines for each person: who they are, and what to type."""
    lines = ["The demo portfolio. Be one of these people: type the line, then what follows it."]
    for person in read_portfolio().people:
        born = f"{person.born.day} {person.born:%B %Y}"
        lines.append(f"  ({person.letter}) {person.first_name} {person.last_name}: {person.story}")
        said = "  then: " + " / ".join(person.say)
        lines.append(f"      {person.ref}, {born}, {person.postcode}{said}")
    return lines


def _other_creditors(session: Session) -> list[str]:
    return list(session.scalars(select(Creditor.ref).where(~Creditor.ref.startswith(MARK)).order_by(Creditor.ref)))


def _is_loaded(session: Session) -> bool:
    if session.scalars(select(Creditor.id).where(Creditor.ref.startswith(MARK)).limit(1)).first() is not None:
        return True
    if others := _other_creditors(session):
        raise OperatorError(
            f"This database holds another portfolio ({', '.join(others[:3])}): the demo is not mixed with it. "
            "Start without the demo (make run DEMO=0), or choose another DEBTDESK_DATA_DIR"
        )
    return False


def _empty(session: Session) -> None:
    """Delete every row but those of ``KEPT_TABLES``, although the ledger's triggers refuse it for a live one."""
    connection = session.connection()
    tables = MetaData()
    tables.reflect(connection)
    doomed = [table for table in reversed(tables.sorted_tables) if table.name not in KEPT_TABLES]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        for table in doomed:
            connection.execute(table.delete())
        for _, definition in triggers:
            connection.exec_driver_sql(definition)
        return
    for table in doomed:
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
    for table in doomed:
        connection.execute(table.delete())
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")  # no trigger may be pending when they come back
    for table in doomed:
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
    connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def _fill(session: Session, today: date) -> None:
    portfolio = read_portfolio()
    creditors = {data.ref: Creditor(**data.model_dump()) for data in portfolio.creditors}
    session.add_all(creditors.values())
    session.flush()
    for person in portfolio.people:
        Life(session, person, creditors, today).live()
    judge_promises(session, today=today)
