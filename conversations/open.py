"""Opening a conversation and finding it again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.models import Conversation
from conversations.texts import known_locale
from runtime.ids import ConversationId, new_conversation_id, token_hash


def open_conversation(session: Session, *, channel: str, now: datetime, address: str | None = None,
                      locale: str = "en-GB", language: str = "en") -> Conversation:
    """A new conversation. ``address`` is the channel's own (a chat id); it is stored encrypted and hashed."""
    conversation = Conversation(
        id=new_conversation_id(), channel=channel, address=address,
        address_hash=token_hash(f"{channel}:{address}") if address else None, locale=known_locale(locale),
        language=language, created_at=now, last_activity_at=now, owner_version=0, engine_session=1,
        engine_turns=0, next_event=1, misunderstandings=0,
    )
    session.add(conversation)
    session.flush()
    return conversation


def conversation_at(session: Session, *, channel: str, address: str) -> Conversation | None:
    """The conversation with this address on this channel, if there is one."""
    return session.scalar(
        select(Conversation).where(Conversation.address_hash == token_hash(f"{channel}:{address}"),
                                   Conversation.channel == channel)
    )


def ask(session: Session, *, conversation_id: ConversationId, name: str | None, data: dict[str, object]) -> None:
    """Set the question that is open, so that a bare "yes" or "50" has a meaning; ``None`` closes it."""
    conversation = session.get_one(Conversation, conversation_id)
    conversation.open_question = {"name": name, "data": data} if name else None
