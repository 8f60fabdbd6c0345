"""Personal links: opaque, stored hashed, expiring, revocable, for one debtor.

A link that staff make by command verifies; one that we send only identifies, and one factor is asked.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from compliance.models import Channel, PersonalLink
from compliance.profile import profile
from ledger.models import Debt, Debtor
from runtime.errors import StaffError
from runtime.ids import DebtorId, new_token, token_hash
from runtime.settings import settings


def make_link(session: Session, *, reference: str, verifies: bool, created_by: str, now: datetime,
              channel: Channel | None = None) -> str:
    """A new link's token for the debtor's or the account's ``reference``. Raises StaffError when there is none.

    ``channel`` is the one it will be sent on; links that are sent must not verify unless the profile says so.
    """
    wanted = "".join(reference.split()).upper()
    debtor = session.scalar(select(Debtor).where(Debtor.ref == wanted))
    debt = None if debtor else session.scalar(select(Debt).where(Debt.ref == wanted))
    if debtor is None and debt is None:
        raise StaffError(f"There is no debtor and no account with the reference {reference!r}")
    limits = profile(debtor.country if debtor else debt.debtor.country if debt else None).identity
    token = new_token()
    session.add(PersonalLink(
        token_hash=token_hash(token), debtor_id=debtor.id if debtor else debt.debtor_id if debt else None,
        debt_id=debt.id if debt else None, verifies=verifies, channel=channel, created_by=created_by, created_at=now,
        expires_at=now + timedelta(days=limits.staff_link_days if verifies else limits.sent_link_days),
    ))
    session.flush()
    return token


def link_url(token: str) -> str:
    """The link as a debtor opens it. The token is in the fragment, so that no server log and no referrer has it."""
    return f"{settings().site}/chat#{token}"


def live_link(session: Session, *, token: str, now: datetime) -> PersonalLink | None:
    """The link of ``token`` while it may be used; None otherwise, without a reason."""
    link = session.scalar(select(PersonalLink).where(PersonalLink.token_hash == token_hash(token)))
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        return None
    return link


def revoke(session: Session, *, now: datetime, token: str | None = None, link_id: int | None = None,
           debtor_id: DebtorId | None = None) -> int:
    """Revoke one link, by token or id, or every link of a debtor. Returns how many were still alive."""
    wanted = [PersonalLink.token_hash == token_hash(token)] if token else []
    wanted += [PersonalLink.id == link_id] if link_id is not None else []
    wanted += [PersonalLink.debtor_id == debtor_id] if debtor_id is not None else []
    if not wanted:
        return 0
    links = session.scalars(select(PersonalLink).where(or_(*wanted), PersonalLink.revoked_at.is_(None))).all()
    for link in links:
        link.revoked_at = now
    session.flush()
    return len(links)
