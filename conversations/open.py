"""Opening a conversation and finding it again."""

from datetime import datetime

from sqlalchemy import Connection, Text, select, type_coerce, update
from sqlalchemy.orm import Session

from conversations.models import Conversation
from conversations.texts import known_locale
from runtime.ids import ConversationId, new_conversation_id
from runtime.vault import decrypt, is_encrypted, keyed_hash


def address_hash(channel: str, address: str) -> str:
    """What a conversation is found by: keyed, for a chat's number could be tried out."""
    return keyed_hash("conversation address", f"{channel}:{address}")


def open_conversation(session: Session, *, channel: str, now: datetime, address: str | None = None,
                      locale: str = "en-GB", language: str = "en") -> Conversation:
    """A new conversation. ``address`` is the channel's own (a chat id); it is stored encrypted and hashed."""
    conversation = Conversation(
        id=new_conversation_id(), channel=channel, address=address,
        address_hash=address_hash(channel, address) if address else None, locale=known_locale(locale),
        language=language, created_at=now, last_activity_at=now, owner_version=0, engine_session=1,
        engine_turns=0, next_event=1, misunderstandings=0,
    )
    session.add(conversation)
    session.flush()
    return conversation


def conversation_at(session: Session, *, channel: str, address: str) -> Conversation | None:
    """The conversation with this address on this channel, if there is one."""
    return session.scalar(
        select(Conversation).where(Conversation.address_hash == address_hash(channel, address),
                                   Conversation.channel == channel)
    )


def ask(session: Session, *, conversation_id: ConversationId, name: str | None, data: dict[str, object]) -> None:
    """Set the question that is open, so that a bare "yes" or "50" has a meaning; ``None`` closes it."""
    conversation = session.get_one(Conversation, conversation_id)
    conversation.open_question = {"name": name, "data": data} if name else None


def hash_addresses_anew(connection: Connection, *, at_once: int = 5_000) -> int:
    """Make every conversation's hash from its address, for the migration that keyed it. How many were changed."""
    table, after, changed = Conversation.metadata.tables["conversation"], "", 0
    raw = type_coerce(table.c.address, Text)
    while rows := connection.execute(
        select(table.c.id, table.c.channel, raw.label("address"), table.c.address_hash)
        .where(table.c.id > after, table.c.address.is_not(None)).order_by(table.c.id).limit(at_once)
    ).all():
        after = rows[-1].id
        for row in rows:
            if is_encrypted(row.address) and row.address_hash != (
                    made := address_hash(row.channel, decrypt(row.address))):
                connection.execute(update(table).where(table.c.id == row.id).values(address_hash=made))
                changed += 1
    return changed
