"""The console as an application of its own, which the gateway mounts."""

import logging
from pathlib import Path
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from console import conversation_pages, debtor_pages, sign_in, ticket_pages
from console.guard import Guard
from console.web import Desk, NotAllowed, NotSignedIn, NotThere, at, at_path, by_htmx, go, make_templates, page
from runtime.clock import Clock
from runtime.database import Database

log = logging.getLogger(__name__)


def console(db: Database, clock: Clock) -> FastAPI:
    """The staff console on this database. Mount it anywhere; ``/console`` is where alerts point to."""
    app = FastAPI(title="Staff console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(db, clock, make_templates())
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for router in (sign_in.router, conversation_pages.router, ticket_pages.router, debtor_pages.router):
        app.include_router(router)
    _refusals(app)
    app.add_middleware(Guard)
    return app


def _refusals(app: FastAPI) -> None:
    """What is answered when a page cannot be shown: a line staff understand, never a traceback."""

    @app.exception_handler(NotSignedIn)
    def sign_in_first(request: Request, _error: NotSignedIn) -> Response:
        if by_htmx(request):
            return Response(status_code=401, headers={"HX-Redirect": at(request, f"/sign-in{_back(request)}")})
        if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
            # From a link in an e-mail the browser sends no strict cookie; from our own page it does.
            return page(request, "arrive.html")
        if request.method == "GET" and at_path(request) not in ("/", "/conversations"):
            return go(request, f"/sign-in?next={quote(at_path(request), safe='')}")
        return go(request, "/sign-in")

    @app.exception_handler(NotAllowed)
    def not_allowed(request: Request, error: NotAllowed) -> HTMLResponse:
        return _say(request, 403, "Not allowed", str(error))

    @app.exception_handler(NotThere)
    def not_there(request: Request, error: NotThere) -> HTMLResponse:
        return _say(request, 404, "Not found", str(error) or "There is nothing here.")

    @app.exception_handler(RequestValidationError)
    def odd(request: Request, _error: RequestValidationError) -> HTMLResponse:
        return _say(request, 404, "Not found", "There is nothing here.")

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> HTMLResponse:
        missing = error.status_code == 404
        return _say(request, error.status_code, "Not found" if missing else "Not possible",
                    "There is nothing here." if missing else "The console cannot do that.")

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> HTMLResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _say(request, 500, "Something went wrong", "It was written to the log. Nothing was sent to the debtor "
                    "unless you see it in the transcript.")


def _say(request: Request, status: int, title: str, line: str) -> HTMLResponse:
    return page(request, "refusal.html", status=status, title=title, line=line)


def _back(request: Request) -> str:
    """The query that leads back to the page a part of which was asked for."""
    here, base = urlsplit(request.headers.get("hx-current-url", "")), at(request, "/")
    if not here.path.startswith(base):
        return ""
    wanted = here.path.removeprefix(base.rstrip("/")) + (f"?{here.query}" if here.query else "")
    return f"?next={quote(wanted, safe='')}"
