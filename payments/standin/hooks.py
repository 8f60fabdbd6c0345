"""What tests and a curious newcomer may do to the webhooks: duplicate, delay, hold back, release in reverse."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from payments.standin.sessions import Mischief, Till


class Wanted(BaseModel, extra="forbid"):
    """How webhooks are sent from now on."""

    duplicates: Annotated[int, Field(ge=0, le=20)] = 0
    delay: Annotated[float, Field(ge=0, le=3600)] = 0.0
    hold: bool = False


class Release(BaseModel, extra="forbid"):
    """How held webhooks are let go."""

    reverse: bool = False


def hooks(till: Till) -> APIRouter:
    """The routes under ``/test``. They do not exist at Stripe."""
    router = APIRouter(prefix="/test")

    @router.post("/webhooks")
    def webhooks(wanted: Wanted) -> dict[str, Any]:
        till.mischief = Mischief(wanted.duplicates, wanted.delay, wanted.hold)
        return wanted.model_dump()

    @router.post("/webhooks/release")
    def release(wanted: Release) -> dict[str, int]:
        return {"released": till.release(reverse=wanted.reverse)}

    @router.get("/webhooks")
    def undelivered() -> dict[str, int]:
        return {"undelivered": till.store.undelivered()}

    @router.post("/disputes/{payment_intent}")
    def dispute(payment_intent: str) -> dict[str, Any]:
        return till.dispute(payment_intent)

    @router.post("/refunds/{refund}/fail")
    def fail_refund(refund: str) -> dict[str, Any]:
        return till.fail_refund(refund)

    return router
