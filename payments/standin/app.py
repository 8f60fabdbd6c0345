"""The stand-in as one web application."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from payments.standin.api import api
from payments.standin.courier import Courier
from payments.standin.errors import StripeRefusal
from payments.standin.hooks import hooks
from payments.standin.pages import pages, refused
from payments.standin.sessions import Till
from payments.standin.store import Store


def make_app(store: Store, *, address: str, webhook_url: str, api_key: str, webhook_secret: str,
             now: Callable[[], datetime], pauses: tuple[float, ...] | None = None) -> FastAPI:
    """The application. ``address`` is its own, ``webhook_url`` the gateway's, ``pauses`` seconds between tries."""
    till = Till(store, pages=address, now=now, real_time=time.time)
    courier = Courier(store, url=webhook_url, secret=webhook_secret, **({"pauses": pauses} if pauses else {}))

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        courier.start()
        yield
        courier.stop()
        store.close()

    app = FastAPI(title="Local stand-in for Stripe", lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.till = till
    app.include_router(api(till, api_key=api_key))
    app.include_router(pages(till))
    app.include_router(hooks(till))

    @app.exception_handler(StripeRefusal)
    def refuse(request: Request, refusal: StripeRefusal) -> Response:
        if request.url.path.startswith("/c/"):
            return refused(refusal)
        return JSONResponse(refusal.json(), refusal.status)

    @app.get("/", response_class=PlainTextResponse)
    def what() -> str:
        return "Local stand-in for Stripe. TEST MODE: no real money moves here."

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok", "mode": "test"}

    return app
