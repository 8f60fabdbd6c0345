"""Fixtures of the exchange's tests: a small portfolio, a receiver on loopback, and a feed that is run by hand."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from exchange.delivering import Came, Feed
from exchange.receivers import Receiver, Webhook
from runtime.clock import Clock
from runtime.database import Database
from runtime.webhooks import keys_of
from tests.ledger.conftest import portfolio

__all__ = ["portfolio"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="


class Books:
    """A system of record that is told. ``does`` is what it does with the next calls; then it takes everything."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []
        self.does: list[str] = []
        books = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                _check(self.headers, body)
                batch = json.loads(body)
                books.calls.append((self.headers["webhook-id"], batch))
                act = books.does.pop(0) if books.does else "take"
                if act == "hang":
                    time.sleep(0.6)
                if act == "drop":  # it keeps what it got, and its answer is lost
                    books.taken += batch["events"]
                    self.connection.close()
                    return
                if act == "take":
                    books.taken += batch["events"]
                self.send_response({"take": 204, "refuse": 500, "elsewhere": 302}.get(act, 200))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the other side did not wait

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Quiet."""

            def shutdown_request(self, request: Any) -> None:
                try:
                    super().shutdown_request(request)
                except OSError:
                    return

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/feed"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _check(headers: Any, body: bytes) -> None:
    """As a receiver would, knowing only the secret: wrong ones end in a 500."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{right}" in headers["webhook-signature"].split()
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300


@pytest.fixture
def books() -> Iterator[Books]:
    made = Books()
    yield made
    made.close()


class Times:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Hand:
    """A feed that is worked by hand."""

    def __init__(self, db: Database, now: datetime, *receivers: Receiver) -> None:
        self.times = Times(now)
        self.receivers = receivers
        self.feed = Feed(db, Clock(source=self.times), receivers, poll_seconds=0.01)

    def go(self, rounds: int = 1, *, after: timedelta = timedelta(minutes=6)) -> list[Came]:
        """Try once for each receiver and round, with time enough between for any wait."""
        came = []
        for _ in range(rounds):
            came += [self.feed.deliver(receiver) for receiver in self.receivers]
            self.times.now += after
        return came


def webhook(url: str, name: str = "webhook", at_once: int = 3) -> Webhook:
    """A receiver at ``url`` that gets few events at once, so that there are several batches."""
    return Webhook(name, url, keys_of(SECRET), timeout=0.3, at_once=at_once)
