"""Rows into tables at the speed of the database's own driver: ``COPY`` on PostgreSQL, one statement on SQLite.

Every constraint and trigger works as for any other insert (docs/decisions/009). What is written here is in the
transaction of the session, and no object of the session knows of it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from runtime.database import Database

Rows = Sequence[tuple[Any, ...]]


MOST_DRAWN = 100_000
LARGE_CACHE = 128 * 1024 * 1024
MOST_WAITING = 24
"""How many statements, with their rows, wait for the one before them."""


class BulkWriter(Protocol):
    """Writes many rows. Values are plain: text, whole numbers, ``flag``, ``instant``, dates as ISO text, None."""

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Insert the rows; done at the latest when ``settle`` returns."""

    def settle(self) -> None:
        """Wait until all rows are in. Raises IntegrityError for rows the database refuses."""

    def ids(self, table: str, count: int) -> Sequence[int]:
        """``count`` new ids for the table, ascending; nobody else gets them."""

    def flag(self, value: bool | None) -> Any:
        """A truth value as it is written."""

    def instant(self, at: datetime) -> str:
        """An instant as it is written."""


@contextmanager
def bulk_writer(session: Session, *, large: bool = False) -> Iterator[BulkWriter]:
    """A writer in the transaction of ``session``, which must be a writing one. Everything is in when the block ends.

    ``large`` is for millions of rows: SQLite may then keep up to 128 MB of pages in memory instead of 2, and a thread
    writes while the next rows are made. Until ``settle`` has returned nothing else may be done in the session.
    """
    session.flush()
    writer: _Sqlite | _Postgresql
    if session.get_bind().dialect.name == "sqlite":
        writer = _LargeSqlite(session) if large else _Sqlite(session)
    else:
        writer = _Postgresql(session)
    try:
        yield writer
        writer.settle()
    finally:
        writer.close()


def named(table: str, columns: Sequence[str] = ()) -> str:
    """``table (columns)`` as it stands in a statement. Raises ValueError unless all are plain names."""
    for name in (table, *columns):
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"{name!r} is not the name of a table or a column")
    return f"{table} ({', '.join(columns)})" if columns else table


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection


class _Sqlite:
    def __init__(self, session: Session) -> None:
        self._raw: Any = _driver(session)
        self._next: dict[str, int] = {}

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        if not rows:
            return
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {named(table, columns)} VALUES ({places})"  # noqa: S608  # nosec B608  # plain names
        try:
            self._raw.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(statement, None, error) from None

    def settle(self) -> None:
        """Everything is in already."""

    def ids(self, table: str, count: int) -> Sequence[int]:
        """What follows the highest: nobody else writes meanwhile."""
        ask = f"SELECT coalesce(max(id), 0) FROM {named(table)}"  # noqa: S608  # nosec B608  # a plain name
        newest = self._raw.execute(ask).fetchone()[0]
        first = max(int(newest) + 1, self._next.get(table, 0))
        self._next[table] = first + count
        return range(first, first + count)

    def flag(self, value: bool | None) -> Any:
        return None if value is None else int(value)

    def instant(self, at: datetime) -> str:
        return f"{at.astimezone(UTC).replace(tzinfo=None):%Y-%m-%d %H:%M:%S.%f}"

    def close(self) -> None:
        """Nothing is kept."""


class _Beside:
    """A thread that writes, one statement after the other, while the next rows are made."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._under_way: list[Future[Any]] = []

    def begin(self, write: Callable[[], Any]) -> "Future[Any]":
        """Do ``write`` after all before it. Raises what went wrong with one of those."""
        self._under_way = [future for future in self._under_way if not _finished(future)]
        while len(self._under_way) > MOST_WAITING:  # what waits is held in memory
            self._under_way.pop(0).result()
        self._under_way.append(self._thread.submit(write))
        return self._under_way[-1]

    def settle(self) -> None:
        """Wait for all. Raises what went wrong."""
        under_way, self._under_way = self._under_way, []
        for future in under_way:
            future.result()

    def close(self) -> None:
        """Let the thread finish; what it could not write was said by ``settle``, or does not matter any more."""
        self._thread.shutdown(wait=True, cancel_futures=True)


class _LargeSqlite(_Sqlite):
    """Some thousand rows are one statement, so that the thread hardly ever needs the interpreter."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._beside = _Beside()
        self._usual = self._raw.execute("PRAGMA cache_size").fetchone()[0]
        self._raw.execute(f"PRAGMA cache_size = -{LARGE_CACHE // 1024}")
        self._numbered: set[str] = set()
        """Tables that nobody but this writer has added to since it last asked for the highest id."""

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        if not rows:
            return
        content = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        if "\\u0000" in content:  # SQLite would end the text there
            self._beside.begin(lambda: super(_LargeSqlite, self).insert(table, columns, rows))
            return
        values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(columns)))
        into = named(table, columns)
        statement = f"INSERT INTO {into} SELECT {values} FROM json_each(?)"  # noqa: S608  # nosec B608  # plain names
        self._beside.begin(lambda: self._write(statement, content))

    def _write(self, statement: str, content: str) -> None:
        try:
            self._raw.execute(statement, (content,))
        except sqlite3.IntegrityError as error:
            raise IntegrityError(statement, None, error) from None

    def settle(self) -> None:
        self._beside.settle()
        self._numbered.clear()

    def ids(self, table: str, count: int) -> Sequence[int]:
        if table not in self._numbered:
            self.settle()
            super().ids(table, 0)
            self._numbered.add(table)
        first = self._next[table]
        self._next[table] = first + count
        return range(first, first + count)

    def close(self) -> None:
        """Give the memory back."""
        self._beside.close()
        self._raw.execute(f"PRAGMA cache_size = {self._usual}")


