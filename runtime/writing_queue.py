"""Writers of a SQLite file wait in the order in which they came, across threads and processes.

SQLite itself lets a writer that finds the file busy sleep and try again, ever longer, so that under load the one who
has waited longest is the least likely to be next. An exclusive ``flock`` is handed on in the order of asking, but only
among those who wait: who comes while it is free for a moment, because the first in line has yet to be woken, gets it.
So there are two. Who holds the door is first in line and waits for the turn; who finds the door shut may still go
before it, which keeps the file at work while that one is woken, but only for some milliseconds.
"""

import fcntl
import os
import struct
import threading
import time
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SECONDS = 20.0
"""A writer that has waited so long gives up: another one hangs, or does something that takes far too long."""

AHEAD_SECONDS = 0.015
"""So long others may go before the first in line: eight writers wait at most eight times that, and eight turns."""
_INSTANT = struct.Struct("d")


class _Mine(threading.local):
    """What the calling thread has in the queue."""

    place = False
    held: int | None = None


class WritingQueue:
    """The queue before one file; ``turn()`` is a writer's turn. A process that dies leaves it by itself."""

    def __init__(self, path: Path, *, longest: float = LONGEST_SECONDS) -> None:
        self._path, self._door = path, path.with_name(f"{path.name}-door")
        self._longest = longest
        self._mine = _Mine()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A block in which this thread may ``take`` one turn, which ends with the block.

        Raises RuntimeError within another such block of the same thread, which could wait for itself for ever.
        """
        mine = self._mine
        if mine.place:
            raise RuntimeError("a writing session was begun within another of the same thread")
        mine.place = True
        try:
            yield
        finally:
            mine.place = False
            if mine.held is not None:
                held, mine.held = mine.held, None
                os.close(held)  # which unlocks it

    def take(self) -> None:
        """Wait until no other writer is before us, and keep the others waiting until the ``place`` is left.

        Nothing is done outside of a place, or when it was taken. Raises TimeoutError after ``longest`` seconds.
        """
        mine = self._mine
        if not mine.place or mine.held is not None:
            return
        turn, door = (os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for path in (self._path, self._door))
        if _free(door):
            if _free(turn):
                os.close(door)
            else:
                self._wait(turn, door)
        elif _recent(door) and _free(turn):
            os.close(door)
        else:
            self._wait(turn, door)
        mine.held = turn

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place whose turn is taken at once."""
        with self.place():
            self.take()
            yield

    def _wait(self, turn: int, door: int) -> None:
        """Waits in a thread of its own, since a wait for ``flock`` cannot be ended; closes both when in vain."""
        waiting, deciding = threading.Lock(), threading.Lock()
        given_up = False

        def wait() -> None:
            fcntl.flock(door, fcntl.LOCK_EX)  # nothing happens when it is ours
            os.pwrite(door, _INSTANT.pack(time.monotonic()), 0)
            fcntl.flock(turn, fcntl.LOCK_EX)
            os.close(door)
            with deciding:
                waiting.release()
                if given_up:
                    os.close(turn)

        waiting.acquire()
        start_new_thread(wait, ())
        if not waiting.acquire(timeout=self._longest):
            with deciding:
                if waiting.locked():
                    given_up = True
                    raise TimeoutError(f"the database was busy for {self._longest:.0f} s")


def _free(lock: int) -> bool:
    """Whether it was, and is ours now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _recent(door: int) -> bool:
    """Whether the first in line has begun to wait just now."""
    written = os.pread(door, _INSTANT.size, 0)
    return len(written) == _INSTANT.size and 0 <= time.monotonic() - _INSTANT.unpack(written)[0] < AHEAD_SECONDS
