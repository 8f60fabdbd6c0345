"""Tables of the compliance room: who was verified, what was tried, links and codes, and what people asked of us."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from runtime.database import Base, EncryptedJSON, EncryptedText, PlainJSON, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Channel(StrEnum):
    """A way to reach a debtor."""

    WEB = "web"
    TELEGRAM = "telegram"
    TERMINAL = "terminal"
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    LETTER = "letter"


class Level(StrEnum):
    """How sure it is who is talking. Only ``VERIFIED`` may hear of a debt."""

    IDENTIFIED = "identified"
    VERIFIED = "verified"


class Verification(Base):
    """Who is talking in a conversation, how that was shown, and when it ended. The truth about identity."""

    __tablename__ = "verification"
    __table_args__ = (Index("ix_verification_standing", "conversation_id", "ended_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    level: Mapped[Level] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(24))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("personal_link.id"))
    verified_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_reason: Mapped[str | None] = mapped_column(String(40))


class IdentityAttempt(Base):
    """One complete set of factors that was compared, and whether it matched. Locks are counted from these.

    ``account_hash`` is a keyed hash of the reference as it was given, known or not, or of the link that was opened.
    """

    __tablename__ = "identity_attempt"
    __table_args__ = (Index("ix_identity_attempt_conversation", "conversation_id", "at"),
                      Index("ix_identity_attempt_address", "address_hash", "at"),
                      Index("ix_identity_attempt_account", "account_hash", "at"),
                      Index("ix_identity_attempt_channel", "channel", "at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    address_hash: Mapped[str | None] = mapped_column(String(64))
    account_hash: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str | None] = mapped_column(String(16))
    matched: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class OfferedFactors(Base):
    """Factors given so far in a conversation, kept for minutes until there are enough to compare."""

    __tablename__ = "offered_factors"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    factors: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PersonalLink(Base):
    """A link to one debtor's conversation. ``verifies`` only when staff made it; one that we send identifies."""

    __tablename__ = "personal_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    debt_id: Mapped[DebtId | None] = mapped_column(ForeignKey("debt.id"))
    verifies: Mapped[bool]
    channel: Mapped[Channel | None] = mapped_column(String(12))
    """The channel it was sent on, so that "wrong person" can be tied to the right contact point."""
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was opened in a conversation."""


class SessionKey(Base):
    """What a web session needs to outlive a verification: the client's public key, and the token that died.

    ``public_key`` is an EC JWK (kty, crv, x, y) or null for a client that made none; ``retired_hash`` the hash of the
    token that spoke for the conversation until somebody was verified in it.
    """

    __tablename__ = "session_key"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    public_key: Mapped[dict[str, str] | None] = mapped_column(PlainJSON)
    retired_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    nonce_hash: Mapped[str | None] = mapped_column(String(64))
    nonce_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class HostAssertion(Base):
    """A host site's signed word that was used, remembered until it has expired: a second use is a replay."""

    __tablename__ = "host_assertion"
    id: Mapped[int] = mapped_column(primary_key=True)
    jti_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Keyed hash of the site's name and the assertion's ``jti``."""
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class OneTimeCode(Base):
    """A code sent to a contact point on file. Stored hashed; few tries; soon over."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index("ix_one_time_code_conversation", "conversation_id", "sent_at"),
                      Index("ix_one_time_code_debtor", "debtor_id", "sent_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    debtor_id: Mapped[DebtorId | None] = mapped_column(ForeignKey("debtor.id"))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ContactPreference(Base):
    """Whether a debtor may be contacted on a channel without having asked, why, and since when."""

    __tablename__ = "contact_preference"
    __table_args__ = (UniqueConstraint("debtor_id", "channel"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    channel: Mapped[Channel] = mapped_column(String(12))
    allowed: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(UTCDateTime)


class ContactWish(Base):
    """What a debtor asked about the how and when: one channel before others, hours, anything else in words."""

    __tablename__ = "contact_wish"
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), primary_key=True)
    preferred_channel: Mapped[Channel | None] = mapped_column(String(12))
    not_before: Mapped[time | None]
    not_after: Mapped[time | None]
    words: Mapped[str | None] = mapped_column(EncryptedText)
    since: Mapped[datetime] = mapped_column(UTCDateTime)


class ContactChange(Base):
    """A new address, number or name that was asked for. Staff apply it after a second factor, never the bot alone."""

    __tablename__ = "contact_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    wanted: Mapped[str] = mapped_column(EncryptedText)
    state: Mapped[str] = mapped_column(String(12), default="pending")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
