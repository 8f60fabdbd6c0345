"""What every request and answer of the console passes: bounds on the way in, headers on the way out."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_FORM = 64 * 1024
"""Bytes of a form; a reply of 4000 characters is below 48 kB however it is encoded."""

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


class Guard:
    """Adds the security headers, keeps pages out of every cache, refuses big, odd and foreign forms."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith(f"{scope.get('root_path', '')}/static/")

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Cache-Control"] = "public, max-age=300" if static else "no-store"
            await send(message)

        if refusal := _refusal(scope):
            await refusal(scope, receive, out)
        else:
            await self._app(scope, receive, out)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    if scope["method"] in ("GET", "HEAD"):
        return None
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return PlainTextResponse("The length of the form is missing.", 411)
    if int(length) > MAX_FORM:
        return PlainTextResponse("That form is too big.", 413)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return PlainTextResponse("Only forms of the console are taken.", 415)
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return PlainTextResponse("That form came from another site.", 403)
    return None
