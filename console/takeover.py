"""Taking a conversation, replying in it, handing it back: the rules; who owns it is ``conversations.ownership``."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.placing import heard_by_staff
from console.activity import note
from console.models import Role, StaffAccount, What
from conversations import ownership
from conversations.models import Conversation, Message, Owner
from conversations.say import lock, pass_on
from conversations.turns import leave_to_staff
from runtime.cards import mask_cards
from runtime.errors import StaffError
from runtime.ids import ConversationId

MAX_REPLY = 4000
"""Characters; Telegram's own limit is 4096."""


def take_over(session: Session, *, staff: StaffAccount, conversation_id: ConversationId, seen_version: int,
              now: datetime) -> None:
    """Take a conversation as it was seen. What the bot had not begun to answer is now for staff to answer.

    Raises StaffError when it changed meanwhile, or when a colleague holds it and this is no manager.
    """
    conversation = lock(session, conversation_id)
    if conversation.owner == Owner.STAFF and conversation.staff_id != staff.id:
        holder = name_of(session, conversation.staff_id)
        if conversation.owner_version != seen_version:
            raise StaffError(f"{holder} was quicker and has this conversation now.")
        if staff.role is not Role.MANAGER:
            raise StaffError(f"{holder} has this conversation. Ask them to hand it back, or a manager to take it.")
    if conversation.owner == Owner.STAFF and conversation.staff_id == staff.id:
        return
    ownership.take(session, conversation_id=conversation_id, staff_id=staff.id, seen_version=seen_version)
    for turn in leave_to_staff(session, conversation_id=conversation_id, now=now):
        heard_by_staff(session, turn, now=now)
    note(session, staff_id=staff.id, what=What.TOOK, now=now, conversation_id=conversation_id)


def reply(session: Session, *, staff: StaffAccount, conversation_id: ConversationId, words: str, once: str,
          now: datetime) -> Message:
    """Say ``words`` to the debtor. The same ``once`` again is the same reply, not a second one.

    Raises StaffError when there is nothing to say, too much, or the conversation is not this person's.
    """
    words = "".join(c for c in words.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    words = mask_cards(words.strip())
    if not words:
        raise StaffError("Nothing was sent: the reply is empty.")
    if len(words) > MAX_REPLY:
        raise StaffError(f"Nothing was sent: the reply has {len(words):,} characters, {MAX_REPLY:,} at most.")
    conversation = lock(session, conversation_id)
    _held_by(session, conversation, staff, "Nothing was sent: ")
    key = f"{staff.id}:{once}"[:64] if once else None
    if key and (sent := session.scalar(select(Message).where(Message.conversation_id == conversation_id,
                                                             Message.client_id == key))):
        return sent
    message = pass_on(session, conversation_id=conversation_id, words=words, staff_name=staff.name, now=now)
    message.client_id = key
    note(session, staff_id=staff.id, what=What.REPLIED, now=now, conversation_id=conversation_id,
         message_id=message.id)
    return message


def hand_back(session: Session, *, staff: StaffAccount, conversation_id: ConversationId, seen_version: int,
              now: datetime) -> None:
    """Let the bot answer again. Raises StaffError when it changed meanwhile or is a colleague's (managers may)."""
    conversation = lock(session, conversation_id)
    if conversation.owner == Owner.BOT:
        return
    if staff.role is not Role.MANAGER:
        _held_by(session, conversation, staff, "")
    ownership.hand_back(session, conversation_id=conversation_id, seen_version=seen_version)
    note(session, staff_id=staff.id, what=What.HANDED_BACK, now=now, conversation_id=conversation_id)


def name_of(session: Session, staff_id: int | None) -> str:
    """The name of a member of staff, for colleagues."""
    account = session.get(StaffAccount, staff_id) if staff_id is not None else None
    return account.name if account else "A colleague"


def _held_by(session: Session, conversation: Conversation, staff: StaffAccount, start: str) -> None:
    if conversation.owner == Owner.BOT:
        raise StaffError(f"{start}{'the' if start else 'The'} bot has this conversation. Take it over first.")
    if conversation.staff_id != staff.id:
        raise StaffError(f"{start}{name_of(session, conversation.staff_id)} has this conversation.")
