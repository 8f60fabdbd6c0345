"""Messages as the chat API shows them: read from the database, or handed over by whoever has just stored them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from compliance.standing import shown_from
from conversations.models import Author, Conversation, Message
from conversations.texts import render
from conversations.turns import has_open_turn
from runtime.database import Database
from runtime.ids import ConversationId

HISTORY = 200
"""Messages that are read at once; older ones stay with staff."""

SHOWN = (Message.id, Message.event_id, Message.author, Message.text, Message.buttons, Message.at, Message.card,
         Message.client_id, Message.author_name)
"""What of a message the chat API shows; nothing else is read, and decrypted, for it."""
_SPOKEN = (
    select(*SHOWN).join(Conversation, Conversation.id == Message.conversation_id)
    .where(Message.conversation_id == bindparam("conversation_id"), Message.at > bindparam("since"),
           Conversation.session_token_hash == bindparam("token"))
)
"""Messages of a conversation, for the token that speaks for it at this very moment, after ``since``."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_AFTER = _SPOKEN.where(Message.event_id > bindparam("after")).order_by(Message.event_id).limit(HISTORY)
_LATEST = _SPOKEN.order_by(Message.event_id.desc()).limit(HISTORY)
_SPEAKS = select(Conversation.id).where(Conversation.session_token_hash == bindparam("token"))


@dataclass(frozen=True)
class Fresh:
    """Messages of a conversation, in order and without a gap, and whether an answer is being made after them."""

    messages: Sequence[dict[str, Any]]
    busy: bool
    newest: int
    """Row id of the newest message; 0 without any."""
    token: str | None = None
    """Hash of the token that spoke for the conversation when this was stored: whoever holds another hears nothing."""
    alive: bool = True
    """Whether the token that asked speaks for the conversation; one that does not sees nothing."""

    @classmethod
    def of(cls, stored: Sequence[Message | Row[Any]], *, busy: bool, token: str | None = None) -> "Fresh":
        """What was stored, or read, of one conversation."""
        return cls([as_event(message) for message in stored], busy, stored[-1].id if stored else 0, token)

    @property
    def first(self) -> int | None:
        """The event id of the first message."""
        return self.messages[0]["id"] if self.messages else None


def read_after(database: Database, conversation_id: ConversationId, after: int, *, token: str, now: datetime) -> Fresh:
    """The messages after event ``after``, as the database has them, for the session of this token's hash."""
    with database.read() as session:
        since = shown_from(session, conversation_id, now=now) or _BEGINNING
        found = session.execute(_AFTER, {"conversation_id": conversation_id, "after": after, "token": token,
                                         "since": since}).all()
        alive = bool(found) or session.execute(_SPEAKS, {"token": token}).first() is not None
        return replace(Fresh.of(found, busy=has_open_turn(session, conversation_id)), alive=alive)


def read_latest(session: Session, conversation: Conversation, *, token: str, now: datetime) -> list[dict[str, Any]]:
    """The newest ``HISTORY`` messages, oldest first, for the session of this token's hash.

    Where earlier ones may not be shown to whoever asks, a line in their place says so.
    """
    since = shown_from(session, ConversationId(conversation.id), now=now)
    found = session.execute(_LATEST, {"conversation_id": conversation.id, "token": token,
                                      "since": since or _BEGINNING}).all()
    shown = [as_event(message) for message in reversed(found)]
    if since is None:
        return shown
    words = render("earlier_hidden", {}, conversation.language, conversation.locale)
    return [{"id": 0, "author": str(Author.SYSTEM), "text": words, "buttons": [], "at": since.isoformat()}, *shown]


def as_event(message: Message | Row[Any]) -> dict[str, Any]:
    """A message as the chat API shows it."""
    shown: dict[str, Any] = {"id": message.event_id, "author": str(message.author), "text": message.text,
                             "buttons": message.buttons, "at": message.at.isoformat()}
    for name in ("card", "client_id", "author_name"):
        if value := getattr(message, name):
            shown[name] = value
    return shown
