"""The database: SQLite by default, PostgreSQL by URL. Reading and writing sessions, and column types.

Writing sessions take SQLite's write lock at once (``BEGIN IMMEDIATE``), so a transaction never fails
half-way for want of it; reading sessions never block in WAL mode.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Text, TypeDecorator, create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from runtime import vault
from runtime.errors import OperatorError
from runtime.settings import settings
from runtime.stale_connections import refuse_stale
from runtime.straight import as_raised
from runtime.writing_queue import WritingQueue

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The tables of all rooms share one metadata."""

    metadata = MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused; what comes back is always in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted in the database and plain in the program; an empty one stands as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return vault.encrypt(value) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return vault.decrypt(value) if value else value


class EncryptedJSON(TypeDecorator[Any]):
    """A JSON value that is encrypted in the database; an empty one says nothing and stands as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        written = json.dumps(value, ensure_ascii=False)
        return written if written in _EMPTY else vault.encrypt(written)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return json.loads(value if value in _EMPTY else vault.decrypt(value))


_EMPTY = frozenset({"{}", "[]"})
PlainJSON = JSON


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below opens transactions
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        connection.execute(f"PRAGMA {pragma}")


def _make_engine(url: URL, queue: WritingQueue | None) -> Engine:
    """The engine; an error of its own never quotes what was to be stored, so no log does."""

    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes", False)
        if immediate and queue is not None:
            queue.take()
        sql, raw = "BEGIN IMMEDIATE" if immediate else "BEGIN", connection.connection.driver_connection
        try:
            raw.execute(sql)  # type: ignore[union-attr]
        except sqlite3.Error as error:
            raise as_raised(connection, error, sql) from error

    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            try:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OperatorError(f"The folder of the database cannot be made: {error}") from None
        # writers that wait for their turn have a connection already, and must not keep readers from getting one
        engine = create_engine(url, connect_args={"check_same_thread": False}, max_overflow=-1, hide_parameters=True)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", begin)
        return engine
    engine = create_engine(url, pool_size=10, max_overflow=20, hide_parameters=True)
    refuse_stale(engine)
    return engine


class Database:
    """One database. ``read()`` and ``write()`` give sessions; ``write()`` commits when its block ends well."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # what was given is not repeated: it may hold a password
            raise OperatorError("DEBTDESK_DATABASE_URL is not a database URL such as "
                                "postgresql://user:password@host:5432/name") from None
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif parsed.get_backend_name() != "sqlite":
            raise OperatorError(f"DEBTDESK_DATABASE_URL: use SQLite or PostgreSQL, not {parsed.get_backend_name()}")
        self.url = parsed
        file = parsed.database if parsed.get_backend_name() == "sqlite" and parsed.database != ":memory:" else None
        self._queue = WritingQueue(Path(f"{file}-writers")) if file else None
        self.engine = _make_engine(parsed, self._queue)
        self._writing = self.engine.execution_options(writes=True)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end of the block, rolled back on any exception.

        Writers of a SQLite file take their turns in order, each from its first statement on; that raises TimeoutError
        for one that has waited too long.
        """
        with (
            Session(self._writing, expire_on_commit=False) as session,
            self._queue.place() if self._queue else nullcontext(),
            session.begin(),
        ):
            yield session

    def check(self) -> None:
        """Raises OperatorError, in one line, when the database cannot be opened."""
        try:
            with self.read() as session:
                session.execute(text("SELECT 1"))
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            raise OperatorError(f"The database {self.url.render_as_string()} cannot be opened: {reason}") from None

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@cache
def database() -> Database:
    """The database of this process, by settings."""
    return Database(settings().url)
