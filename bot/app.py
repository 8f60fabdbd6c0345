"""The gateway's web application."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from bot import chat_api, pages, pay_pages, stripe_webhook
from bot.engine import Engine
from bot.gateway import Gateway
from bot.handling import TurnHandler
from bot.limits import Limiter
from bot.telegram import TelegramChannel
from bot.wakeup import Wakeup
from console.app import console
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.settings import settings

log = logging.getLogger(__name__)
MAX_BODY = 256 * 1024
"""Bytes of a request's body; a Stripe event is below 64 kB, a message below 16 kB."""


def create_app(db: Database | None = None) -> FastAPI:
    """The gateway: chat API, pages, webhooks and the staff console."""
    db = db or database()
    clock = Clock(db)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine, wakeup = Engine(), Wakeup(db)
        limit = settings().messages_per_minute
        gate = Gateway(db, clock, engine, wakeup, TurnHandler(db, clock, engine, wakeup), Limiter(limit),
                       Limiter(limit))
        app.state.gateway = gate
        wakeup.start()
        tasks = [asyncio.create_task(gate.handler.sweep())]
        token = settings().telegram_bot_token
        if token:
            tasks.append(asyncio.create_task(TelegramChannel(gate, token.get_secret_value()).run()))
        yield
        gate.closing.set()
        wakeup.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.close()

    app = FastAPI(title="Chat", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.database, app.state.clock = db, clock
    for router in (chat_api.router, pages.router, pay_pages.router, stripe_webhook.router):
        app.include_router(router)
    app.mount("/console", console(db, clock))
    _health(app, db)
    _guard(app)
    return app


def _health(app: FastAPI, db: Database) -> None:
    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        """Liveness."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def ready(request: Request) -> JSONResponse:
        """Readiness of each dependency."""
        state = {"engine": await request.app.state.gateway.engine.ready(), "database": True}
        try:
            with db.read() as session:
                session.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is not ready
            state["database"] = False
        return JSONResponse(state, status_code=200 if all(state.values()) else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        """Prometheus figures of this process."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _guard(app: FastAPI) -> None:
    """Bound what a request may bring, and let no traceback out."""

    @app.middleware("http")
    async def bounded(request: Request, call_next):  # type: ignore[no-untyped-def]  # Starlette's own signature
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return JSONResponse({"detail": {"code": "message_too_long",
                                            "message": "That is too long. Please send it in shorter parts."}}, 413)
        return await call_next(request)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"detail": {"code": "trouble", "message": "Sorry, something went wrong on our side. "
                                        "Nothing was lost; please try again."}}, 500)
