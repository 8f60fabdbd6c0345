"""Positions of the feed: 1, 2, 3 … in an order in which nothing can appear behind a reader's back.

On PostgreSQL an event with a smaller id may be committed after one with a larger id. So a reader never goes by ids:
a committed event is given its position here, under the lock of one row (docs/decisions/010).
"""

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from exchange.models import FeedHead
from ledger.models import FeedEvent
from runtime.database import Database

AT_ONCE = 2_000


def give_positions(session: Session, *, at_once: int = AT_ONCE) -> int:
    """Give the next positions to committed events that have none yet. Returns how many it were."""
    head = _locked(session)
    ids = session.scalars(
        select(FeedEvent.id).where(FeedEvent.position.is_(None)).order_by(FeedEvent.id).limit(at_once)).all()
    if ids:
        session.execute(update(FeedEvent), [
            {"id": event_id, "position": position} for position, event_id in enumerate(ids, start=head.position + 1)])
        head.position += len(ids)
        session.flush()
    return len(ids)


def give_all(database: Database) -> int:
    """The same until there are none left, in transactions of bounded size. Returns the last position."""
    with database.read() as session:
        if session.scalar(select(FeedEvent.id).where(FeedEvent.position.is_(None)).limit(1)) is None:
            return last_position(session)
    while True:
        with database.write() as session:
            if give_positions(session) < AT_ONCE:
                return last_position(session)


def last_position(session: Session) -> int:
    """The last position given; 0 before the first."""
    return session.scalar(select(FeedHead.position)) or 0


def _locked(session: Session) -> FeedHead:
    query = select(FeedHead).with_for_update().execution_options(populate_existing=True)
    head = session.scalars(query).one_or_none()
    if head is None:  # the migration makes it; a table that was emptied by hand is no reason to stop
        session.execute(insert(FeedHead).values(id=1, position=0))
        head = session.scalars(query).one()
    return head
