"""Events of the feed as JSON, one after another or in batches. The same positions always give the same bytes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.serving import EVERYTHING, Serves, parts
from ledger.models import Creditor, Debt, Debtor, FeedEvent


@dataclass(frozen=True, slots=True)
class Batch:
    """The events from position ``first`` to ``last``."""

    first: int
    last: int
    events: tuple[dict[str, Any], ...]

    @property
    def id(self) -> str:
        """The same for every try of the same events."""
        return f"feed_{self.first:012d}_{self.last:012d}"

    def json(self) -> bytes:
        """One JSON object with all of them."""
        return _bytes({"type": "feed.batch", "first": self.first, "last": self.last, "events": self.events})

    def lines(self) -> bytes:
        """One JSON object a line."""
        return b"".join(_bytes(event) + b"\n" for event in self.events)


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def events(
    session: Session, *, first: int, last: int | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """The events from position ``first`` on, in order, as receivers get them."""
    query = (
        select(FeedEvent, Debtor.ref, Debt.ref, Creditor.ref)
        .join(Debtor, Debtor.id == FeedEvent.debtor_id).outerjoin(Debt, Debt.id == FeedEvent.debt_id)
        .outerjoin(Creditor, Creditor.id == Debt.creditor_id)
        .where(FeedEvent.position >= first).order_by(FeedEvent.position).limit(limit)
    )
    if last is not None:
        query = query.where(FeedEvent.position <= last)
    for event, debtor, debt, creditor in session.execute(query):
        yield {
            "position": event.position, "id": event.uid, "kind": event.kind, "subject": event.subject,
            "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "debtor": debtor, "debt": debt, "creditor": creditor, "facts": event.facts,
        }


def batch(session: Session, *, first: int, last: int, serves: Serves = EVERYTHING) -> Batch:
    """The events from ``first`` to ``last``, as far as they go to whoever ``serves``: there may be none."""
    return Batch(first, last, parts(session, list(events(session, first=first, last=last)), serves))
