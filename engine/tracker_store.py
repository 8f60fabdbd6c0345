"""The tracker store: Rasa's own table, read and written with one statement each.

Rasa's store loads every event of a session, counts them again to find the new ones, and opens a connection for each
step. All that follows a turn (replaying events, the states its policies compare) grows with what was loaded, so the
hundredth message took ten times as long as the first. Nothing here decides by what was said more than a few turns ago:
what is open is seeded with every turn. So only the last turns are loaded.
"""

import itertools
import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

TURNS = 2
"""Turns that are loaded: with the present one five states, and ``config.yml`` lets no policy see more than four."""
CHUNK = 64
"""Events read at first; few turns have more than ten."""

_events = SQLTrackerStore.SQLEvent.__table__
_all = (
    sa.select(_events.c.type_name, _events.c.action_name, _events.c.data)
    .where(_events.c.sender_id == sa.bindparam("sender"))
    .order_by(_events.c.id.desc())
)
_append = _events.insert()
_newest = _all.limit(CHUNK)


class DeskTrackerStore(SQLTrackerStore):
    """An SQL tracker store whose trackers hold the last ``TURNS`` turns. ``retrieve_full_tracker`` loads all."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its last turns; None when the sender is new."""
        with self.engine.connect() as connection:
            rows = connection.execute(_newest, {"sender": sender_id}).all()
            kept = _last_turns(rows)
            if kept is None and len(rows) == CHUNK:  # turns with uncommonly many events
                kept = _last_turns(connection.execute(_all, {"sender": sender_id}).all())
        kept = rows if kept is None else kept
        if not kept:
            return None
        events = [json.loads(row.data) for row in reversed(kept)]
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        tracker.stored_events = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events since the tracker was loaded."""
        await self.stream_events(tracker)
        known = getattr(tracker, "stored_events", 0)
        rows = [_row(tracker.sender_id, event) for event in itertools.islice(tracker.events, known, None)]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(_append, rows)
        tracker.stored_events = len(tracker.events)


def _last_turns(newest_first: Iterable[Any]) -> list[Any] | None:
    """The events of the last turns, from the ``action_listen`` before the oldest of them; None when there are fewer."""
    kept: list[Any] = []
    turns = 0
    for row in newest_first:
        kept.append(row)
        if row.type_name == UserUttered.type_name:
            turns += 1
        if turns >= TURNS and row.type_name == ActionExecuted.type_name and row.action_name == "action_listen":
            return kept
    return None


def _row(sender_id: str, event: Any) -> Any:
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }
