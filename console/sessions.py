"""Signed-in browsers: opened, found, kept awake by real activity, ended."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from console.models import StaffAccount, StaffSession
from conversations import duty
from runtime.ids import StaffId, new_token, token_hash

MAX_AGE = timedelta(hours=12)
MAX_IDLE = timedelta(minutes=30)
TOUCH_EVERY = timedelta(seconds=30)
"""How often activity is written down; less would be a write for every click."""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, and the token every form of theirs must carry."""

    staff: StaffAccount
    session: StaffSession
    csrf: str


def csrf_of(token: str) -> str:
    """The form token that belongs to a session token; it tells nothing of it."""
    return hmac.new(token.encode(), b"forms of the console", hashlib.sha256).hexdigest()


def open_session(session: Session, *, staff_id: StaffId, now: datetime) -> str:
    """Sign a browser in. Returns the token for its cookie, which is not stored. Clears sessions long over."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at < now - timedelta(days=7)))
    token = new_token()
    session.add(StaffSession(token_hash=token_hash(token), staff_id=staff_id, opened_at=now, active_at=now,
                             expires_at=now + MAX_AGE))
    duty.seen(session, staff_id, now)
    return token


def signed_in(session: Session, *, token: str, now: datetime) -> SignedIn | None:
    """Who the token speaks for; None when it is unknown, revoked, too old, idle, or the account is closed."""
    found = session.execute(
        select(StaffSession, StaffAccount).join(StaffAccount, StaffAccount.id == StaffSession.staff_id)
        .where(StaffSession.token_hash == token_hash(token), StaffSession.revoked_at.is_(None), StaffAccount.active)
    ).one_or_none()
    if found is None:
        return None
    kept, staff = found
    if kept.expires_at <= now or kept.active_at + MAX_IDLE <= now:
        return None
    return SignedIn(staff, kept, csrf_of(token))


def touch(session: Session, *, token: str, now: datetime) -> None:
    """Note that a person is at the browser: the session stays open and they are on duty."""
    kept = session.get(StaffSession, token_hash(token))
    if kept is not None and kept.revoked_at is None:
        kept.active_at = max(kept.active_at, now)
        duty.seen(session, kept.staff_id, now)


def revoke(session: Session, *, token: str, now: datetime) -> None:
    """Sign this browser out. The member of staff is off duty unless another browser of theirs is in use."""
    kept = session.get(StaffSession, token_hash(token))
    if kept is None or kept.revoked_at is not None:
        return
    kept.revoked_at = now
    session.flush()
    elsewhere = session.scalar(
        select(StaffSession.staff_id).where(
            StaffSession.staff_id == kept.staff_id, StaffSession.revoked_at.is_(None), StaffSession.expires_at > now,
            StaffSession.active_at > now - duty.PRESENT_FOR).limit(1)
    )
    if elsewhere is None:
        duty.left(session, kept.staff_id)


def revoke_all(session: Session, *, staff_id: StaffId, now: datetime) -> None:
    """Sign a member of staff out everywhere."""
    session.execute(update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
                    .values(revoked_at=now))
    duty.left(session, staff_id)
