"""Who gets the feed: web addresses, and a folder. Each takes one batch at a time, in order."""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx

from exchange.batches import Batch
from exchange.serving import EVERYTHING, Serves, serving
from exchange.signing import sign
from runtime.clock import real_now
from runtime.settings import Settings
from runtime.webhooks import addresses, creditors_of, keys_of

TIMEOUT_SECONDS = 10.0


class NotTaken(Exception):
    """A receiver did not take a batch. The message is for staff and quotes nothing of it."""


class Receiver(Protocol):
    """Something that takes batches. Raises NotTaken when it did not; the same batch may come again."""

    @property
    def name(self) -> str: ...
    @property
    def at_once(self) -> int:
        """Events in one batch at most."""
    @property
    def every(self) -> timedelta:
        """A batch that is not full is not sent more often than this."""
    @property
    def serves(self) -> Serves:
        """Which events it gets."""
    def take(self, batch: Batch) -> None: ...


@dataclass(frozen=True)
class Webhook:
    """Posts JSON over HTTPS. Anything but an answer of the 200s means that it was not taken."""

    name: str
    url: str
    keys: list[bytes]
    time: Callable[[], datetime] = real_now
    timeout: float = TIMEOUT_SECONDS
    at_once: int = 100
    every: timedelta = timedelta(0)
    serves: Serves = EVERYTHING

    def take(self, batch: Batch) -> None:
        """Post it, signed anew with the time of this try."""
        body, stamp = batch.json(), int(self.time().timestamp())
        headers = {"content-type": "application/json", "webhook-id": batch.id, "webhook-timestamp": str(stamp),
                   "webhook-signature": sign(self.keys, batch.id, stamp, body)}
        try:  # of the answer only its status is read, however long it is
            with httpx.stream("POST", self.url, content=body, headers=headers, timeout=self.timeout) as answer:
                status, taken = answer.status_code, answer.is_success
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotTaken(type(error).__name__) from error
        if not taken:
            raise NotTaken(f"answered {status}")


@dataclass(frozen=True)
class Folder:
    """Writes ``YYYY-MM-DD/feed_FIRST_LAST.jsonl``, whole at once; its ``.sig`` is there before it is."""

    path: Path
    keys: list[bytes]
    time: Callable[[], datetime] = real_now
    name: str = "files"
    at_once: int = 5_000
    every: timedelta = timedelta(minutes=1)
    serves: Serves = EVERYTHING

    def take(self, batch: Batch) -> None:
        """Write the two files; the same again gives the same events in a file of the same name."""
        now, body = self.time(), batch.lines()
        stamp = int(now.timestamp())
        file = f"{batch.id}.jsonl"
        told = {"id": file, "timestamp": stamp, "signature": sign(self.keys, file, stamp, body)}
        try:
            folder = self.path / f"{now:%Y-%m-%d}"
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{file}.sig", json.dumps(told).encode() + b"\n")
            _write(folder / file, body)
        except OSError as error:
            raise NotTaken(f"{type(error).__name__}: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    """Never half a file under its name, and on the disk before it is counted as delivered."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o640)
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def receivers(chosen: Settings) -> list[Receiver]:
    """Those of the settings, which were checked when they were read."""
    if chosen.feed_secret is None:
        return []
    keys = keys_of(chosen.feed_secret.get_secret_value())
    urls = addresses(chosen.feed_url or "")
    names = [*urls, *(["files"] if chosen.feed_dir else [])]
    serves = serving(names, creditors_of(chosen.feed_creditors or ""))
    found: list[Receiver] = [Webhook(name, url, keys, serves=serves[name]) for name, url in urls.items()]
    return [*found, Folder(chosen.feed_dir, keys, serves=serves["files"])] if chosen.feed_dir else found
