"""Sealing: each committed record gets its position, the hash of the one before, and its own.

One sealer at a time, by the lock of the head. On PostgreSQL a record with a smaller id may be committed after one with
a larger; so a position is given to what is committed, never by id (compare docs/decisions/016). The hash is keyed:
whoever can write to the database, but has not the installation's key, cannot make a chain that holds.
"""

import json
import secrets
from datetime import UTC

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from compliance.evidence.anchor import Anchor, Place
from compliance.evidence.models import Evidence, EvidenceHead
from runtime.database import Database
from runtime.vault import keyed_hash

AT_ONCE = 500
_FIRST = {dialect.name: insert(EvidenceHead).on_conflict_do_nothing(index_elements=["id"])
          for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))}


def digest(row: Evidence, position: int, previous: str) -> str:
    """The hash of a record at its place. Every column of it counts."""
    content = json.dumps(
        [position, row.id, row.key, row.kind, row.debtor_id, row.debt_id, row.conversation_id, row.subject, row.actor,
         row.at.astimezone(UTC).isoformat(timespec="microseconds"), row.facts, row.content],
        ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return keyed_hash("evidence", f"{previous}\n{content}")


def seal_some(session: Session, *, at_once: int = AT_ONCE) -> tuple[int, Anchor]:
    """Seal the oldest unsealed records. How many it were, and where the chain ends now."""
    head = _locked(session)
    waiting = session.scalars(
        select(Evidence).where(Evidence.position.is_(None)).order_by(Evidence.id).limit(at_once)
        .execution_options(populate_existing=True)).all()
    position, previous, seals = head.position, head.hash, []
    for row in waiting:
        position += 1
        made = digest(row, position, previous)
        seals.append({"id": row.id, "position": position, "previous": previous, "hash": made})
        previous = made
    if seals:
        session.execute(update(Evidence), seals)
        head.position, head.hash = position, previous
        session.flush()
    return len(seals), Anchor(head.chain, head.position, head.hash)


def seal_all(database: Database, *, anchor: Place | None = None) -> int:
    """The same until nothing waits, in transactions of bounded size; then the end is kept at ``anchor`` as well.

    Returns how many were sealed. Raises AnchorMismatch when the place holds the end of another chain: then the records
    are sealed and the place is left as it is.
    """
    with database.read() as session:
        if session.scalar(select(Evidence.id).where(Evidence.position.is_(None)).limit(1)) is None:
            return 0
    done = 0
    while True:
        with database.write() as session:
            sealed, end = seal_some(session)
        done += sealed
        if sealed < AT_ONCE:
            break
    if anchor is not None:
        anchor.keep(end)
    return done


def _locked(session: Session) -> EvidenceHead:
    query = select(EvidenceHead).with_for_update().execution_options(populate_existing=True)
    head = session.scalars(query).one_or_none()
    if head is None:
        chain = secrets.token_urlsafe(32)
        session.execute(_FIRST[session.get_bind().dialect.name], [{"id": 1, "chain": chain, "position": 0,
                                                                   "hash": keyed_hash("evidence", chain)}])
        head = session.scalars(query).one()
    return head
