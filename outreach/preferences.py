"""What reminders ask before they send anything: is contact stopped, is it a lawful and wished-for hour, which channel.

The rows are written by legal effects and live in ``compliance.preferences``.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from compliance.models import Channel, ContactWish
from compliance.preferences import allowed_channels, contact_stopped, keep_channel, only_channel, set_allowed
from compliance.profile import profile_of
from ledger.models import Debtor
from runtime.ids import DebtorId

__all__ = [
    "Channel", "allowed_channels", "contact_stopped", "keep_channel", "may_send_at", "only_channel",
    "preferred_channel", "set_allowed",
]


def preferred_channel(session: Session, debtor_id: DebtorId) -> Channel | None:
    """The channel the debtor would rather be reached on, unless it was stopped since."""
    wish = session.get(ContactWish, debtor_id)
    if wish is None or wish.preferred_channel is None:
        return None
    channel = Channel(wish.preferred_channel)
    return channel if allowed_channels(session, debtor_id).get(channel, True) else None


def may_send_at(session: Session, debtor_id: DebtorId, *, now: datetime) -> bool:
    """Whether this is an hour for proactive messages: lawful where the debtor lives, and one they did not exclude.

    An unknown time zone means no (rule 5).
    """
    debtor = session.get_one(Debtor, debtor_id)
    if not profile_of(debtor).may_contact_at(now, debtor.timezone) or debtor.timezone is None:
        return False
    wish = session.get(ContactWish, debtor_id)
    local = now.astimezone(ZoneInfo(debtor.timezone)).time()
    if wish is None:
        return True
    return not ((wish.not_before and local < wish.not_before) or (wish.not_after and local >= wish.not_after))
