"""Taking in a turn, from whatever channel: stored in one transaction, then handed to the handler."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.hearing import hear
from compliance.placing import heard_by_staff
from compliance.standing import touch
from conversations.buttons import button_of, button_titled, consume, usable
from conversations.models import Conversation, Message, Owner, Turn, TurnState
from conversations.say import lock
from conversations.turns import Heard, receive, turn_of
from runtime.errors import DebtorError
from runtime.ids import ConversationId, DebtorId, TurnId

ZONES = {"GB": "Europe/London", "US": "America/New_York"}


@dataclass(frozen=True)
class Received:
    """A turn that was taken in; without a message it had been before."""

    conversation: Conversation
    turn: Turn
    message: Message | None = None
    debtor_id: DebtorId | None = None
    """Who is verified, where the turn is the caller's."""

    @property
    def claimed(self) -> bool:
        """Whether the turn is the caller's to answer."""
        return self.message is not None and self.turn.state == TurnState.HANDLING


def receive_text(session: Session, *, conversation_id: ConversationId, provider_id: str, text: str, now: datetime,
                 client_id: str | None = None, claiming: bool = False) -> Received:
    """Store what the debtor typed. The same ``provider_id`` again returns the same turn.

    Typing the title of a button that does not bind means pressing it. ``claiming``: see ``receive``.
    Raises DebtorError when the text is too long.
    """
    conversation = lock(session, conversation_id)
    if found := turn_of(session, provider_id):
        return Received(conversation, found)
    zone = ZoneInfo(ZONES.get(conversation.locale[-2:].upper(), "UTC"))
    heard = hear(text, conversation, today=now.astimezone(zone).date())
    if heard.forced_intent is None and (
        button := button_titled(session, conversation_id=conversation_id, words=heard.raw)
    ):
        heard = Heard(raw=heard.raw, shown=heard.shown, masked=heard.masked, terms=heard.terms, factors=heard.factors,
                      forced_intent=button.intent, button_id=button.id, choice=button.choice)
    return _store(session, conversation, provider_id, heard, now, client_id, claiming)


def receive_press(session: Session, *, conversation_id: ConversationId, provider_id: str, button_id: str,
                  now: datetime, client_id: str | None = None, claiming: bool = False) -> Received:
    """Store that a button was pressed. A stale one becomes a turn that explains and shows the question again.

    Raises DebtorError when this conversation never had such a button.
    """
    conversation = lock(session, conversation_id)  # of two presses at once, the second sees the button consumed
    if found := turn_of(session, provider_id):
        return Received(conversation, found)
    button = button_of(session, conversation_id=conversation_id, button_id=button_id)
    if button is None:
        raise DebtorError("unknown_button")
    fresh = usable(button, now=now) or (not button.binding and button.expires_at > now)
    heard = Heard(raw=button.title, shown=button.title, masked=button.title, terms={}, factors={},
                  forced_intent=button.intent if fresh else "stale_button", button_id=button.id,
                  choice=button.choice if fresh else None)
    received = _store(session, conversation, provider_id, heard, now, client_id, claiming)
    if fresh and button.binding:
        consume(session, button=button, turn_id=TurnId(received.turn.id))
    return received


def _store(session: Session, conversation: Conversation, provider_id: str, heard: Heard, now: datetime,
           client_id: str | None, claiming: bool) -> Received:
    conversation_id = ConversationId(conversation.id)
    standing = touch(session, conversation_id=conversation_id, now=now) if claiming else None
    turn, message = receive(session, conversation_id=conversation_id, provider_id=provider_id, heard=heard, now=now,
                            client_id=client_id, is_new=True, claiming=claiming)
    if conversation.owner == Owner.STAFF:
        heard_by_staff(session, turn, now=now)
    return Received(conversation, turn, message, standing.verified if standing else None)
