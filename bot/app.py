"""The gateway's web application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from bot import chat_api, pages, pay_pages, renewal, stripe_webhook
from bot.answers import METRICS, READY
from bot.engine import Engine
from bot.gateway import Gateway
from bot.guard import Guard, refusal
from bot.handling import TurnHandler
from bot.limits import Limiter, Limits
from bot.sessions import Sessions
from bot.telegram import TelegramChannel
from bot.wakeup import Wakeup
from compliance.identity_rules import identity_rules
from console.app import console
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.settings import settings


def create_app(db: Database | None = None) -> FastAPI:
    """The gateway: chat API, pages, webhooks and the staff console."""
    db = db or database()
    clock = Clock(db)
    identity_rules()  # what is wrong with the file is said before anybody is answered

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine, wakeup = Engine(), Wakeup(db)
        gate = Gateway(db, clock, engine, wakeup, TurnHandler(db, clock, engine, wakeup), Limits.of(settings()),
                       Sessions(db, clock))
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
    for router in (chat_api.router, renewal.router, pages.router, pay_pages.router, stripe_webhook.router):
        app.include_router(router)
    app.mount("/console", console(db, clock))
    _health(app, db)
    _guard(app, Limiter(settings().calls_each_minute))
    return app


def _health(app: FastAPI, db: Database) -> None:
    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        """Liveness."""
        return {"status": "ok"}

    @app.get("/readyz", responses=READY)
    async def ready(request: Request) -> JSONResponse:
        """Readiness of each dependency."""
        state = {"engine": await request.app.state.gateway.engine.ready(), "database": True}
        try:
            with db.read() as session:
                session.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is not ready
            state["database"] = False
        return JSONResponse(state, status_code=200 if all(state.values()) else 503)

    @app.get("/metrics", response_class=Response, responses=METRICS)
    def metrics() -> Response:
        """Prometheus figures of this process."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _guard(app: FastAPI, limit: Limiter) -> None:
    """Bound what a request may bring, say what is wrong with it, and let no traceback out."""
    app.add_middleware(Guard, limit=limit)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, error: RequestValidationError) -> JSONResponse:
        """What was sent is not repeated: it may be private, or nothing that JSON can hold."""
        places = sorted({".".join(str(step) for step in problem["loc"]) + f": {problem['type']}"
                         for problem in error.errors()})
        return refusal(422, "unreadable", "Sorry, that could not be read. Please reload the page and try again.",
                       fields=[place.encode("ascii", "replace").decode()[:100] for place in places[:10]])
