"""One-time codes, sent to a contact point on file: hashed, short-lived, few tries."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.identity_rules import identity_rules
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


def _ways() -> list[str]:
    """The ways to send a code that are set up here, in the order of the rules."""
    there = {"email": settings().smtp_url is not None, "sms": settings().sms_url is not None}
    return [way for way in identity_rules().codes.by if there[way]]


def codes_available() -> bool:
    """Whether this installation can send codes at all."""
    return bool(_ways())


def _address(debtor: Debtor | None) -> tuple[str, str] | None:
    """The way and the address of a debtor's code; None where there is none."""
    found = {"email": debtor.email, "sms": debtor.phone} if debtor is not None else {}
    return next(((way, str(found[way])) for way in _ways() if found.get(way)), None)


def send_code(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
              now: datetime) -> bool:
    """Send a code to the debtor's e-mail or telephone on file. False when too many were asked for in this conversation.

    For an unknown debtor, one without an address, or one who had enough codes today from other conversations, nothing
    is sent, and the answer is the same. The code leaves through the outbox (kinds ``code_email``, ``code_sms``) and is
    nowhere else in plain text.
    """
    if session.scalar(select(OneTimeCode.id).where(OneTimeCode.key == key)) is not None:
        return True
    debtor = session.get(Debtor, debtor_id) if debtor_id is not None else None
    limits = profile(debtor.country if debtor else None).identity
    lately = _sent(session, now - timedelta(hours=1), OneTimeCode.conversation_id == conversation_id)
    if lately >= limits.codes_per_hour:
        return False
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    today = _sent(session, now - timedelta(days=1), OneTimeCode.debtor_id == debtor_id)
    to = _address(debtor) if today < identity_rules().codes.per_debtor_per_day else None
    session.add(OneTimeCode(
        key=key, conversation_id=conversation_id, debtor_id=debtor.id if debtor and to else None,
        code_hash=_hash(conversation_id, code), sent_at=now, expires_at=now + timedelta(minutes=limits.code_minutes)))
    if debtor is not None and to is not None:
        put(session, key=f"{key}:code", kind=f"code_{to[0]}", now=now,
            payload={"to": to[1], "code": code, "minutes": limits.code_minutes, "language": debtor.language or "en"})
    session.flush()
    return True


def _sent(session: Session, since: datetime, whose: Any) -> int:
    return session.scalar(select(func.count()).select_from(OneTimeCode).where(whose, OneTimeCode.sent_at > since)) or 0


def right_code(session: Session, *, conversation_id: ConversationId, codes: list[str], limits: Identity,
               now: datetime) -> OneTimeCode | None:
    """The latest code of the conversation, when the last of ``codes`` is it and it was sent to somebody.

    A try is counted, and a code that was right is used up. One statement to read, whoever it was sent to.
    """
    row = session.scalar(
        select(OneTimeCode).where(OneTimeCode.conversation_id == conversation_id)
        .order_by(OneTimeCode.id.desc()).limit(1)
    )
    given = _hash(conversation_id, codes[-1] if codes else "")
    right = hmac.compare_digest((row.code_hash if row is not None else None) or "", given)
    if row is None or not codes or row.used_at is not None or row.expires_at <= now or row.tries >= limits.code_tries:
        return None
    row.tries += 1
    right = right and row.debtor_id is not None
    if right:
        row.used_at = now
    session.flush()
    return row if right else None
