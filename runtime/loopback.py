"""HTTP between our processes on this machine, over connections that are kept: a twentieth of a general client's work.

Plain HTTP/1.1 with ``Content-Length``, as our own servers answer; nothing else is spoken. The engine's environment
imports this file too: the standard library of Python 3.10, and nothing of the application.
"""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit

if sys.version_info >= (3, 11):
    from asyncio import timeout as time_limit
else:
    from async_timeout import timeout as time_limit

KEPT_SECONDS = 2.0
"""How long an idle connection is used again: the servers close it after five."""
LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 4 * 1024 * 1024

_NO_ANSWER = (OSError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LoopbackError(Exception):
    """No answer came. For the log."""


class Loopback:
    """Calls to one address, each at most ``timeout`` seconds."""

    def __init__(self, base_url: str, headers: dict[str, str], *, timeout: float) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        lines = {"Host": f"{self._host}:{self._port}", "Accept": "application/json", **headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._timeout = timeout
        self._idle: list[tuple[float, _Stream]] = []

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of the answer. Raises LoopbackError when there is none.

        Sent again, over a new connection, when a kept one proves to be closed: turns and actions answer once.
        """
        sent = json.dumps(body).encode()
        head = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        return await self._call("POST", path, head, sent, self._timeout)

    async def get(self, path: str, *, timeout: float) -> tuple[int, bytes]:
        """Status and body of the answer. Raises LoopbackError when there is none."""
        return await self._call("GET", path, "", b"", timeout)

    async def _call(self, method: str, path: str, head: str, sent: bytes, timeout: float) -> tuple[int, bytes]:
        asked = f"{method} {path} HTTP/1.1\r\n{self._headers}{head}\r\n".encode() + sent
        try:
            async with time_limit(timeout):
                if kept := self._kept():
                    try:
                        return await self._exchange(kept, asked)
                    except (OSError, asyncio.IncompleteReadError):
                        pass  # it was closed meanwhile
                return await self._exchange(await asyncio.open_connection(self._host, self._port), asked)
        except _NO_ANSWER as error:
            raise LoopbackError(f"{type(error).__name__}: {error}") from error

    def _kept(self) -> _Stream | None:
        while self._idle:
            since, stream = self._idle.pop()
            if time.monotonic() - since < KEPT_SECONDS and not stream[0].at_eof():
                return stream
            stream[1].close()
        return None

    async def _exchange(self, stream: _Stream, asked: bytes) -> tuple[int, bytes]:
        reader, writer = stream
        whole = False
        try:
            writer.write(asked)
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            named = (line.partition(":") for line in lines[1:])
            fields = {name.strip().lower(): value.strip() for name, _, value in named}
            length = int(fields["content-length"]) if fields.get("content-length", "").isdigit() else -1
            if not 0 <= length <= LONGEST_BODY:
                raise ValueError("an answer without a length")
            body = await reader.readexactly(length)
            whole = fields.get("connection", "keep-alive").lower() == "keep-alive"
            return int(lines[0].split()[1]), body
        except IndexError:
            raise ValueError("an answer without a status") from None
        finally:
            if whole:
                self._idle.append((time.monotonic(), stream))
            else:
                writer.close()

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            _, (_, writer) = self._idle.pop()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
