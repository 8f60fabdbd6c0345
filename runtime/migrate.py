"""Brings a database to the newest revision: ``python -m runtime.migrate``.

``python -m runtime.migrate --revision "what changed"`` writes the next revision from the models, compared
with a fresh database at the newest one.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from runtime.database import Database, database
from runtime.errors import OperatorError
from runtime.settings import ROOT

_LOCK = 4_018_362_115  # any number no other program of this database uses


def _config(connection: Connection | None = None) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def head() -> str | None:
    """The newest revision there is, None when there is none yet."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(database: Database) -> str | None:
    """The revision a database is at, None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection in a transaction that no other migration shares; committed at the end."""
    with database.engine.execution_options(writes=True).connect() as connection:
        if database.dialect == "postgresql":
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # tables are rebuilt; has no effect inside a transaction
        try:
            with connection.begin():  # BEGIN IMMEDIATE: one writer at a time
                yield connection
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                    raise RuntimeError(f"migration leaves rows without their parents: {broken[:5]}")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def chain() -> list[str]:
    """All revisions, the oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def upgrade(database: Database, to: str | None = None) -> None:
    """Bring ``database`` to the newest revision, or to an earlier one. Nothing happens when it is there.

    Safe to call at the same time.

    Raises OperatorError when the database is newer than the program.
    """
    newest = to or head()
    if newest is None or current(database) == newest:
        return
    with _alone(database) as connection:
        at = MigrationContext.configure(connection).get_current_revision()
        if at == newest:
            return
        known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
        if at is not None and at not in known:
            raise OperatorError(f"The database is at revision {at}, which this version of Debtdesk does not know: "
                                "it was used with a newer one")
        command.upgrade(_config(connection), newest)


def revise(message: str) -> Path:
    """Write the next revision from the models and return its file. For developers."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Database(f"sqlite:///{Path(folder) / 'fresh.sqlite3'}")
        upgrade(fresh)
        with _alone(fresh) as connection:
            made = command.revision(_config(connection), message=message, autogenerate=True)
        fresh.close()
    if made is None or isinstance(made, list):
        raise OperatorError("no revision was written")
    return Path(made.path)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m runtime.migrate", description=__doc__)
    parser.add_argument("--revision", metavar="MESSAGE", help="write the next revision instead of upgrading")
    arguments = parser.parse_args()
    if arguments.revision:
        print(revise(arguments.revision))
        return
    upgrade(database())
    print(f"{database().url.render_as_string(hide_password=True)} is at {current(database())}")


if __name__ == "__main__":
    main()
