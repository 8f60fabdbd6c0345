"""Where and when a debtor may be contacted without having asked.

The rows live here and not in ``outreach``, because a legal effect ("STOP", "wrong number") writes them, and
imports point downwards only: ``compliance`` may not ask ``outreach``. ``outreach.preferences`` is what reminders ask.
"""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Channel, ContactPreference, ContactWish
from conversations.models import Conversation
from ledger.feed import tell_state
from runtime.ids import ConversationId, DebtorId


def set_allowed(session: Session, *, debtor_id: DebtorId, channel: Channel, allowed: bool, reason: str,
                now: datetime) -> ContactPreference:
    """Record whether ``channel`` may be used. Saying the same again keeps the first date."""
    row = session.scalar(select(ContactPreference).where(ContactPreference.debtor_id == debtor_id,
                                                         ContactPreference.channel == channel))
    if row is None:
        row = ContactPreference(debtor_id=debtor_id, channel=channel, allowed=allowed, reason=reason, since=now)
        session.add(row)
    elif row.allowed != allowed:
        row.allowed, row.reason, row.since = allowed, reason, now
    session.flush()
    tell_state(session, kind="contact.allowed" if allowed else "contact.stopped", debtor_id=debtor_id, at=now,
               subject=f"contact:{debtor_id}:{channel}",
               facts={"channel": str(channel), "allowed": allowed, "reason": str(row.reason)})
    return row


def stop_all(session: Session, *, debtor_id: DebtorId, reason: str, now: datetime) -> None:
    """End automatic contact on every channel (rules 7, 9, 22)."""
    for channel in Channel:
        set_allowed(session, debtor_id=debtor_id, channel=channel, allowed=False, reason=reason, now=now)


def keep_channel(session: Session, *, debtor_id: DebtorId, channel: Channel, now: datetime) -> None:
    """After a stop the debtor keeps one channel, because they said so themselves."""
    set_allowed(session, debtor_id=debtor_id, channel=channel, allowed=True, reason="kept_by_debtor", now=now)


def only_channel(session: Session, *, debtor_id: DebtorId, channel: Channel, now: datetime) -> None:
    """Contact on this channel and no other ("only e-mail")."""
    for other in Channel:
        set_allowed(session, debtor_id=debtor_id, channel=other, allowed=other == channel, reason="only_channel",
                    now=now)
    set_wish(session, debtor_id=debtor_id, preferred_channel=channel, now=now)


def set_wish(session: Session, *, debtor_id: DebtorId, now: datetime, preferred_channel: Channel | None = None,
             not_before: time | None = None, not_after: time | None = None, words: str | None = None) -> ContactWish:
    """Record the debtor's wishes; what is not given stays as it was. Times are the debtor's local ones."""
    wish = session.get(ContactWish, debtor_id)
    if wish is None:
        wish = ContactWish(debtor_id=debtor_id, since=now)
        session.add(wish)
    wish.preferred_channel = preferred_channel or wish.preferred_channel
    wish.not_before = not_before or wish.not_before
    wish.not_after = not_after or wish.not_after
    wish.words = words or wish.words
    wish.since = now
    session.flush()
    tell_state(session, kind="contact.wish", subject=f"wish:{debtor_id}", debtor_id=debtor_id, at=now, facts={
        "preferred_channel": str(wish.preferred_channel) if wish.preferred_channel else None,
        "not_before": wish.not_before.isoformat("minutes") if wish.not_before else None,
        "not_after": wish.not_after.isoformat("minutes") if wish.not_after else None,
    })
    return wish


def allowed_channels(session: Session, debtor_id: DebtorId) -> dict[Channel, bool]:
    """For each channel that the debtor said something about: whether it may be used."""
    rows = session.scalars(select(ContactPreference).where(ContactPreference.debtor_id == debtor_id))
    return {Channel(row.channel): row.allowed for row in rows}


def contact_stopped(session: Session, debtor_id: DebtorId | None, conversation_id: ConversationId | None,
                    channel: str) -> bool:
    """Whether nothing may be sent unasked: the debtor stopped the channel, or someone in the conversation did."""
    preference = session.scalar(select(ContactPreference).where(
        ContactPreference.debtor_id == debtor_id, ContactPreference.channel == channel)) if debtor_id else None
    if preference is not None and not preference.allowed:
        return True
    conversation = session.get(Conversation, conversation_id) if conversation_id is not None else None
    stopped_at = conversation.contact_stopped_at if conversation is not None else None
    if stopped_at is None:
        return False
    # a channel that the debtor kept, or opened again, after the stop
    return not (preference is not None and preference.allowed and preference.since >= stopped_at)
