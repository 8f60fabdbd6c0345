"""Messages as the chat API shows them: read from the database, or handed over by whoever has just stored them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select

from conversations.models import Message
from conversations.turns import has_open_turn
from runtime.database import Database
from runtime.ids import ConversationId

HISTORY = 200
"""Messages that are read at once; older ones stay with staff."""

SHOWN = (Message.id, Message.event_id, Message.author, Message.text, Message.buttons, Message.at, Message.card,
         Message.client_id, Message.author_name)
"""What of a message the chat API shows; nothing else is read, and decrypted, for it."""
_AFTER = (
    select(*SHOWN)
    .where(Message.conversation_id == bindparam("conversation_id"), Message.event_id > bindparam("after"))
    .order_by(Message.event_id).limit(HISTORY)
)


@dataclass(frozen=True)
class Fresh:
    """Messages of a conversation, in order and without a gap, and whether an answer is being made after them."""

    messages: Sequence[dict[str, Any]]
    busy: bool
    newest: int
    """Row id of the newest message; 0 without any."""

    @classmethod
    def of(cls, stored: Sequence[Message | Row[Any]], *, busy: bool) -> "Fresh":
        """What was stored, or read, of one conversation."""
        return cls([as_event(message) for message in stored], busy, stored[-1].id if stored else 0)

    @property
    def first(self) -> int | None:
        """The event id of the first message."""
        return self.messages[0]["id"] if self.messages else None


def read_after(database: Database, conversation_id: ConversationId, after: int) -> Fresh:
    """The messages after event ``after``, as the database has them."""
    with database.read() as session:
        found = session.execute(_AFTER, {"conversation_id": conversation_id, "after": after}).all()
        return Fresh.of(found, busy=has_open_turn(session, conversation_id))


def as_event(message: Message | Row[Any]) -> dict[str, Any]:
    """A message as the chat API shows it."""
    shown: dict[str, Any] = {"id": message.event_id, "author": str(message.author), "text": message.text,
                             "buttons": message.buttons, "at": message.at.isoformat()}
    for name in ("card", "client_id", "author_name"):
        if value := getattr(message, name):
            shown[name] = value
    return shown
