"""Identifiers and tokens: typed, unguessable where it matters, stored hashed where they open something."""

import hashlib
import secrets
from typing import NewType

CreditorId = NewType("CreditorId", int)
DebtorId = NewType("DebtorId", int)
DebtId = NewType("DebtId", int)
ConversationId = NewType("ConversationId", str)
TurnId = NewType("TurnId", int)
StaffId = NewType("StaffId", int)


def new_conversation_id() -> ConversationId:
    """A random conversation id, 22 characters of ``[A-Za-z0-9_-]``."""
    return ConversationId(secrets.token_urlsafe(16))


def new_token() -> str:
    """An opaque token of 43 characters of ``[A-Za-z0-9_-]`` (256 random bits)."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
