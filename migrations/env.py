"""What Alembic compares and how it runs.

Uses the connection that ``runtime.migrate`` hands over, or, when called by the ``alembic`` command, the
database of the settings.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Enum

from compliance.evidence import capture
from ledger.enforcement import is_compared
from ledger.models.columns import ExactDecimal
from migrations.tables import import_tables
from runtime.database import Base, EncryptedJSON, EncryptedText, UTCDateTime, database

import_tables()


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Revisions name plain types, so that they do not change with the program."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, EncryptedText | EncryptedJSON):
        return "sa.Text()"
    if isinstance(item, ExactDecimal):
        return "sa.String(20)"
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=_render,
        render_as_batch=True,
        include_object=is_compared if connection.dialect.name == "postgresql" else None,
    )
    if capture.possible(connection):  # SQLite does not rename a table that a trigger names
        capture.drop(connection)
    with context.begin_transaction():
        context.run_migrations()
    at = MigrationContext.configure(connection).get_current_revision()
    if capture.possible(connection) and at == context.script.get_current_head():
        capture.ensure(connection)


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with database().engine.execution_options(writes=True).connect() as own, own.begin():
        _run(own)
