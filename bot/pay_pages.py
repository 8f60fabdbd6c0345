"""Our own payment page: what is owed now and one button. Opening it consumes nothing and creates nothing."""

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from bot.answers import PAGES, PRESSED
from compliance.operator import operator
from conversations.models import Conversation
from conversations.texts import day, money
from payments.checkout import Opened, open_checkout
from payments.link_now import LinkNow, LinkState, link_now
from payments.links import find_link
from payments.mode import SMALLEST, CardsUnavailable, card_mode
from payments.models import PayLink, PaymentStatus
from payments.stripe_api import StripeTrouble
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.settings import settings

router = APIRouter(tags=["payment page"], default_response_class=HTMLResponse, responses=PAGES)
_templates = Jinja2Templates(Path(__file__).parent / "templates")
PATIENCE_SECONDS = 2.5
LOOK_EVERY_SECONDS = 0.25
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}\Z")


@router.get("/pay/{token}")
def show(request: Request, token: str) -> Response:
    """The page as the link stands at this moment."""
    with _database(request).read() as session:
        view = _view(session, token, _now(request))
        return _page(request, "pay.html", view, session) if view else _unknown(request)


@router.post("/pay/{token}", responses=PRESSED)
def press(request: Request, token: str) -> Response:
    """The button: on to Stripe's page (303), or the page again when the link cannot be paid."""
    try:
        outcome = open_checkout(_database(request), token, now=_now(request)) if _TOKEN.match(token) else None
    except (StripeTrouble, CardsUnavailable):
        with _database(request).read() as session:
            view = _view(session, token, _now(request))
            return _page(request, "pay_later.html", view, session, 503) if view else _unknown(request)
    if outcome is None:
        return _unknown(request)
    if isinstance(outcome, Opened):
        return _guarded(RedirectResponse(outcome.url, 303))
    with _database(request).read() as session:
        view = _view(session, token, _now(request))
        return _page(request, "pay.html", view, session, 409) if view else _unknown(request)


@router.get("/pay/{token}/done")
async def done(request: Request, token: str, back: str = "") -> Response:
    """Where Stripe sends the debtor afterwards. It believes only what is posted, never the address.

    Stripe's message mostly comes within a second, so the page waits a moment for it rather than say "not yet".
    """
    patience = 0.0 if back else PATIENCE_SECONDS
    while True:
        page = await asyncio.to_thread(_done, request, token, bool(back), patience <= 0)
        if page is not None:
            return page
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        patience -= LOOK_EVERY_SECONDS


def _done(request: Request, token: str, back: bool, last: bool) -> Response | None:
    """The page as it stands; None when it may soon be another and this is not the last look."""
    with _database(request).read() as session:
        view = _view(session, token, _now(request))
        if view is None:
            return _unknown(request)
        if not last and view.state in (LinkState.PAYABLE, LinkState.CONFIRMING):
            return None
        turned_back = back and view.state is LinkState.PAYABLE
        return _page(request, "pay_done.html", view, session, turned_back=turned_back)


def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def _now(request: Request) -> datetime:
    return cast(datetime, request.app.state.clock.now())


def _view(session: Session, token: str, now: datetime) -> LinkNow | None:
    link = find_link(session, token) if _TOKEN.match(token) else None
    return link_now(session, link, now=now) if link else None


def _page(request: Request, name: str, view: LinkNow, session: Session, status: int = 200,
          **values: Any) -> Response:
    link, locale = view.link, _locale(session, view.link)
    shown = view.payment.money if view.payment else view.amount
    values |= {
        "state": view.state.value, "test": card_mode() == "test", "reference": link.reference, "token": link.token,
        "amount": money(shown.json(), locale), "lang": "en",
        "parts": [{"creditor": p.creditor, "what": p.description, "ref": p.ref,
                   "amount": money(p.amount.json(), locale), "owed": money(p.owed.json(), locale)}
                  for p in view.parts],
        "paid_on": day(view.payment.paid_at.date().isoformat(), locale) if view.payment else "",
        "with_staff": bool(view.payment and view.payment.status is PaymentStatus.FOR_STAFF),
        "refunded": bool(view.payment and view.payment.status is PaymentStatus.REFUNDED),
        "operator": _operator(),
        "smallest": money({"minor": SMALLEST.get(link.currency, 0), "currency": link.currency}, locale),
    }
    return _guarded(_templates.TemplateResponse(request, name, values, status))


def _operator() -> str:
    """Who takes the payment, for the foot of the page (never its title: rule 4)."""
    try:
        return f"{operator().legal_name}, {operator().phone}"
    except OperatorError:
        return ""


def _locale(session: Session, link: PayLink) -> str:
    conversation = session.get(Conversation, link.conversation_id) if link.conversation_id else None
    if conversation is not None:
        return conversation.locale
    return {"USD": "en-US", "CAD": "en-CA"}.get(link.currency, "en-GB")


def _unknown(request: Request) -> Response:
    values = {"test": False, "lang": "en"}
    return _guarded(_templates.TemplateResponse(request, "pay_unknown.html", values, 404))


def _guarded(response: Response) -> Response:
    """Private, never framed, indexed or cached; the token in the address is told to nobody.

    Browsers apply ``form-action`` to redirects as well, so Stripe's page must be among its targets.
    """
    onward = f"http://127.0.0.1:{settings().stripe_standin_port}" if settings().stripe_mode == "standin" else "https:"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {onward}")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if response.status_code == 503:
        response.headers["Retry-After"] = "30"
    return response
