"""The gateway's web application."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import chat_api, pages, pay_pages, renewal, stripe_webhook
from bot.engine import Engine
from bot.gateway import Gateway
from bot.handling import TurnHandler
from bot.limits import Limiter
from bot.sessions import Sessions
from bot.telegram import TelegramChannel
from bot.wakeup import Wakeup
from compliance.identity_rules import identity_rules
from console.app import console
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.settings import settings

log = logging.getLogger(__name__)
MAX_BODY = 256 * 1024
"""Bytes of a request's body; a Stripe event is below 64 kB, a message below 16 kB."""
TOO_LONG = "That is too long. Please send it in shorter parts."
TROUBLE = "Sorry, something went wrong on our side. Nothing was lost; please try again."


def create_app(db: Database | None = None) -> FastAPI:
    """The gateway: chat API, pages, webhooks and the staff console."""
    db = db or database()
    clock = Clock(db)
    identity_rules()  # what is wrong with the file is said before anybody is answered

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine, wakeup = Engine(), Wakeup(db)
        limit = settings().messages_per_minute
        gate = Gateway(db, clock, engine, wakeup, TurnHandler(db, clock, engine, wakeup), Limiter(limit),
                       Limiter(limit), Sessions(db, clock))
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
    """Bound what a request may bring, say what is wrong with it, and let no traceback out."""
    app.add_middleware(Guard)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, error: RequestValidationError) -> JSONResponse:
        """What was sent is not repeated: it may be private, or nothing that JSON can hold."""
        places = sorted({".".join(str(step) for step in problem["loc"]) + f": {problem['type']}"
                         for problem in error.errors()})
        return _refused(422, "unreadable", "Sorry, that could not be read. Please reload the page and try again.",
                        fields=[place.encode("ascii", "replace").decode()[:100] for place in places[:10]])


def _refused(status: int, code: str, message: str, **more: object) -> JSONResponse:
    return JSONResponse({"detail": _detail(code, message, **more)}, status)


def _detail(code: str, message: str, **more: object) -> dict[str, object]:
    return {"code": code, "message": message, **more}


class Guard:
    """Refuses a body longer than ``MAX_BODY``, announced or not; what fails inside is logged and said in a sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MAX_BODY:
            await _refused(413, "message_too_long", TOO_LONG)(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            part = await receive()
            taken += len(part.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, _detail("message_too_long", TOO_LONG))
            return part

        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, bounded, noted)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if begun:
                raise  # the server cuts the connection: half an answer must not look like a whole one
            await _refused(500, "trouble", TROUBLE)(scope, receive, send)