class _Postgresql:
    """Rows are sent by a thread, so that the next ones are made while the server works."""

    def __init__(self, session: Session) -> None:
        self._raw: Any = _driver(session)
        self._beside = _Beside()
        self._drawn: dict[str, Sequence[int]] = {}
        self._asked: dict[str, int] = {}
        self._coming: dict[str, Future[Sequence[int]]] = {}

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        if not rows:
            return
        statement, content = f"COPY {named(table, columns)} FROM STDIN", copied(rows)
        self._beside.begin(lambda: self._copy(statement, content))

    def settle(self) -> None:
        self._beside.settle()

    def ids(self, table: str, count: int) -> Sequence[int]:
        """From the table's own sequence, so that others go on numbering beside us; more at a time as more are asked.

        The next ones are drawn before these are used up, between two statements.
        """
        asked = self._asked[table] = self._asked.get(table, 0) + count
        at_once = min(asked, MOST_DRAWN)
        kept = self._drawn.get(table, range(0))
        while len(kept) < count:
            more = self._coming.pop(table, None) or self._draw(table, max(count - len(kept), at_once))
            kept = [*kept, *more.result()] if kept else more.result()
        self._drawn[table] = kept[count:]
        if asked > count > 0 and table not in self._coming and len(self._drawn[table]) < at_once // 2:
            self._coming[table] = self._draw(table, at_once)
        return kept[:count]

    def _draw(self, table: str, count: int) -> "Future[Sequence[int]]":
        return self._beside.begin(lambda: self._drawn_now(table, count))

    def _drawn_now(self, table: str, count: int) -> Sequence[int]:
        drawn = "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) AS id FROM generate_series(1, %s)"
        ids = sorted(number for (number,) in self._raw.execute(drawn, (table, count)).fetchall())
        whole = range(ids[0], ids[-1] + 1)
        return whole if len(whole) == count else ids  # as a rule nobody drew at the same moment

    def flag(self, value: bool | None) -> Any:
        return None if value is None else "t" if value else "f"

    def instant(self, at: datetime) -> str:
        return at.astimezone(UTC).isoformat(sep=" ")

    def close(self) -> None:
        """Let the thread finish."""
        self._beside.close()

    def _copy(self, statement: str, content: str) -> None:
        import psycopg

        try:
            with self._raw.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(content)
        except psycopg.IntegrityError as error:
            raise IntegrityError(statement, None, error) from None


def _finished(future: "Future[Any]") -> bool:
    if future.done():
        future.result()  # raises what went wrong
        return True
    return False


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copied(rows: Rows) -> str:
    """The rows in the text format of ``COPY``.

    >>> copied([(1, None, "a\\tb")])
    '1\\t\\\\N\\ta\\\\tb\\n'
    """
    columns = len(rows[0])
    values = list(chain.from_iterable(rows))
    nothings = values.count(None)
    if nothings:
        values = ["\\N" if value is None else value for value in values]
    made = ("\t".join(["%s"] * columns) + "\n") * len(rows) % tuple(values)
    plain = (made.count("\\") == nothings and made.count("\t") == len(rows) * (columns - 1)
             and made.count("\n") == len(rows) and "\r" not in made)  # fmt: skip
    if plain:  # as a rule: no text holds a sign that has to be escaped
        return made
    return "".join(
        "\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in row) + "\n" for row in rows
    )


COUNTED = ("creditor", "debtor", "debt", "account", "txn", "entry", "seal", "debt_balance", "hold")


def count_anew(db: Database) -> None:
    """Have the database look by a sample how many rows there are, and of what sort: it plans questions by that."""
    if db.dialect == "sqlite":
        with db.write() as session:
            session.execute(text("PRAGMA analysis_limit = 1000"))
            session.execute(text("PRAGMA optimize = 0x10002"))  # also tables this connection has asked nothing of
    else:
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"ANALYZE {', '.join(COUNTED)}"))


def day(value: date | None) -> str | None:
    """A date as it is written."""
    return None if value is None else value.isoformat()


def by_thousands(items: Iterable[Any], size: int = 5_000) -> Iterator[list[Any]]:
    """``items`` some thousands at a time, so that no statement grows with the work."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
