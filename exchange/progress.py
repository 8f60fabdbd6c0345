"""How far receivers have come, and setting them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.models import FeedReceiver
from exchange.positions import last_position
from runtime.errors import StaffError


@dataclass(frozen=True, slots=True)
class Standing:
    """One receiver. ``waiting`` counts the events it has not confirmed."""

    name: str
    configured: bool
    position: int
    waiting: int
    attempts: int
    delivered_at: datetime | None
    failing_since: datetime | None
    problem: str | None


def standing(session: Session, configured: Sequence[str]) -> list[Standing]:
    """Those of the settings, and those that were in them once."""
    last = last_position(session)
    rows = {row.name: row for row in session.scalars(select(FeedReceiver).order_by(FeedReceiver.name))}
    found = []
    for name in dict.fromkeys([*configured, *rows]):
        row = rows.get(name) or FeedReceiver(name=name, position=0, attempts=0)
        found.append(Standing(name, name in configured, row.position, last - row.position, row.attempts,
                              row.delivered_at, row.failing_since, row.problem))
    return found


def replay(session: Session, name: str, first: int) -> int:
    """Have ``name`` get everything from position ``first`` on, again or for the first time. Returns how many events.

    What is being tried at this moment may still arrive before it. Raises StaffError for a position there is not.
    """
    last = last_position(session)
    if not 1 <= first <= last + 1:
        raise StaffError(f"There is no position {first:,}: the feed stands at {last:,}")
    row = session.get(FeedReceiver, name, with_for_update=True, populate_existing=True)
    if row is None:
        row = FeedReceiver(name=name, attempts=0)
        session.add(row)
    row.position, row.sending_to, row.next_attempt_at, row.delivered_at = first - 1, None, None, None
    session.flush()
    return last - first + 1
