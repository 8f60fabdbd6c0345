"""Signing in and out."""

import secrets
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from console import attempts
from console.activity import note
from console.models import What
from console.sessions import open_session, revoke, signed_in
from console.staff import account_of, password_fits
from console.web import (
    Desk,
    Form,
    Someone,
    cookie_name,
    desk,
    drop_cookie,
    field,
    go,
    page,
    session_token,
    set_cookie,
)
from runtime.ids import new_token

router = APIRouter()
WRONG = "That e-mail address and password don't go together."
WAIT = "Too many attempts. Wait a quarter of an hour, or ask a manager."
STALE = "This page was out of date. Please try again."


@router.get("/sign-in")
def form(request: Request, next: str = "") -> Response:  # the query's own name
    """The sign-in page; whoever is signed in already is sent on."""
    place, token = desk(request), session_token(request)
    if token:
        with place.db.read() as session:
            if signed_in(session, token=token, now=place.clock.now()):
                return go(request, safe_next(next))
    return _page(request, next=next)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Check the password. Wrong address, wrong password and closed account look and take the same."""
    sent = await request.form(max_fields=10)
    email, wanted = field(sent, "email").strip().lower()[:254], field(sent, "next")
    known = request.cookies.get(cookie_name(request, "form"), "")
    if not known or not secrets.compare_digest(known.encode(), field(sent, "csrf").encode()):
        return _page(request, next=wanted, email=email, error=STALE, status=403)
    address = request.client.host if request.client else "unknown"
    token = await run_in_threadpool(_check, desk(request), email, field(sent, "password"), address)
    if isinstance(token, Refused):
        return _page(request, next=wanted, email=email, error=token.line, status=token.status)
    response = go(request, safe_next(wanted))
    set_cookie(response, request, "session", token)
    drop_cookie(response, request, "form")
    return response


@router.post("/sign-out")
def sign_out(request: Request, who: Someone, _form: Form) -> Response:
    """End this browser's session."""
    place = desk(request)
    now = place.clock.now()
    with place.db.write() as session:
        note(session, staff_id=who.staff.id, what=What.SIGNED_OUT, now=now)
        revoke(session, token=session_token(request) or "", now=now)
    response = go(request, "/sign-in")
    drop_cookie(response, request, "session")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


class Refused:
    """A sign-in that was refused, and how it is answered."""

    def __init__(self, line: str, status: int) -> None:
        self.line = line
        self.status = status


def _check(place: Desk, email: str, password: str, address: str) -> str | Refused:
    now: datetime = place.clock.now()
    with place.db.write() as session:  # counted before it is checked: many at once are no way round the limit
        if attempts.too_many(session, email=email, address=address, now=now):
            return Refused(WAIT, 429)
        attempts.failed(session, email=email, address=address, now=now)
        account = account_of(session, email)
    if not password_fits(account, password) or account is None:
        return Refused(WRONG, 403)
    with place.db.write() as session:
        attempts.succeeded(session, email=email, address=address)
        note(session, staff_id=account.id, what=What.SIGNED_IN, now=now)
        return open_session(session, staff_id=account.id, now=now)


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of the console, never another site."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if plain and not path.startswith("/sign-") else "/conversations"


def _page(request: Request, *, next: str, email: str = "", error: str = "", status: int = 200) -> HTMLResponse:
    token = new_token()
    response = page(request, "sign_in.html", status=status, csrf=token, next=next, email=email, error=error)
    set_cookie(response, request, "form", token)
    return response
