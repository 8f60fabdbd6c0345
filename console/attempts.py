"""How many wrong passwords are too many. Kept in the database, so several gateways count together."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from console.models import SignInAttempt
from runtime.vault import keyed_hash

WINDOW = timedelta(minutes=15)
FOR_ONE_ACCOUNT = 5
"""Failures from one address on one account, after which that pair waits."""
FROM_ONE_ADDRESS = 20
ON_ONE_ACCOUNT = 50
"""Failures on one account from anywhere: high, so that a stranger cannot easily lock staff out."""


def too_many(session: Session, *, email: str, address: str, now: datetime) -> bool:
    """Whether to refuse an attempt without looking at the password. Counts unknown accounts alike."""
    recent = select(func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - WINDOW)
    by_email = SignInAttempt.email_hash == _email(email)
    by_address = SignInAttempt.address_hash == _address(address)
    counts = ((recent.where(by_email, by_address), FOR_ONE_ACCOUNT), (recent.where(by_address), FROM_ONE_ADDRESS),
              (recent.where(by_email), ON_ONE_ACCOUNT))
    return any((session.scalar(query) or 0) >= most for query, most in counts)


def failed(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Count a failure; forget those of yesterday."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - timedelta(days=1)))
    session.add(SignInAttempt(email_hash=_email(email), address_hash=_address(address), at=now))


def succeeded(session: Session, *, email: str, address: str) -> None:
    """Forget the failures of this account from this address."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.email_hash == _email(email),
                                                SignInAttempt.address_hash == _address(address)))


def _email(email: str) -> str:
    return keyed_hash("sign-in email", email)


def _address(address: str) -> str:
    return keyed_hash("sign-in address", address)
