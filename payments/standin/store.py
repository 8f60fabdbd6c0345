"""What the stand-in remembers: one small SQLite file, so that a restart forgets nothing."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS object (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, due_at REAL, tries INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, last_status TEXT);
"""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to the webhook endpoint. ``due_at`` is None while a test holds it back."""

    number: int
    event: dict[str, Any]
    tries: int


class Store:
    """Objects by id, saved answers by idempotency key, and deliveries. One transaction at a time."""

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA busy_timeout=10000;" + _TABLES)
        self._depth = 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or nothing does. May be nested; no other thread gets in between."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def put(self, body: dict[str, Any]) -> None:
        """Store or replace the object ``body``."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO object (id, kind, body) VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                (body["id"], body["object"], json.dumps(body)))

    def get(self, kind: str, identifier: str) -> dict[str, Any] | None:
        """The object of that kind and id."""
        with self._lock:
            row = self._connection.execute("SELECT body FROM object WHERE id = ? AND kind = ?",
                                           (identifier, kind)).fetchone()
        return json.loads(row[0]) if row else None

    def newest_first(self, kind: str) -> list[dict[str, Any]]:
        """All objects of a kind, the newest first, as Stripe lists them."""
        with self._lock:
            rows = self._connection.execute("SELECT body FROM object WHERE kind = ? ORDER BY number DESC",
                                            (kind,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def answer(self, key: str) -> tuple[str, int, str] | None:
        """Request digest, status and body saved under an idempotency key."""
        with self._lock:
            row: tuple[str, int, str] | None = self._connection.execute(
                "SELECT request, status, body FROM answer WHERE key = ?", (key,)).fetchone()
        return row

    def save_answer(self, key: str, request: str, status: int, body: str) -> None:
        """Keep an answer for repetitions of the request."""
        with self._lock:
            self._connection.execute("INSERT INTO answer VALUES (?, ?, ?, ?)", (key, request, status, body))

    def deliver(self, event: dict[str, Any], due_at: float | None) -> None:
        """Put an event on its way, at ``due_at`` (seconds since 1970), or hold it back."""
        with self._lock:
            self._connection.execute("INSERT INTO delivery (event_id, due_at) VALUES (?, ?)", (event["id"], due_at))

    def due(self, at: float) -> list[Delivery]:
        """The deliveries to be tried by then, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT d.number, o.body, d.tries FROM delivery d JOIN object o ON o.id = d.event_id "
                "WHERE d.delivered = 0 AND d.due_at <= ? ORDER BY d.due_at, d.number LIMIT 50", (at,)).fetchall()
        return [Delivery(number, json.loads(body), tries) for number, body, tries in rows]

    def tried(self, number: int, status: str, *, delivered: bool, next_at: float | None) -> None:
        """Note how an attempt went."""
        with self._lock:
            self._connection.execute(
                "UPDATE delivery SET tries = tries + 1, last_status = ?, delivered = ?, due_at = ? WHERE number = ?",
                (status, int(delivered), next_at, number))

    def release(self, at: float, *, reverse: bool) -> int:
        """Let held deliveries go, in order or in reverse order. Gives how many."""
        with self.transaction():
            rows = self._connection.execute(
                "SELECT number FROM delivery WHERE delivered = 0 AND due_at IS NULL ORDER BY number").fetchall()
            if reverse:
                rows.reverse()
            for place, (number,) in enumerate(rows):
                self._connection.execute("UPDATE delivery SET due_at = ? WHERE number = ?",
                                         (at + place * 0.05, number))
        return len(rows)

    def undelivered(self) -> int:
        """How many deliveries have not got through yet, held ones included."""
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM delivery WHERE delivered = 0").fetchone()[0])
