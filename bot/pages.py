"""The pages a debtor's browser loads: the chat at ``/chat``, the widget's loader, the demo creditor's site at ``/``.

Titles and addresses are neutral (compliance rule 4), nothing inline is allowed to run, and only the sites named in
the settings may embed the chat. Everything is read once and served from memory: there is no path to walk out of.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from runtime.settings import settings

STATIC = Path(__file__).resolve().parent / "static"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Encoding",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: plain and gzipped, with a tag that changes with its content."""

    body: bytes
    packed: bytes
    tag: str
    media_type: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Asset":
        """Packs a body and computes its entity tag."""
        return cls(body, gzip.compress(body, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:20]}"', media_type)


@cache
def assets() -> dict[str, Asset]:
    """All static files by their path under ``bot/static``, such as ``chat/chat.js``."""
    return {
        path.relative_to(STATIC).as_posix(): Asset.of(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }


@cache
def chat_page(site: str) -> Asset:
    """The chat page, told under which address this installation's own links are made."""
    page = assets()["chat/chat.html"]
    return Asset.of(page.body.replace(b"{{site}}", escape(site).encode()), page.media_type)


def chat_policy(frame_ancestors: str) -> str:
    """Content-Security-Policy of the chat: own files only, nothing inline, no strings turned into HTML."""
    return "; ".join([
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", f"frame-ancestors {frame_ancestors}",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ])  # fmt: skip


def site_policy() -> str:
    """Content-Security-Policy of the demo site: what any site needs that embeds the chat, and no more."""
    return "; ".join([
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "frame-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ])  # fmt: skip


def _answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    everything = COMMON_HEADERS | headers
    if "no-store" not in everything.get("Cache-Control", ""):
        everything["ETag"] = asset.tag
        if asset.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=everything)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=everything | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=everything)


@router.api_route("/chat", methods=["GET", "HEAD"])
def chat(request: Request) -> Response:
    """The chat page. Never cached, so that nothing of it is left on a shared computer; consumes no link."""
    ancestors = settings().frame_ancestors
    headers = {"Content-Security-Policy": chat_policy(ancestors), "Cache-Control": "no-store"}
    if ancestors in ("'self'", "'none'"):  # For browsers that predate frame-ancestors; it cannot name other sites.
        headers["X-Frame-Options"] = "SAMEORIGIN" if ancestors == "'self'" else "DENY"
    return _answer(request, chat_page(settings().site), headers)


@router.api_route("/", methods=["GET", "HEAD"])
def front(request: Request) -> Response:
    """The invented creditor's website with the demo portfolio; the chat itself on an installation without it."""
    if not settings().demo:
        return RedirectResponse("/chat", status_code=307, headers={"Referrer-Policy": "no-referrer"})
    headers = {"Content-Security-Policy": site_policy(), "Cache-Control": "no-cache", "X-Frame-Options": "DENY"}
    return _answer(request, assets()["site/index.html"], headers)


@router.api_route("/widget.js", methods=["GET", "HEAD"])
def widget(request: Request) -> Response:
    """The loader that any website may include."""
    headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return _answer(request, assets()["widget.js"], headers)


@router.api_route("/static/{room}/{name}", methods=["GET", "HEAD"])
def static(request: Request, room: str, name: str) -> Response:
    """Style sheets, modules and pictures of the two pages."""
    asset = assets().get(f"{room}/{name}")
    if asset is None or name.endswith(".html"):
        raise HTTPException(status_code=404)
    headers = {
        "Cache-Control": "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    return _answer(request, asset, headers)
