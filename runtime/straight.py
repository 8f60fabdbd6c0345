"""A few statements straight to the driver, for what runs so often that SQLAlchemy takes longer than the database.

They are part of the session's transaction, and on PostgreSQL they make one journey to the server: a pipeline.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Statement = tuple[str, Sequence[Any]]
"""SQL with ``?`` for each value, and the values: text, whole numbers, None; a date in ISO form, ``instant``."""
Rows = list[tuple[Any, ...]]


def straight(session: Session, statements: Sequence[Statement]) -> list[Rows]:
    """Run the statements in their order; the rows that each returned. Nothing waiting in the session is flushed.

    None can use what another of the same call returned. The first error ends it and is raised as SQLAlchemy raises it
    (IntegrityError, OperationalError, ...), without the values.
    """
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            return [raw.execute(sql, values).fetchall() for sql, values in statements]
        with raw.pipeline():
            cursors = [raw.execute(_for_postgresql(sql), values) for sql, values in statements]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_raised(connection, error, "; ".join(sql for sql, _ in statements)) from error


def as_raised(connection: Connection, error: Exception, sql: str) -> Exception:
    """An error of the driver as SQLAlchemy raises it; a connection that it ends is given up."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True,
                               connection_invalidated=gone, dialect=dialect)


@cache
def _for_postgresql(sql: str) -> str:
    return sql.replace("?", "%s")


def instant(dialect: str, at: datetime) -> str:
    """An instant as ``UTCDateTime`` stores it. Raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    at = at.astimezone(UTC)
    return (at.replace(tzinfo=None) if dialect == "sqlite" else at).isoformat(sep=" ", timespec="microseconds")
