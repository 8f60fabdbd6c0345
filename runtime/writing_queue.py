"""Writers of a SQLite file wait in the order in which they came, across threads and processes.

SQLite itself lets a writer that finds the file busy sleep and try again, ever longer, so that under load the one who
has waited longest is the least likely to be next. An exclusive ``flock`` is handed on in the order of asking.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SECONDS = 20.0
"""A writer that has waited so long gives up: another one hangs, or does something that takes far too long."""


class WritingQueue:
    """The queue before one file; ``turn()`` is a writer's turn. A process that dies leaves it by itself."""

    def __init__(self, path: Path, *, longest: float = LONGEST_SECONDS) -> None:
        self._path = path
        self._longest = longest
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other writer is before us, and keep the others waiting for the length of the block.

        Raises TimeoutError after ``longest`` seconds; RuntimeError within another turn of the same thread, which could
        never end.
        """
        if getattr(self._mine, "turn", False):
            raise RuntimeError("a writing session was begun within another of the same thread")
        held = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = self._wait(held)
        self._mine.turn = True
        try:
            yield
        finally:
            self._mine.turn = False
            os.close(held)  # which unlocks it

    def _wait(self, wanted: int) -> int:
        """Waits in a thread of its own, since a wait for ``flock`` cannot be ended."""
        served, given_up = threading.Event(), threading.Event()
        deciding = threading.Lock()

        def wait() -> None:
            fcntl.flock(wanted, fcntl.LOCK_EX)
            with deciding:
                served.set()
                if given_up.is_set():
                    os.close(wanted)

        threading.Thread(target=wait, name="writing-queue", daemon=True).start()
        if not served.wait(self._longest):
            with deciding:
                if not served.is_set():
                    given_up.set()
                    raise TimeoutError(f"the database was busy for {self._longest:.0f} s")
        return wanted
