"""HTTP connections that a slow client cannot hold for ever, nor fill with a head that never ends.

The server beneath has no such bound of its own. Time runs for a whole request (head and body) and for a client that
takes nothing of what it is sent; an event stream at rest is neither.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 30.0
"""From the first byte of a request, or from the connection, to the end of its body."""
TAKING_SECONDS = 60.0
"""How long a client may leave a full buffer where it is."""
LARGEST_HEAD = 32 * 1024
"""Bytes of the address and the headers; cookies and a host site's word are below 8 kB."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds: a connection that breaks one is cut."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: int | None = 0
        self._coming: asyncio.TimerHandle | None = None
        self._going: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as beneath
        """A client is there; something must come."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        _stop(self._coming)
        _stop(self._going)
        self._going = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came. Of a head that is not complete only so many are taken."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("Too many headers.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head = 0
        self._expect()

    def on_headers_complete(self) -> None:
        """The head is there. Raises ValueError, which the server answers with 400, when it is too long."""
        self._head = None
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD:
            raise ValueError("too many headers")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there as a whole."""
        _stop(self._coming)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client takes nothing at present."""
        super().pause_writing()
        self._going = self._going or self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        _stop(self._going)
        self._going = None
        super().resume_writing()

    def _expect(self) -> None:
        _stop(self._coming)
        self._coming = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
