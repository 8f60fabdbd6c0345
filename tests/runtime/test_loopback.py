"""Calls to the engine: connections are kept, a dead one is noticed, and what is no answer is an error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from runtime.loopback import Loopback, LoopbackError


class Server:
    """Answers each request with what ``reply`` makes of its number; counts requests and connections."""

    def __init__(self, reply: Callable[[int], bytes | None]) -> None:
        self.reply = reply
        self.asked: list[bytes] = []
        self.connections = 0
        self.serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        if task := asyncio.current_task():
            self.serving.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(next((line.split(b":")[1] for line in head.split(b"\r\n")
                                   if line.lower().startswith(b"content-length")), b"0"))
                self.asked.append(await reader.readexactly(length))
                given = self.reply(len(self.asked))
                if given is None:
                    break
                writer.write(given)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


def ok(body: bytes = b"{}", more: bytes = b"") -> bytes:
    """A response."""
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b\r\n" % (len(body), more) + body


@asynccontextmanager
async def serving(reply: Callable[[int], bytes | None]) -> AsyncIterator[tuple[Server, Loopback]]:
    """A server on a free port and a client of it."""
    made = Server(reply)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Loopback(f"http://127.0.0.1:{port}", {"X-Secret": "s"}, timeout=0.5)
        yield made, client
        await client.close()
        await asyncio.gather(*made.serving)


async def test_a_connection_is_kept() -> None:
    async with serving(lambda _: ok(b'{"a": 1}')) as (server, client):
        for _ in range(3):
            assert await client.post("/turn", {"text": "£"}) == (200, b'{"a": 1}')
        assert server.connections == 1
        assert server.asked == [b'{"text": "\\u00a3"}'] * 3


async def test_calls_at_once_do_not_share_one() -> None:
    async with serving(lambda number: ok(b"%d" % number)) as (server, client):
        answers = await asyncio.gather(*(client.post("/turn", {}) for _ in range(5)))
        assert sorted(body for _, body in answers) == [b"1", b"2", b"3", b"4", b"5"]
        assert server.connections == 5


async def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async with serving(lambda number: None if number == 2 else ok()) as (server, client):
        await client.post("/turn", {})
        assert (await client.post("/turn", {}))[0] == 200
        assert server.connections == 2
        assert len(server.asked) == 3


async def test_a_server_that_says_close_is_obeyed() -> None:
    async with serving(lambda _: ok(more=b"Connection: close\r\n")) as (server, client):
        await client.post("/turn", {})
        await client.post("/turn", {})
        assert server.connections == 2


@pytest.mark.parametrize("reply", [
    b"", b"nonsense\r\n\r\n", b"HTTP/1.1\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}", b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000 + b"\r\n\r\n"])
async def test_what_is_no_answer_is_an_error(reply: bytes) -> None:
    async with serving(lambda _: reply) as (_, client):
        with pytest.raises(LoopbackError):
            await client.post("/turn", {})


async def test_nobody_there() -> None:
    async with serving(lambda _: ok()) as (_, client):
        pass
    with pytest.raises(LoopbackError):
        await client.get("/", timeout=0.5)
