"""Repairs of Rasa 3.6.21, each one thing, applied once when the channel is loaded.

* Rasa compiles one constant JSON schema anew for every action call; ``jsonschema.validate`` was four fifths of an
  action turn. Here it is compiled once.
* The whole domain travels with every action call. Our actions never read it, so an empty one is sent (an action
  server newer than 3.6 refuses a call without any).
* The tracker store opens SQLite with a rollback journal and makes two disk flushes a turn; write-ahead logging
  needs less than one.
"""

import json
import sqlite3
from typing import Any

from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.trackers import EventVerbosity
from sqlalchemy import event
from sqlalchemy.engine import Engine


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
        state = tracker.current_state(EventVerbosity.NONE)
        return {"next_action": self._name, "sender_id": tracker.sender_id, "tracker": json_safe(state),
                "version": "3.6.21", "domain": {}}

    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=20000")

    event.listen(Engine, "connect", connected)
    RemoteAction._validate_action_result = validate
    RemoteAction._action_call_format = call_format


def json_safe(state: dict[str, Any]) -> dict[str, Any]:
    """The tracker's state without its events: an action reads the latest message and the database."""
    return json.loads(json.dumps({**state, "events": []}, default=str))  # type: ignore[no-any-return]
