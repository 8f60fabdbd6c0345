"""What every request and answer of the gateway passes: bounds on the way in, headers on the way out."""

import logging
from typing import cast

from fastapi import HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.limits import Limiter, address_key
from bot.refusing import WAIT_SECONDS, words
from runtime.settings import settings

log = logging.getLogger(__name__)
MAX_BODY = 256 * 1024
"""Bytes of a request's body; a Stripe event is below 64 kB, a message below 16 kB."""
TOO_LONG = "That is too long. Please send it in shorter parts."
TROUBLE = "Sorry, something went wrong on our side. Nothing was lost; please try again."
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
"""What an answer carries that says nothing else: data for our own pages, not a page. No answer has a CORS header:
creditors' sites embed the chat as a frame, whose calls are of our own origin."""
_UNCOUNTED = ("/webhooks/", "/healthz", "/readyz", "/metrics")
"""Signed, or asked by the operator's own machines."""


def refusal(status: int, code: str, message: str, **more: object) -> JSONResponse:
    """An answer that is no success, as ``bot.refusing.refuse`` gives it."""
    return JSONResponse({"detail": _detail(code, message, **more)}, status)


def _detail(code: str, message: str, **more: object) -> dict[str, object]:
    return {"code": code, "message": message, **more}


class Guard:
    """Refuses a body longer than ``MAX_BODY``, announced or not, and who calls too often; adds the headers above
    where an answer has none of its own; what fails inside is logged and said in a sentence."""

    def __init__(self, app: ASGIApp, limit: Limiter) -> None:
        self._app = app
        self._limit = limit
        self._headers = dict(HEADERS)
        if settings().site.startswith("https://"):
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            if not begun:
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if refused := self._refusal(scope):
            await refused(scope, receive, noted)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            part = await receive()
            taken += len(part.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, _detail("message_too_long", TOO_LONG))
            return part

        try:
            await self._app(scope, bounded, noted)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if begun:
                raise  # the server cuts the connection: half an answer must not look like a whole one
            await refusal(500, "trouble", TROUBLE)(scope, receive, noted)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), cast(str, scope["path"])
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MAX_BODY:
            return refusal(413, "message_too_long", TOO_LONG)
        client = scope.get("client")
        if client is None or path.startswith(_UNCOUNTED) or self._limit.allows(address_key(client[0])):
            return None
        answer = (refusal(429, "too_many_calls", words("too_many_calls")) if path.startswith("/api/")
                  else PlainTextResponse(words("too_many_calls"), 429))
        answer.headers["Retry-After"] = str(WAIT_SECONDS)
        return answer
