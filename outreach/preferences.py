"""What reminders ask before they send anything: is contact stopped, is it a lawful and wished-for hour, which channel.

The rows are written by legal effects and live in ``compliance.preferences``.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from compliance.asking import balance_of, put_to_staff
from compliance.holds import Stop, stopped
from compliance.models import Channel, ContactWish
from compliance.preferences import allowed_channels, contact_stopped, keep_channel, only_channel, set_allowed
from compliance.profile import profile_of
from ledger.kinds import Act
from ledger.models import Debtor
from runtime.ids import DebtId, DebtorId

__all__ = [
    "Channel", "allowed_channels", "contact_stopped", "keep_channel", "may_remind", "may_send_at",
    "only_channel",
    "preferred_channel", "set_allowed",
]


def preferred_channel(session: Session, debtor_id: DebtorId) -> Channel | None:
    """The channel the debtor would rather be reached on, unless it was stopped since."""
    wish = session.get(ContactWish, debtor_id)
    if wish is None or wish.preferred_channel is None:
        return None
    channel = Channel(wish.preferred_channel)
    return channel if allowed_channels(session, debtor_id).get(channel, True) else None


def may_remind(session: Session, debtor_id: DebtorId, *, channel: Channel, now: datetime,
               debt_id: DebtId | None = None) -> Stop | str | None:
    """Why nothing may be sent unasked on ``channel`` now, about one debt or all of them; None: it may.

    A hold, the debt's age or a licence that we lack, of which staff are told; ``"stopped"`` by the debtor; ``"hours"``.
    Caps are the profile's too (``profile_of(debtor).caps``), counted by whoever knows what was sent.
    """
    if stop := stopped(session, debtor_id=debtor_id, debt_id=debt_id, act=Act.REMIND, now=now):
        lines = [line for line in balance_of(session, debtor_id, now=now).lines if debt_id in (None, line.debt_id)]
        put_to_staff(session, debtor_id=debtor_id, conversation_id=None, now=now, lines=lines)
        return stop
    if contact_stopped(session, debtor_id, None, channel):
        return "stopped"
    return None if may_send_at(session, debtor_id, now=now) else "hours"


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
