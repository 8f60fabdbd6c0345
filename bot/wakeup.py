"""Who waits for news of a conversation is woken here. What is delivered is what the database has.

Other processes write too (worker, webhooks, staff, another gateway), so the database itself is watched: on SQLite
by ``PRAGMA data_version``, on PostgreSQL by LISTEN.
"""

import asyncio
import contextlib
import threading
from collections import defaultdict

import psycopg

from bot.events import Fresh
from conversations.say import CHANNEL
from runtime.database import Database

POLL_SECONDS = 0.025
MOST_TOLD = 100
"""Kept for a stream whose client does not read; beyond that it looks into the database when it does again."""


class News(asyncio.Event):
    """Set whenever the conversation may have something new."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        """Row id of the newest message that was read."""
        self._told: list[Fresh] = []
        self._unread = True

    def look(self) -> None:
        """There may be something in the database."""
        self._unread = True
        self.set()

    def hear(self, fresh: Fresh) -> None:
        """Something was stored, and this is it."""
        if len(self._told) < MOST_TOLD:
            self._told.append(fresh)
        else:
            self._told, self._unread = [], True
        self.set()

    def take(self, after: int, *, token: str) -> Fresh | None:
        """What is new after event ``after`` for the holder of the token with this hash; None: read the database.

        Event ids of a conversation have no gap, so whoever has them in a row has missed nothing.
        """
        self.clear()
        told, unread = self._told, self._unread
        self._told, self._unread = [], False
        if unread or not told or any(fresh.token != token for fresh in told):
            return None
        messages = [message for fresh in told for message in fresh.messages if message["id"] > after]
        if [message["id"] for message in messages] != list(range(after + 1, after + 1 + len(messages))):
            return None
        return Fresh(messages, told[-1].busy, max(fresh.newest for fresh in told), token)


class Wakeup:
    """Wakes the event streams of a conversation when it may have something new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[News]] = defaultdict(set)
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._watch, name="wakeup", daemon=True)

    def start(self) -> None:
        """Begin watching; called inside the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    @contextlib.contextmanager
    def listener(self, conversation_id: str):  # type: ignore[no-untyped-def]  # a generator of one event
        """News of the conversation."""
        event = News()
        self._waiting[conversation_id].add(event)
        try:
            yield event
        finally:
            self._waiting[conversation_id].discard(event)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    def listening(self, conversation_id: str) -> int:
        """How many streams of the conversation there are in this process."""
        return len(self._waiting.get(conversation_id, ()))

    def wake(self, conversation_id: str, newest: int | None = None) -> None:
        """Wake this process's listeners of one conversation; from inside the loop.

        ``newest`` is the row id of the message that is news; who has read it already is not woken.
        """
        for event in self._waiting.get(conversation_id, ()):
            if newest is None or newest > event.seen:
                event.look()

    def tell(self, conversation_id: str, fresh: Fresh) -> None:
        """Give this process's listeners of one conversation what was just stored; from inside the loop."""
        for event in self._waiting.get(conversation_id, ()):
            event.hear(fresh)

    def _wake_from_thread(self, conversation_id: str, newest: int | None = None) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.wake, conversation_id, newest)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch_sqlite() if self._database.dialect == "sqlite" else self._watch_postgresql()
            except Exception:  # noqa: BLE001  # the database went away: try again, streams also poll by themselves
                self._stop.wait(1)

    def _watch_sqlite(self) -> None:
        connection = self._database.engine.raw_connection()  # its own: one given back to the pool is another thread's
        try:
            cursor, seen = connection.cursor(), None
            last = cursor.execute("SELECT max(id) FROM message").fetchone()[0] or 0
            while not self._stop.wait(POLL_SECONDS):
                version = cursor.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    newer = cursor.execute("SELECT max(id), conversation_id FROM message WHERE id > ? "
                                           "GROUP BY conversation_id", (last,)).fetchall()
                    for newest, conversation_id in newer:
                        last = max(last, newest)
                        self._wake_from_thread(conversation_id, newest)
        finally:
            connection.close()

    def _watch_postgresql(self) -> None:
        url = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stop.is_set():
                for notice in connection.notifies(timeout=1):
                    self._wake_from_thread(notice.payload)
