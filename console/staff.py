"""Staff accounts: adding, finding, checking a password, closing."""

import re
import threading
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.models import Role, StaffAccount
from console.sessions import revoke_all
from runtime.errors import StaffError

MIN_PASSWORD = 12
"""Characters; length is what counts (NIST SP 800-63B, 5.1.1.2)."""
MAX_PASSWORD = 200

_hasher = PasswordHasher()
_at_once = threading.Semaphore(2)  # each check takes 64 MiB for a moment


def clean_email(email: str) -> str:
    """An address as it is stored. Raises StaffError when it cannot be one."""
    cleaned = email.strip().lower()
    if len(cleaned) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", cleaned):
        raise StaffError(f"{email.strip()!r} is not an e-mail address.")
    return cleaned


def hash_password(password: str) -> str:
    """The argon2id hash of a password. Raises StaffError when it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise StaffError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    with _at_once:
        return _hasher.hash(password)


def account_of(session: Session, email: str) -> StaffAccount | None:
    """The account with this address, closed ones included."""
    return session.scalar(select(StaffAccount).where(StaffAccount.email == email.strip().lower()))


def add_staff(session: Session, *, name: str, email: str, password: str, role: Role, now: datetime) -> StaffAccount:
    """Add an account. Raises StaffError when the address is taken or something is wrong with the values."""
    email, name = clean_email(email), " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise StaffError("A name has 1 to 80 characters. Debtors see it beside every reply.")
    if account_of(session, email):
        raise StaffError(f"There is an account for {email} already.")
    account = StaffAccount(email=email, name=name, role=role, password_hash=hash_password(password), active=True,
                           created_at=now)
    session.add(account)
    session.flush()
    return account


def set_password(session: Session, *, account: StaffAccount, password: str, now: datetime) -> None:
    """Give an account a new password; every open session of it ends. Raises StaffError as above."""
    account.password_hash = hash_password(password)
    revoke_all(session, staff_id=account.id, now=now)


def close_account(session: Session, *, account: StaffAccount, now: datetime) -> None:
    """Close an account; every open session of it ends. What its owner did stays in the log."""
    account.active = False
    revoke_all(session, staff_id=account.id, now=now)


@cache
def _nobody() -> str:
    """What an unknown address is checked against."""
    return _hasher.hash("nobody's password")


def password_fits(account: StaffAccount | None, password: str) -> bool:
    """Whether this is the account's password. Takes as long for no account at all."""
    with _at_once:
        nobody = _nobody()  # for an account too: the first sign-in of a process takes longer whoever it is
        try:
            fits = _hasher.verify(account.password_hash if account else nobody, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
    return fits and account is not None and account.active
