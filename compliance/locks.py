"""Growing waits after wrong answers, by conversation and by address. Unknown references count like any other."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.models import IdentityAttempt
from compliance.profile import Identity, Waits
from runtime import vault
from runtime.ids import ConversationId


def address_hash(address: str | None) -> str | None:
    """What is kept of an address (an IP, a chat id): a hash that only this installation can make."""
    return vault.keyed_hash("address", address) if address else None


def record_attempt(session: Session, *, conversation_id: ConversationId, address: str | None, matched: bool,
                   now: datetime) -> None:
    """Count one comparison."""
    session.add(IdentityAttempt(conversation_id=conversation_id, address_hash=address_hash(address), matched=matched,
                                at=now))
    session.flush()


def _wait(failures: int, last: datetime | None, waits: Waits) -> datetime | None:
    if last is None or failures < waits.free_failures:
        return None
    step = min(failures - waits.free_failures, len(waits.wait_minutes) - 1)
    return last + timedelta(minutes=waits.wait_minutes[step])


def locked_until(session: Session, *, conversation_id: ConversationId, address: str | None, limits: Identity,
                 now: datetime) -> datetime | None:
    """Until when nothing is compared; None when it may be tried now.

    A success does not wipe failures out: somebody with one right set of factors could otherwise try others for ever.
    """
    since = now - timedelta(hours=limits.failures_counted_hours)
    found = []
    for waits, condition in (
        (limits.per_conversation, IdentityAttempt.conversation_id == conversation_id),
        (limits.per_address, IdentityAttempt.address_hash == address_hash(address)),
    ):
        if waits is limits.per_address and not address:
            continue
        failures, last = session.execute(
            select(func.count(), func.max(IdentityAttempt.at))
            .where(condition, IdentityAttempt.matched.is_(False), IdentityAttempt.at > since)
        ).one()
        found.append(_wait(failures, last, waits))
    ends = [until for until in found if until is not None and until > now]
    return max(ends, default=None)
