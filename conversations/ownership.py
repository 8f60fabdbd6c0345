"""Who is talking to the debtor: the bot, or a member of staff. Changed by compare-and-set only."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from conversations.models import Conversation, Owner
from conversations.turns import next_engine_session
from runtime.errors import StaffError
from runtime.ids import ConversationId, StaffId


def take(session: Session, *, conversation_id: ConversationId, staff_id: StaffId, seen_version: int) -> int:
    """Staff take the conversation they saw at ``seen_version``. Returns the new version.

    Raises StaffError when somebody else was quicker. A bot reply still being made is discarded, because it was
    begun under the old version.
    """
    return _set(session, conversation_id, Owner.STAFF, staff_id, seen_version)


def hand_back(session: Session, *, conversation_id: ConversationId, seen_version: int) -> int:
    """The bot answers again from the next turn on. Returns the new version; raises StaffError as above."""
    return _set(session, conversation_id, Owner.BOT, None, seen_version)


def _set(session: Session, conversation_id: ConversationId, owner: Owner, staff_id: int | None, seen: int) -> int:
    changed = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.owner_version == seen)
        .values(owner=owner, staff_id=staff_id, owner_version=Conversation.owner_version + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        raise StaffError("Someone else has taken or handed back this conversation meanwhile. Reload to see who.")
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    next_engine_session(conversation)
    return seen + 1
