"""Clients that dawdle: they hold a connection for a bounded time, and nobody else waits for them."""

import contextlib
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest
import uvicorn

from bot import patience
from bot.app import create_app
from bot.chat_api import MOST_STREAMS
from bot.events import Fresh
from bot.limits import Limiter, address_key
from bot.patience import LARGEST_HEAD, PatientProtocol
from bot.wakeup import MOST_TOLD, News
from runtime.database import Database
from tests.bot.conftest import FakeEngine, Talk, until


@pytest.fixture
def served(db: Database, engine: FakeEngine) -> Iterator[httpx.Client]:
    """The gateway as its process serves it."""
    assert engine
    server = uvicorn.Server(uvicorn.Config(create_app(db), host="127.0.0.1", port=0, log_config=None, ws="none",
                                           http=PatientProtocol, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: True if server.started else None)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as opened:
        yield opened
    server.should_exit = True
    thread.join()


@pytest.fixture
def hurried(served: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    """The same, with little patience from now on. The honest client has its connection already: on a busy machine a
    second may pass between connecting and asking."""
    assert served.get("/healthz").status_code == 200
    monkeypatch.setattr(patience, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(patience, "TAKING_SECONDS", 1.0)
    return served


def connected(client: httpx.Client) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def cut(line: socket.socket, *, every: float = 0.2, drip: bytes = b"a") -> float:
    """Send a byte now and then until the other side hangs up; after how many seconds it did."""
    begun = time.monotonic()
    line.settimeout(every)
    while time.monotonic() - begun < 10:
        try:
            line.send(drip)
            if not line.recv(1000):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun


HEADS = {
    "nothing": b"", "half an address": b"GET /heal", "headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "a body": b"POST /api/chat/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              b"Content-Length: 1000\r\n\r\n{",
    "a body in pieces": b"POST /api/chat/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
}


def test_many_slow_requests_end_and_stop_nobody(hurried: httpx.Client, db: Database) -> None:
    lines = [connected(hurried) for _ in range(60)]
    for line, head in zip(lines, list(HEADS.values()) * 12, strict=True):
        with contextlib.suppress(ConnectionError):  # cut already, on a busy machine
            line.sendall(head)
    begun = time.monotonic()
    talk = Talk(hurried, db)
    assert [m.say for m in talk.type("hello")] == ["identity_ask"]
    assert time.monotonic() - begun < 5
    for line, head in zip(lines[:5], HEADS.values(), strict=True):
        assert cut(line, drip=b"a" if head else b"") < 9, head
    for line in lines:
        line.close()


def test_a_head_without_end_is_refused(served: httpx.Client) -> None:
    for head in (b"GET /" + b"a" * LARGEST_HEAD * 2, b"GET / HTTP/1.1\r\nX: " + b"a" * LARGEST_HEAD * 2,
                 b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(LARGEST_HEAD // 4)) + b"\r\n"):
        with contextlib.closing(connected(served)) as line, contextlib.suppress(ConnectionError):  # no TimeoutError
            line.sendall(head)
            assert line.recv(12) in (b"HTTP/1.1 400", b"")
    assert served.get("/healthz").status_code == 200


def test_a_stream_that_is_never_read_is_cut_and_stops_nobody(hurried: httpx.Client, db: Database) -> None:
    talk, other = Talk(hurried, db), Talk(hurried, db)
    with contextlib.closing(connected(hurried)) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        line.sendall(b"GET /api/chat/events HTTP/1.1\r\nHost: x\r\nAuthorization: "
                     + talk.headers["Authorization"].encode() + b"\r\n\r\n")
        for _ in range(3):
            talk.type("a" * 4000)
        assert [m.say for m in other.type("hello")] == ["identity_ask"]
        assert [m.say for m in talk.type("hello")] == ["identity_ask"]


def test_what_a_stream_does_not_read_is_not_kept_in_memory() -> None:
    news = News()
    news.take(0, token="t")
    for number in range(10 * MOST_TOLD):
        news.hear(Fresh([{"id": number + 1}], busy=False, newest=number, token="t"))
    assert len(news._told) <= MOST_TOLD
    assert news.take(0, token="t") is None, "it reads the database instead"


def test_one_conversation_has_so_many_streams_and_the_rest_is_asked_to_wait(served: httpx.Client, db: Database) -> None:
    talk = Talk(served, db)
    with contextlib.ExitStack() as open_ones:
        lines = [open_ones.enter_context(served.stream("GET", "/api/chat/events", headers=talk.headers)).iter_lines()
                 for _ in range(MOST_STREAMS)]  # kept: an iterator that is dropped closes its stream
        assert {next(line) for line in lines} == {"event: session"}
        refused = served.get("/api/chat/events", headers=talk.headers)
        assert (refused.status_code, refused.json()["detail"]["code"]) == (429, "too_many_calls")
        assert [m.say for m in talk.type("hello")] == ["identity_ask"]


def test_one_address_has_so_many_calls_and_is_told_so_politely(
        served: httpx.Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(served, db)
    monkeypatch.setattr("bot.limits.Limiter.allows", lambda _one, key: key != "127.0.0.1")
    for method, path in (("GET", "/chat"), ("GET", "/pay/x"), ("POST", "/api/chat/session"), ("GET", "/api/none"),
                         ("POST", "/console/sign-in")):
        reply = served.request(method, path)
        assert reply.status_code == 429
        assert "wait a minute" in reply.text
        assert int(reply.headers["retry-after"]) > 0
    assert served.get("/healthz").status_code == 200
    assert served.post("/webhooks/stripe", content=json.dumps({"id": str(uuid.uuid4())})).status_code != 429
    monkeypatch.undo()
    assert talk.post(text="hello").status_code in (202, 429)


def test_memory_of_the_limits_is_bounded_and_ipv6_counts_by_household() -> None:
    limiter = Limiter(60, keep=100)
    for number in range(5000):
        assert limiter.allows(str(number))
    assert len(limiter._buckets) == 100
    assert address_key("2001:db8:1:2:3:4:5:6") == address_key("2001:db8:1:2::9") != address_key("2001:db8:1:3::9")
    assert address_key("::ffff:192.0.2.7") == address_key("192.0.2.7") == "192.0.2.7"
    assert address_key("not an address") == "not an address"


def test_one_debtor_has_so_many_messages_over_all_conversations(
        served: httpx.Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    talks = [Talk(served, db) for _ in range(2)]
    monkeypatch.setattr("bot.receiving.touch", lambda *_, **__: SimpleNamespace(verified=7))
    real, three = Limiter.allows, Limiter(3)
    monkeypatch.setattr("bot.limits.Limiter.allows", lambda _one, key: key != "7" or real(three, key))
    codes = [talk.post(text="hello").status_code for _ in range(3) for talk in talks]
    assert codes == [202, 202, 202, 429, 429, 429]
    assert sum(len(talk.turns()) for talk in talks) == 3, "nothing of what was refused is stored"
