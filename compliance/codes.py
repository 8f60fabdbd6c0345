"""One-time codes, sent to a contact point on file: hashed, short-lived, few tries."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.models import OneTimeCode
from compliance.profile import Identity, profile
from conversations.outbox import put
from ledger.models import Debtor
from runtime import vault
from runtime.ids import ConversationId, DebtorId
from runtime.settings import settings

DIGITS = 6


def _hash(conversation_id: ConversationId, code: str) -> str:
    return vault.keyed_hash("one-time code", f"{conversation_id}:{code}")


def codes_available() -> bool:
    """Whether this installation can send codes at all."""
    return settings().smtp_url is not None


def send_code(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
              now: datetime) -> bool:
    """Send a code to the debtor's e-mail on file. False when too many were asked for in this conversation.

    For an unknown debtor, or one without an address, nothing is sent, and the answer is the same. The code leaves
    through the outbox (kind ``code_email``) and is nowhere else in plain text.
    """
    if session.scalar(select(OneTimeCode.id).where(OneTimeCode.key == key)) is not None:
        return True
    debtor = session.get(Debtor, debtor_id) if debtor_id is not None else None
    limits = profile(debtor.country if debtor else None).identity
    lately = session.scalar(select(func.count()).select_from(OneTimeCode).where(
        OneTimeCode.conversation_id == conversation_id, OneTimeCode.sent_at > now - timedelta(hours=1)))
    if (lately or 0) >= limits.codes_per_hour:
        return False
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    known = debtor is not None and debtor.email is not None and codes_available()
    session.add(OneTimeCode(
        key=key, conversation_id=conversation_id, debtor_id=debtor.id if debtor and known else None,
        code_hash=_hash(conversation_id, code), sent_at=now, expires_at=now + timedelta(minutes=limits.code_minutes)))
    if debtor is not None and known:
        put(session, key=f"{key}:code", kind="code_email", now=now,
            payload={"to": debtor.email, "code": code, "minutes": limits.code_minutes,
                     "language": debtor.language or "en"})
    session.flush()
    return True


def code_matches(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId | None, codes: list[str],
                 limits: Identity, now: datetime) -> bool:
    """Whether one of ``codes`` is the latest code of the conversation, sent to this debtor. A try is counted."""
    row = session.scalar(
        select(OneTimeCode).where(OneTimeCode.conversation_id == conversation_id)
        .order_by(OneTimeCode.id.desc()).limit(1)
    )
    if row is None or not codes or row.used_at is not None or row.expires_at <= now or row.tries >= limits.code_tries:
        return False
    row.tries += 1
    right = hmac.compare_digest(row.code_hash or "", _hash(conversation_id, codes[-1]))
    if right and debtor_id is not None and row.debtor_id == debtor_id:
        row.used_at = now
        session.flush()
        return True
    session.flush()
    return False
