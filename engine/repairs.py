"""Repairs of Rasa 3.6.21, each one thing, applied once when the channel is loaded.

* Rasa compiles one constant JSON schema anew for every action call; ``jsonschema.validate`` was four fifths of an
  action turn. Here it is compiled once.
* The whole domain travels with every action call. Our actions never read it, so an empty one is sent (an action
  server newer than 3.6 refuses a call without any).
* The tracker store opens SQLite with a rollback journal and makes two disk flushes a turn; write-ahead logging
  needs less than one. It opens a file anew for each statement, and whoever closes it last flushes: it stays open.
* An action is called by a general HTTP client, over a connection of its own for each call: a twenty-fifth of an
  action turn. It goes by our own loopback client, over a connection that is kept.
* A stored event's class is looked for among all classes, for each event of each turn; it is remembered.
"""

import json
import sqlite3
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core import tracker_store
from rasa.core.actions.action import RemoteAction
from rasa.core.constants import DEFAULT_REQUEST_TIMEOUT
from rasa.core.tracker_store import is_postgresql_url
from rasa.shared.core.events import Event
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from runtime.loopback import Loopback, LoopbackError


def apply() -> None:
    """Put the repairs in place."""
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)

    def validate(_self: RemoteAction, result: dict[str, Any]) -> bool:
        for error in validator.iter_errors(result):
            raise ValidationError(f"the action server's answer does not fit: {error.message}")
        return True

    def call_format(self: RemoteAction, tracker: Any, _domain: Any) -> dict[str, Any]:
        return {"next_action": self._name, "sender_id": tracker.sender_id, "tracker": seen_by_actions(tracker),
                "version": "3.6.21", "domain": {}}

    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=20000")

    def engine_kwargs(url: Any) -> dict[str, Any]:
        if is_postgresql_url(url):
            return original_kwargs(url)
        return {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}}

    original_kwargs = tracker_store.create_engine_kwargs
    tracker_store.create_engine_kwargs = engine_kwargs
    EndpointConfig.request = _request
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
    event.listen(Engine, "connect", connected)
    RemoteAction._validate_action_result = validate
    RemoteAction._action_call_format = call_format


_clients: dict[str, Loopback] = {}


async def _request(endpoint: EndpointConfig, method: str = "post", subpath: str | None = None, **given: Any) -> Any:
    """Call an action. Raises the errors that Rasa expects of its own client."""
    if method != "post" or subpath or not given.keys() <= {"json", "timeout", "compress"}:
        raise NotImplementedError("actions are called, and nothing else")
    parts = urlsplit(endpoint.url)
    client = _clients.get(endpoint.url)
    if client is None:
        client = Loopback(f"{parts.scheme}://{parts.netloc}", endpoint.headers, timeout=DEFAULT_REQUEST_TIMEOUT)
        _clients[endpoint.url] = client
    try:
        status, body = await client.post(parts.path, given["json"])
    except LoopbackError as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
    if status >= 400:
        raise ClientResponseError(status, "", body.decode(errors="replace"))
    return json.loads(body)


async def close() -> None:
    """Close the connections that were kept."""
    while _clients:
        await _clients.popitem()[1].close()


def seen_by_actions(tracker: Any) -> dict[str, Any]:
    """A tracker as an action needs it: the latest message and its turn. All else an action reads in the database."""
    latest = tracker.latest_message
    ranking = (latest.parse_data or {}).get("intent_ranking") or []
    return {
        "sender_id": tracker.sender_id,
        "slots": tracker.current_slot_values(),
        "latest_message": {
            "text": latest.text,
            "intent": plain(latest.intent),
            "intent_ranking": [plain(reading) for reading in ranking],
            "entities": [],
            "metadata": latest.metadata,
            "message_id": latest.message_id,
        },
        "latest_event_time": None,
        "latest_input_channel": None,
        "latest_action_name": tracker.latest_action_name,
        "followup_action": None,
        "paused": tracker.is_paused(),
        "active_loop": {},
        "events": [],
    }


def plain(reading: dict[str, Any]) -> dict[str, Any]:
    """An intent's name and confidence, the latter no longer NumPy's."""
    return {"name": reading.get("name"), "confidence": float(reading.get("confidence") or 0)}
