"""What every page needs: who is signed in, the form's token, templates, where a path is mounted."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from console import words
from console.activity import note
from console.models import What
from console.sessions import TOUCH_EVERY, SignedIn, signed_in, touch
from runtime.cards import mask_cards
from runtime.clock import Clock
from runtime.database import Database
from runtime.settings import settings

FOLDER = Path(__file__).parent


class NotSignedIn(Exception):
    """Nobody is signed in, or no longer."""


class NotAllowed(Exception):
    """The form's token is missing or wrong, or the role does not do."""


class NotThere(Exception):
    """There is no such conversation, ticket or page."""


@dataclass(frozen=True)
class Desk:
    """What the pages stand on."""

    db: Database
    clock: Clock
    templates: Environment


def make_templates() -> Environment:
    """The templates. Everything is escaped; a name that is not filled is an error, never an empty place."""
    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(words.FILTERS)
    environment.globals.update(ago=words.ago, local=words.local, day_heading=words.day_heading)
    return environment


def desk(request: Request) -> Desk:
    """The desk a request reached."""
    found: Desk = request.app.state.desk
    return found


def at(request: Request, path: str) -> str:
    """``path`` of the console as the browser sees it, under wherever the console is mounted."""
    return f"{request.scope.get('root_path', '')}{path}"


def secure(request: Request) -> bool:
    """Whether staff reach the console by https."""
    return request.url.scheme == "https" or settings().site.startswith("https://")


def cookie_name(request: Request, purpose: str) -> str:
    """The cookie's name: bound to this host by its prefix where https allows it."""
    return f"__Host-desk-{purpose}" if secure(request) else f"desk-{purpose}"


def set_cookie(response: Response, request: Request, purpose: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites do not send; it ends with the browser."""
    response.set_cookie(cookie_name(request, purpose), value, path="/", httponly=True, samesite="strict",
                        secure=secure(request))


def drop_cookie(response: Response, request: Request, purpose: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(cookie_name(request, purpose), path="/", httponly=True, samesite="strict",
                           secure=secure(request))


def by_htmx(request: Request) -> bool:
    """Whether the page asks for a part of itself."""
    return request.headers.get("hx-request") == "true"


def session_token(request: Request) -> str | None:
    """The session token the browser sent."""
    return request.cookies.get(cookie_name(request, "session"))


def someone(request: Request) -> SignedIn:
    """Who is signed in. Raises NotSignedIn. Real activity, unlike a page that refreshes itself, keeps them so."""
    token, place = session_token(request), desk(request)
    now = place.clock.now()
    if not token:
        raise NotSignedIn
    with place.db.read() as session:
        found = signed_in(session, token=token, now=now)
    if found is None:
        raise NotSignedIn
    real = request.headers.get("x-active") == "1" or not by_htmx(request) or request.method == "POST"
    if real and found.session.active_at + TOUCH_EVERY <= now:
        with place.db.write() as session:
            touch(session, token=token, now=now)
    return found


Someone = Annotated[SignedIn, Depends(someone)]


async def checked_form(request: Request, who: Someone) -> FormData:
    """The form of somebody signed in. Raises NotAllowed, and logs it, when it does not carry their token."""
    form = await request.form(max_fields=80)
    if not secrets.compare_digest(str(form.get("csrf", "")).encode(), who.csrf.encode()):
        await run_in_threadpool(_note_forged, request, who)
        raise NotAllowed("This page is out of date. Reload it and try again.")
    return form


def _note_forged(request: Request, who: SignedIn) -> None:
    place = desk(request)
    with place.db.write() as session:
        note(session, staff_id=who.staff.id, what=What.REFUSED, now=place.clock.now(),
             detail="A form that was out of date, or not made here")


Form = Annotated[FormData, Depends(checked_form)]


_OPAQUE = frozenset({"password", "csrf", "once"})
"""Fields that nobody reads; what is in them is never kept as it is."""


def field(form: FormData, name: str) -> str:
    """A text field of a form; empty when it is missing. A card number in it goes no further (rule 32)."""
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    return value if name in _OPAQUE else mask_cards(value)


def version(form: FormData) -> int:
    """The owner's version a form was made with; -1, which fits none, when it is not a number."""
    value = field(form, "seen_version")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1


def page(request: Request, template: str, *, who: SignedIn | None = None, status: int = 200,
         **values: Any) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(_filled(request, template, who, values), status)


def live(request: Request, template: str, *, who: SignedIn, part: str, refresh: str, name: str = "live",
         every: str = "4s", status: int = 200, **values: Any) -> Response:
    """A page whose ``part`` refreshes itself from ``refresh``: the page, or for htmx just the part.

    The part carries a fingerprint of what it shows; a refresh sends it back as ``seen`` and gets nothing when
    nothing changed, so a page at rest stays as it is.
    """
    body = _filled(request, part, who, values)
    fingerprint = sha256(body.encode()).hexdigest()[:24]
    escaped = Markup(body)  # noqa: S704  # nosec B704  # a template of ours has made it, escaping all that was filled in
    values |= {"body": escaped, "fingerprint": fingerprint, "refresh": refresh, "live": name, "every": every}
    if not by_htmx(request):
        return page(request, template, who=who, status=status, **values)
    if request.method == "GET" and request.query_params.get("seen") == fingerprint:
        return Response(status_code=204)
    return page(request, "_live.html", who=who, status=status, **values)


def _filled(request: Request, template: str, who: SignedIn | None, values: dict[str, Any]) -> str:
    now = desk(request).clock.now()
    return desk(request).templates.get_template(template).render(
        values, who=who, now=now, today=words.local(now).date(), base=at(request, ""))


def at_path(request: Request) -> str:
    """The path and query of this request within the console, for coming back to it."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return f"{path}?{request.url.query}" if request.url.query else str(path)


def go(request: Request, path: str) -> RedirectResponse:
    """After a form: show ``path`` by GET."""
    return RedirectResponse(at(request, path), 303)
