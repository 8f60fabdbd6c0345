"""Where Stripe (or the local stand-in) delivers its events."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.answers import WEBHOOK
from payments.webhooks import BadWebhook, WebhooksOff, accept

log = logging.getLogger("debtdesk.payments")
router = APIRouter(tags=["webhooks"])
LARGEST = 1_000_000
"""Bytes of a body; Stripe's events are far smaller."""


@router.post("/webhooks/stripe", responses=WEBHOOK)
async def deliver(request: Request) -> Response:
    """200 when the event is stored and handled, 400 when it is not from Stripe, 500 to have it sent again."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            return _answer(413, "the body is too large")
    try:
        now = await run_in_threadpool(request.app.state.clock.now)
        accepted = await run_in_threadpool(accept, request.app.state.database, raw,
                                           request.headers.get("Stripe-Signature"), now=now)
    except BadWebhook as problem:
        log.warning("a webhook was refused: %s", problem)
        return _answer(400, str(problem))
    except WebhooksOff as problem:
        log.error("a webhook could not be checked: %s", problem)
        return _answer(503, "card payments are not set up here")
    except Exception:
        log.exception("a webhook could not be handled")
        return _answer(500, "not handled yet, please send it again")
    log.info("event %s: %s", accepted.event_id, accepted.outcome)
    return JSONResponse({"received": True, "outcome": accepted.outcome})


def _answer(status: int, problem: str) -> Response:
    return JSONResponse({"error": problem}, status)
