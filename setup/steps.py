"""Saying what is being done: one line per step with its seconds, and one clear line when it fails."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Mapping, Sequence

HEARTBEAT = 20
"""Seconds between signs of life while a step's output is not shown."""


class SetupError(Exception):
    """Something whoever installs must put right: one clear line."""


def say(text: str) -> None:
    """One line on the terminal, at once."""
    print(text, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announces ``what``, and says how many seconds it took."""
    say(f"setup: {what} ...")
    started = time.monotonic()
    yield
    say(f"setup: {what}: done in {time.monotonic() - started:.1f} s")


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, failing: str = "") -> None:
    """Runs ``command``; its output goes to a terminal, otherwise its end is shown only when it fails.

    Raises SetupError (``failing``, or the command itself) when it does not exit with 0.
    """
    if sys.stderr.isatty():
        code = subprocess.call(list(command), env=environment)
        told = ""
    else:
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(list(command), env=environment, stdout=output, stderr=subprocess.STDOUT)
            started = time.monotonic()
            while True:
                try:
                    code = process.wait(HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    say("setup:   ... %.0f s" % (time.monotonic() - started))
            output.seek(0)
            told = output.read().decode(errors="replace").strip()
    if code:
        lines = "".join("\n  " + line for line in told.splitlines()[-15:])
        raise SetupError((failing or f"{' '.join(command)} failed with exit code {code}") + lines)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Lets one process at a time into the block; the others say that they wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"setup: waiting for another set-up that holds {lock}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
