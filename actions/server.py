"""The action server: rasa-sdk on loopback, behind a shared secret."""

import asyncio
import hmac
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Request
from sanic.response import HTTPResponse, json

from actions.registry import ACTIONS
from actions.running import run
from runtime.clock import Clock
from runtime.database import Database
from runtime.vault import engine_secret


def make_executor(database: Database, clock: Clock) -> ActionExecutor:
    """An executor of every registered action."""
    executor = ActionExecutor()

    def register(name: str) -> None:
        async def act(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
            reading = tracker.latest_message
            turn_id = int((reading.get("metadata") or {})["turn_id"])
            ranking = reading.get("intent_ranking") or []
            for say in await asyncio.to_thread(run, database, clock, action=name, turn_id=turn_id, ranking=ranking):
                dispatcher.utter_message(json_message=say)
            return []

        executor.register_function(name, act)

    for name in ACTIONS:
        register(name)
    return executor


def make_server(database: Database, clock: Clock) -> Any:
    """The Sanic application. Every call but ``/health`` must show the shared secret; rasa-sdk itself asks for none."""
    app = create_app(make_executor(database, clock), cors_origins=None)
    secret = engine_secret().encode()

    async def guard(request: Request) -> HTTPResponse | None:
        shown = request.headers.get("x-desk-secret", "").encode(errors="replace")
        if request.path != "/health" and not hmac.compare_digest(shown, secret):
            return json({"error": "wrong secret"}, status=403)
        return None

    app.register_middleware(guard, "request")
    return app
