"""Who is talking in a conversation, as it was proved: kept as a database row, over after a while.

Nothing about a debt is said before ``who(...).verified`` names somebody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from compliance.identity_rules import identity_rules
from compliance.models import Level, OfferedFactors, Verification
from compliance.profile import Identity, profile
from compliance.session_keys import retire_token
from conversations.models import Conversation
from conversations.turns import next_engine_session
from ledger.models import Debtor
from runtime.ids import ConversationId, DebtorId


@dataclass(frozen=True)
class Standing:
    """Who is verified and who is only identified (through a link that we sent)."""

    verified: DebtorId | None = None
    identified: DebtorId | None = None
    proved_at: datetime | None = field(default=None, compare=False)
    """When the verified debtor last proved it."""
    link_id: int | None = field(default=None, compare=False)

    def fresh(self, now: datetime) -> bool:
        """Whether identity was proved so lately that a sensitive act may follow (``fresh_minutes`` of the rules)."""
        within = timedelta(minutes=identity_rules().fresh_minutes)
        return self.verified is not None and self.proved_at is not None and now - self.proved_at < within


def limits_of(session: Session, conversation_id: ConversationId) -> Identity:
    """The limits on identity of the profile a conversation is held under."""
    conversation = session.get(Conversation, conversation_id)
    return profile(conversation.locale[-2:] if conversation else None).identity


def _rows(session: Session, conversation_id: ConversationId) -> Sequence[Verification]:
    return session.scalars(_STANDING, {"conversation_id": conversation_id}).all()


_STANDING = (
    select(Verification)
    .where(Verification.conversation_id == bindparam("conversation_id"), Verification.ended_at.is_(None))
    .order_by(Verification.id)
)


def _valid(row: Verification, limits: Identity, now: datetime) -> bool:
    return (now - row.verified_at < timedelta(hours=limits.verified_hours)
            and now - row.last_used_at < timedelta(minutes=limits.idle_minutes))


def who(session: Session, conversation_id: ConversationId, *, now: datetime) -> Standing:
    """Who is verified and who is identified in a conversation at this moment. Writes nothing; one short query."""
    rows = _rows(session, conversation_id)
    return _standing(rows, limits_of(session, conversation_id), now) if rows else Standing()


def _standing(rows: Sequence[Verification], limits: Identity, now: datetime) -> Standing:
    verified: DebtorId | None = None
    identified: DebtorId | None = None
    proved_at: datetime | None = None
    link_id: int | None = None
    for row in rows:
        if row.ended_at is not None:
            continue
        if row.level == Level.VERIFIED and _valid(row, limits, now):
            verified, proved_at = row.debtor_id, row.verified_at
        if row.link_id is not None and now - row.verified_at < timedelta(days=limits.sent_link_days):
            identified, link_id = row.debtor_id, row.link_id  # also where a verification by link has lapsed
        elif row.level == Level.IDENTIFIED and row.link_id is None and _valid(row, limits, now):
            identified = row.debtor_id  # by a host site
    return Standing(verified, identified, proved_at, link_id)


def touch(session: Session, *, conversation_id: ConversationId, now: datetime) -> Standing:
    """Note that the debtor is active, so that a verification in use does not lapse; end one that has lapsed.

    The gateway calls it once for each turn, before anything else asks ``who``.
    """
    limits = limits_of(session, conversation_id)
    rows = _rows(session, conversation_id)
    for row in rows:
        if (row.level == Level.VERIFIED or row.link_id is None) and not _valid(row, limits, now):
            row.ended_at, row.ended_reason = now, "lapsed"
            if row.link_id is not None:  # which goes on saying who it was made for
                session.add(Verification(
                    conversation_id=conversation_id, debtor_id=row.debtor_id, level=Level.IDENTIFIED, method=row.method,
                    link_id=row.link_id, verified_at=row.verified_at, last_used_at=now))
            begin_afresh(session, conversation_id)
        else:
            row.last_used_at = max(row.last_used_at, now)
    return _standing(_rows(session, conversation_id), limits, now)


def shown_from(session: Session, conversation_id: ConversationId, *, now: datetime) -> datetime | None:
    """The moment after which what was said may be shown to whoever holds the session; None: all of it (rule 3).

    What was said to somebody verified is theirs: once that has lapsed or ended it is shown again when the same person
    is verified anew, and never to another.
    """
    rows = session.scalars(_EVER_VERIFIED, {"conversation_id": conversation_id}).all()
    if not rows:
        return None
    limits = limits_of(session, conversation_id)
    valid = (row.debtor_id for row in reversed(rows) if row.ended_at is None and _valid(row, limits, now))
    standing = next(valid, None)
    return max((_until(row, limits) for row in rows if row.debtor_id != standing), default=None)


_EVER_VERIFIED = (
    select(Verification)
    .where(Verification.conversation_id == bindparam("conversation_id"), Verification.level == Level.VERIFIED)
    .order_by(Verification.id)
)


def _until(row: Verification, limits: Identity) -> datetime:
    lapses = min(row.verified_at + timedelta(hours=limits.verified_hours),
                 row.last_used_at + timedelta(minutes=limits.idle_minutes))
    return lapses if row.ended_at is None else min(lapses, row.ended_at)


def end_verification(session: Session, *, conversation_id: ConversationId, reason: str, now: datetime) -> None:
    """End whatever is known about who is talking, and forget the factors given so far. Ending twice changes nothing."""
    rows = _rows(session, conversation_id)
    for row in rows:
        row.ended_at, row.ended_reason = now, reason
    if given := session.get(OfferedFactors, conversation_id):
        session.delete(given)
    if rows:
        begin_afresh(session, conversation_id)
    session.flush()


def begin_afresh(session: Session, conversation_id: ConversationId) -> None:
    """From here on the engine knows nothing of what was said before."""
    if conversation := session.get(Conversation, conversation_id):
        next_engine_session(conversation)


def stand(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId, level: Level, method: str,
          now: datetime, link_id: int | None = None) -> None:
    """Write down who it is from now on, in the place of whoever it was. The caller has had it proved."""
    for row in _rows(session, conversation_id):
        same_link = row.link_id is not None and row.debtor_id == debtor_id and row.level == Level.IDENTIFIED
        if level == Level.VERIFIED and same_link:
            continue  # the link goes on identifying when this verification lapses
        row.ended_at, row.ended_reason = now, "replaced"
    session.add(Verification(conversation_id=conversation_id, debtor_id=debtor_id, level=level, method=method,
                             link_id=link_id, verified_at=now, last_used_at=now))
    if level == Level.VERIFIED:  # the rules and the order of day and month are those of where the debtor lives
        conversation = session.get_one(Conversation, conversation_id)
        conversation.locale = f"{conversation.language}-{session.get_one(Debtor, debtor_id).country}"
        retire_token(session, conversation_id)
    if given := session.get(OfferedFactors, conversation_id):
        session.delete(given)
    session.flush()
