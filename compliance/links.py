"""Personal links: opaque, stored hashed, expiring, revocable, for one debtor.

A link that staff make by command verifies; one that we send only identifies, and one factor is asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from compliance.models import Channel, PersonalLink, Verification
from compliance.profile import profile
from ledger.models import Debt, Debtor
from runtime.errors import StaffError
from runtime.ids import DebtorId, new_token, token_hash
from runtime.settings import settings


@dataclass(frozen=True)
class KnownLink:
    """What is known of a link: everything but its token."""

    id: int
    verifies: bool
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    uses: int

    def alive(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return self.revoked_at is None and self.expires_at > now


def make_link(session: Session, *, reference: str, verifies: bool, created_by: str, now: datetime,
              channel: Channel | None = None) -> str:
    """A new link's token for the debtor's or the account's ``reference``. Raises StaffError when there is none.

    ``channel`` is the one it will be sent on; links that are sent must not verify unless the profile says so.
    """
    debtor, debt = _meant(session, reference)
    limits = profile(debtor.country if debtor else debt.debtor.country if debt else None).identity
    token = new_token()
    session.add(PersonalLink(
        token_hash=token_hash(token), debtor_id=debtor.id if debtor else debt.debtor_id if debt else None,
        debt_id=debt.id if debt else None, verifies=verifies, channel=channel, created_by=created_by, created_at=now,
        expires_at=now + timedelta(days=limits.staff_link_days if verifies else limits.sent_link_days),
    ))
    session.flush()
    return token


def _meant(session: Session, reference: str) -> tuple[Debtor | None, Debt | None]:
    wanted = "".join(reference.split()).upper()
    debtor = session.scalar(select(Debtor).where(Debtor.ref == wanted))
    debt = None if debtor else session.scalar(select(Debt).where(Debt.ref == wanted))
    if debtor is None and debt is None:
        raise StaffError(f"There is no debtor and no account with the reference {reference!r}")
    return debtor, debt


def links_of(session: Session, *, reference: str) -> list[KnownLink]:
    """The links of the debtor whom a reference means, oldest first. Raises StaffError when it means nobody."""
    debtor, debt = _meant(session, reference)
    debtor_id = debtor.id if debtor else debt.debtor_id if debt else None
    found = session.scalars(select(PersonalLink).where(PersonalLink.debtor_id == debtor_id).order_by(PersonalLink.id))
    return [KnownLink(one.id, one.verifies, one.created_by, one.created_at, one.expires_at, one.revoked_at, one.uses)
            for one in found]


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
        standing = session.scalars(select(Verification).where(Verification.link_id == link.id,
                                                              Verification.ended_at.is_(None)))
        for row in standing:  # whoever opened it is nobody any more
            row.ended_at, row.ended_reason = now, "link_revoked"
    session.flush()
    return len(links)
