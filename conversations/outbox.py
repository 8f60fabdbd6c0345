"""The outbox: what must leave the house, written together with what caused it, sent by the worker."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.models import OutboxItem
from runtime.ids import ConversationId


def put(session: Session, *, key: str, kind: str, payload: dict[str, Any], now: datetime,
        conversation_id: ConversationId | None = None) -> OutboxItem:
    """Put one item into the outbox, due now. The same ``key`` is put once."""
    if found := session.scalar(select(OutboxItem).where(OutboxItem.key == key)):
        return found
    item = OutboxItem(key=key, kind=kind, payload=payload, conversation_id=conversation_id, next_attempt_at=now,
                      created_at=now)
    session.add(item)
    session.flush()
    return item
