"""Growing waits after wrong answers, by conversation, account, address and channel.

An account is the reference as it was given: an unknown one counts like any other, so a lock tells nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from compliance.identity_rules import identity_rules
from compliance.models import IdentityAttempt
from compliance.profile import Identity, Waits
from runtime import vault
from runtime.ids import ConversationId


@dataclass(frozen=True)
class Tries:
    """What a comparison is counted under. None: not counted there, and no lock there stands in its way."""

    conversation_id: ConversationId
    channel: str | None
    address: str | None
    accounts: tuple[str, ...] = ()
    """Each counts by itself: two references in one answer are two tries."""


def address_hash(address: str | None) -> str | None:
    """What is kept of an address (an IP, a chat id): a hash that only this installation can make."""
    return vault.keyed_hash("address", address) if address else None


def account_hash(account: str) -> str:
    """What is kept of a reference that was given: as above."""
    return vault.keyed_hash("account", account)


def record_attempt(session: Session, tries: Tries, *, matched: bool, now: datetime) -> None:
    """Count one comparison."""
    for account in tries.accounts or (None,):
        session.add(IdentityAttempt(
            conversation_id=tries.conversation_id, address_hash=address_hash(tries.address), channel=tries.channel,
            account_hash=account_hash(account) if account else None, matched=matched, at=now))
    session.flush()


def _wait(failures: int, last: datetime | None, waits: Waits) -> datetime | None:
    if last is None or failures < waits.free_failures:
        return None
    step = min(failures - waits.free_failures, len(waits.wait_minutes) - 1)
    return last + timedelta(minutes=waits.wait_minutes[step])


def _counted(tries: Tries, limits: Identity) -> list[tuple[Waits, ColumnElement[bool]]]:
    rules = identity_rules()
    found = [(limits.per_conversation, IdentityAttempt.conversation_id == tries.conversation_id)]
    if tries.address:
        found.append((rules.waits_at(tries.address, limits.per_address),
                      IdentityAttempt.address_hash == address_hash(tries.address)))
    if tries.channel:
        found.append((rules.per_channel, IdentityAttempt.channel == tries.channel))
    found += [(rules.per_account, IdentityAttempt.account_hash == account_hash(one)) for one in tries.accounts]
    return found


def locked_until(session: Session, tries: Tries, *, limits: Identity, now: datetime) -> datetime | None:
    """Until when nothing is compared; None when it may be tried now. How many statements depends on ``tries`` alone.

    A success does not wipe failures out: somebody with one right set of factors could otherwise try others for ever.
    """
    since = now - timedelta(hours=limits.failures_counted_hours)
    found = []
    for waits, condition in _counted(tries, limits):
        failures, last = session.execute(
            select(func.count(), func.max(IdentityAttempt.at))
            .where(condition, IdentityAttempt.matched.is_(False), IdentityAttempt.at > since)
        ).one()
        found.append(_wait(failures, last, waits))
    ends = [until for until in found if until is not None and until > now]
    return max(ends, default=None)
