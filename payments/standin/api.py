"""The part of Stripe's HTTP API that Debtdesk uses, as one router: checked, idempotent, worded as Stripe words it."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from stripe.params import PaymentIntentRetrieveParams, RefundCreateParams
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from payments.standin.checker import check
from payments.standin.errors import StripeRefusal
from payments.standin.forms import parse_form
from payments.standin.sessions import Till

_LARGEST_BODY = 200_000


def api(till: Till, *, api_key: str) -> APIRouter:
    """The routes under ``/v1``. Only ``api_key`` opens them."""
    router = APIRouter(prefix="/v1")

    async def answer(request: Request, params: type, act: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Response:
        """Check the request, act once per idempotency key, and answer in JSON."""
        body = await request.body()
        return await run_in_threadpool(_answer, till, request, body, api_key, params, act)

    @router.post("/checkout/sessions")
    async def create(request: Request) -> Response:
        return await answer(request, SessionCreateParams, till.create_session)

    @router.get("/checkout/sessions")
    async def list_sessions(request: Request) -> Response:
        return await answer(request, SessionListParams, lambda wanted: _listed(till, wanted))

    @router.get("/checkout/sessions/{identifier}")
    async def retrieve(request: Request, identifier: str) -> Response:
        def act(wanted: dict[str, Any]) -> dict[str, Any]:
            return _expanded(till, till.session(identifier), wanted.get("expand", []))

        return await answer(request, SessionRetrieveParams, act)

    @router.post("/checkout/sessions/{identifier}/expire")
    async def expire(request: Request, identifier: str) -> Response:
        return await answer(request, SessionExpireParams, lambda wanted: till.expire_session(identifier))

    @router.get("/payment_intents/{identifier}")
    async def intent(request: Request, identifier: str) -> Response:
        return await answer(request, PaymentIntentRetrieveParams,
                            lambda wanted: till.intent_with(identifier, wanted.get("expand", [])))

    @router.post("/refunds")
    async def refund(request: Request) -> Response:
        return await answer(request, RefundCreateParams, till.refund)

    @router.api_route("/{rest:path}", methods=["GET", "POST", "DELETE"])
    async def unknown(request: Request, rest: str) -> Response:
        return _json(404, StripeRefusal(f"Unrecognized request URL ({request.method}: /v1/{rest}). The local stand-in "
                                        "speaks only the part of the API that Debtdesk uses.", status=404).json())

    return router


def _answer(till: Till, request: Request, body: bytes, api_key: str, params: type,
            act: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Response:
    try:
        _authorise(request, api_key)
        if len(body) > _LARGEST_BODY:
            raise StripeRefusal("Request body too large", status=413)
        encoded = body.decode() if request.method == "POST" else request.url.query
        wanted = check(parse_form(encoded), params)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        return _once(till, request, key, encoded, lambda: act(wanted))
    except UnicodeDecodeError:
        return _json(400, StripeRefusal("Invalid request body: it is not UTF-8").json())
    except StripeRefusal as refusal:
        return _json(refusal.status, refusal.json())


def _authorise(request: Request, api_key: str) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not secrets.compare_digest(given.encode(), api_key.encode()):
        raise StripeRefusal("Invalid API Key provided. The local stand-in takes its own key only.", status=401)


def _once(till: Till, request: Request, key: str | None, encoded: str,
          act: Callable[[], Mapping[str, Any]]) -> Response:
    """Act, or repeat the answer saved under the same key (docs.stripe.com/api/idempotent_requests).

    Parameters that fail validation are not saved, as at Stripe; refusals while acting are.
    """
    if key is None:
        return _json(200, act())
    if len(key) > 255:
        raise StripeRefusal("The idempotency key is longer than 255 characters", kind="idempotency_error")
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n{encoded}".encode()).hexdigest()
    with till.store.transaction():
        if saved := till.store.answer(key):
            if saved[0] != digest:
                raise StripeRefusal("Keys for idempotent requests can only be used with the same parameters they were "
                                    "first used with.", kind="idempotency_error")
            return _json(saved[1], saved[2], replayed=True)
        try:
            status, made = 200, act()
        except StripeRefusal as refusal:
            status, made = refusal.status, refusal.json()
        till.store.save_answer(key, digest, status, json.dumps(made))
    return _json(status, made)


def _listed(till: Till, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A page of sessions, newest first, after ``starting_after``."""
    if wanted.keys() - {"limit", "starting_after", "status", "payment_intent", "created"}:
        raise StripeRefusal("The stand-in lists by status, payment_intent, created, limit and starting_after only.")
    limit = wanted.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeRefusal("limit must be between 1 and 100", param="limit")
    found = [till.session(body["id"]) for body in till.store.newest_first("checkout.session")]
    if after := wanted.get("starting_after"):
        places = [place for place, body in enumerate(found) if body["id"] == after]
        if not places:
            raise StripeRefusal(f"No such checkout.session: '{after}'", param="starting_after", code="resource_missing")
        found = found[places[0] + 1:]
    for name in ("status", "payment_intent"):
        if name in wanted:
            found = [body for body in found if body[name] == wanted[name]]
    found = [body for body in found if _within(body["created"], wanted.get("created"))]
    return {"object": "list", "url": "/v1/checkout/sessions", "has_more": len(found) > limit, "data": found[:limit]}


def _within(created: int, wanted: Mapping[str, int] | int | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    return (created > wanted.get("gt", -1) and created >= wanted.get("gte", 0)
            and created < wanted.get("lt", 2**62) and created <= wanted.get("lte", 2**62))


def _expanded(till: Till, session: dict[str, Any], names: list[str]) -> dict[str, Any]:
    for name in names:
        if name != "payment_intent":
            raise StripeRefusal(f"This property cannot be expanded ({name}).", param="expand")
        if session["payment_intent"]:
            session["payment_intent"] = till.intent(session["payment_intent"])
    return session


def _json(status: int, body: Mapping[str, Any] | str, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": f"req_{secrets.token_hex(7)}"} | ({"Idempotent-Replayed": "true"} if replayed else {})
    content = body if isinstance(body, str) else json.dumps(body)
    return Response(content, status, headers, media_type="application/json")
