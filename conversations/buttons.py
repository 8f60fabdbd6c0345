"""Buttons: opaque, bound to their conversation, consumed once."""

from datetime import datetime

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from conversations.models import Button, Message
from runtime.ids import ConversationId, TurnId


def button_of(session: Session, *, conversation_id: ConversationId, button_id: str) -> Button | None:
    """The button, if it was ever shown in this conversation."""
    button = session.get(Button, button_id) if button_id.isprintable() else None  # PostgreSQL refuses a NUL
    return button if button and button.conversation_id == conversation_id else None


def button_titled(session: Session, *, conversation_id: ConversationId, words: str) -> Button | None:
    """The button of the last message with buttons whose title the debtor typed; never a binding one."""
    wanted = words.strip().rstrip(".!").casefold()
    shown = session.execute(_SHOWN_LAST, {"conversation_id": conversation_id})
    found = next((id for id, title in shown if title.casefold() == wanted), None)
    return session.get(Button, found) if found else None


_LAST_WITH_BUTTONS = (
    select(Message.id)
    .where(Message.conversation_id == bindparam("conversation_id"), exists().where(Button.message_id == Message.id))
    .order_by(Message.event_id.desc()).limit(1).scalar_subquery()
)
_SHOWN_LAST = select(Button.id, Button.title).where(
    Button.message_id == _LAST_WITH_BUTTONS, Button.binding.is_(False), Button.consumed_by.is_(None))


def usable(button: Button, *, now: datetime) -> bool:
    """Whether pressing it still means what it said."""
    return button.consumed_by is None and button.expires_at > now


def consume(session: Session, *, button: Button, turn_id: TurnId) -> bool:
    """Consume the button for this turn. False when another turn did already; the same turn may again."""
    changed = session.execute(
        update(Button).where(Button.id == button.id, Button.consumed_by.is_(None) | (Button.consumed_by == turn_id))
        .values(consumed_by=turn_id).execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has a row count
