"""Tables of the conversations room."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from runtime.database import Base, EncryptedJSON, EncryptedText, PlainJSON, UTCDateTime


class Owner(StrEnum):
    """Who answers the debtor: the bot, or a member of staff who has taken the conversation."""

    BOT = "bot"
    STAFF = "staff"


class Author(StrEnum):
    """Who wrote a message."""

    DEBTOR = "debtor"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class TurnState(StrEnum):
    """Where a turn stands. ``RECEIVED`` and ``HANDLING`` are open; the others are final."""

    RECEIVED = "received"
    HANDLING = "handling"
    DONE = "done"
    DISCARDED = "discarded"
    FAILED = "failed"


class Conversation(Base):
    """One debtor on one channel. The id never changes; the engine's sessions come and go beneath it."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    address_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    session_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    session_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    locale: Mapped[str] = mapped_column(String(12), default="en-GB")
    language: Mapped[str] = mapped_column(String(8), default="en")
    owner: Mapped[Owner] = mapped_column(String(8), default=Owner.BOT)
    staff_id: Mapped[int | None]
    owner_version: Mapped[int] = mapped_column(default=0)
    engine_session: Mapped[int] = mapped_column(default=1)
    engine_turns: Mapped[int] = mapped_column(default=0)
    next_event: Mapped[int] = mapped_column(default=1)
    misunderstandings: Mapped[int] = mapped_column(default=0)
    open_question: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    contact_stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    safeguarded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disclosed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_activity_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Turn(Base):
    """One thing a debtor did: a text sent or a button pressed, and what came of it.

    ``provider_id`` is the channel's own id (``web:<conversation>:<uuid>``, ``telegram:<update_id>``); it makes
    a second delivery end at once. What goes to the engine is ``masked``, never ``raw``.
    """

    __tablename__ = "turn"
    __table_args__ = (Index("ix_turn_open", "state", "conversation_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    provider_id: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[TurnState] = mapped_column(String(12), default=TurnState.RECEIVED)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    raw: Mapped[str] = mapped_column(EncryptedText)
    masked: Mapped[str] = mapped_column(EncryptedText)
    language: Mapped[str] = mapped_column(String(8), default="en")
    terms: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    factors: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    button_id: Mapped[str | None] = mapped_column(String(32))
    choice: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    forced_intent: Mapped[str | None] = mapped_column(String(40))
    owner_version: Mapped[int] = mapped_column(default=0)
    engine_session: Mapped[int] = mapped_column(default=1)
    intent: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float | None]
    ranking: Mapped[list[dict[str, Any]] | None] = mapped_column(PlainJSON)
    actions: Mapped[list[str] | None] = mapped_column(PlainJSON)
    answers: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    """What each action answered, kept in the transaction of its effects: asked again, it answers the same."""
    error: Mapped[str | None] = mapped_column(String(400))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Message(Base):
    """Everything a debtor saw or wrote, in order. ``event_id`` counts up within the conversation."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("conversation_id", "event_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    event_id: Mapped[int]
    author: Mapped[Author] = mapped_column(String(8))
    author_name: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(EncryptedText)
    say: Mapped[str | None] = mapped_column(String(60))
    values: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(PlainJSON, default=list)
    card: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    client_id: Mapped[str | None] = mapped_column(String(64))
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"), index=True)
    turn: Mapped[Turn | None] = relationship()
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Button(Base):
    """One button of one message: what it means, until when, and the turn that consumed it."""

    __tablename__ = "button"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    intent: Mapped[str] = mapped_column(String(40))
    choice: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJSON)
    binding: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    consumed_by: Mapped[int | None] = mapped_column(ForeignKey("turn.id"))


class OutboxItem(Base):
    """Something to be sent outside, written in the transaction that caused it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "next_attempt_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    state: Mapped[str] = mapped_column(String(8), default="due")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Ticket(Base):
    """Something a person must look at. ``number`` is what the debtor is told."""

    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    debtor_id: Mapped[int | None] = mapped_column(ForeignKey("debtor.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    urgent: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(EncryptedText)
    state: Mapped[str] = mapped_column(String(8), default="open")
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None]

    @property
    def number(self) -> str:
        """The number a debtor quotes, such as ``D-2041``."""
        return f"D-{2000 + self.id}"
