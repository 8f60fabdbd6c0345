"""The hosted payment page, with a form that takes test cards only. Card numbers are neither kept nor logged."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from babel.numbers import format_currency, get_currency_precision
from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from payments.standin.cards import AUTHENTICATED, DECLINED, test_card
from payments.standin.errors import StripeRefusal
from payments.standin.sessions import Till

_HERE = Path(__file__).parent
_NUMBER = "Type one of the test card numbers shown below. Real cards do not work here: please never type one."
_EXPIRY = "Type month and year as MM/YY, in the future."
_CODE = "Type any three or four digits."
_BANK = "Your bank did not confirm the payment. You can try again."


def pages(till: Till) -> APIRouter:
    """The routes under ``/c``, which a debtor's browser opens."""
    router = APIRouter(prefix="/c")
    templates = Jinja2Templates(_HERE / "templates")

    def shown(request: Request, name: str, session: Mapping[str, Any], status: int = 200, **values: Any) -> Response:
        values |= {"session": session, "amount": _amount(session), "items": till.items(session["id"])}
        response = templates.TemplateResponse(request, name, values, status)
        return _guarded(response, session)

    @router.get("/pay/{identifier}")
    def form(request: Request, identifier: str) -> Response:
        session = till.session(identifier)
        return shown(request, "card.html" if session["status"] == "open" else "closed.html", session, errors={})

    @router.post("/pay/{identifier}")
    def pay(request: Request, identifier: str, number: Annotated[str, Form(max_length=40)] = "",
            expiry: Annotated[str, Form(max_length=10)] = "",
            code: Annotated[str, Form(max_length=10)] = "") -> Response:
        session = till.session(identifier)
        if session["status"] != "open":
            return shown(request, "closed.html", session)
        card = test_card(number)
        errors = {name: words for name, words, wrong in (
            ("number", _NUMBER, card is None),
            ("expiry", _EXPIRY, not _in_future(expiry)),
            ("code", _CODE, not re.fullmatch(r"[0-9]{3,4}", code.strip()))) if wrong}
        if card is None or errors:
            return shown(request, "card.html", session, 422, errors=errors)
        outcome = till.pay(identifier, card, authenticated=False)
        if outcome == "authenticate":
            return shown(request, "bank.html", session)
        if outcome in DECLINED:
            return shown(request, "card.html", session, 402, errors={"number": DECLINED[outcome]})
        return _back(session)

    @router.post("/bank/{identifier}")
    def bank(request: Request, identifier: str, confirmed: Annotated[str, Form(max_length=3)] = "no") -> Response:
        session = till.session(identifier)
        if session["status"] != "open":
            return shown(request, "closed.html", session)
        if confirmed != "yes":
            till.fail_authentication(identifier)
            return shown(request, "card.html", session, 402, errors={"number": _BANK})
        till.pay(identifier, AUTHENTICATED, authenticated=True)
        return _back(session)

    @router.get("/standin.css")
    def style() -> Response:
        return FileResponse(_HERE / "static" / "standin.css", media_type="text/css")

    return router


def refused(refusal: StripeRefusal) -> Response:
    """A page for a session that does not exist."""
    return HTMLResponse("<!doctype html><html lang=en><meta charset=utf-8><title>Payment</title>"
                        "<h1>This page does not exist</h1><p>TEST MODE: nothing was taken.</p></html>", refusal.status)


def _back(session: Mapping[str, Any]) -> Response:
    target = str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    return _guarded(RedirectResponse(target, 303), session)


def _guarded(response: Response, session: Mapping[str, Any]) -> Response:
    shop = urlsplit(session["success_url"])
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {shop.scheme}://{shop.netloc}")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _amount(session: Mapping[str, Any]) -> str:
    currency = str(session["currency"]).upper()
    amount = Decimal(session["amount_total"]).scaleb(-get_currency_precision(currency))
    locale = {"GBP": "en_GB", "USD": "en_US"}.get(currency, "en")
    return format_currency(amount, currency, locale=locale)


def _in_future(expiry: str) -> bool:
    matched = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/?\s*(?:20)?([0-9]{2})\s*", expiry)
    if not matched:
        return False
    today = datetime.now().astimezone()
    return (2000 + int(matched[2]), int(matched[1])) >= (today.year, today.month)
