"""The one door: whatever a debtor is told passes here, and is stored before it is delivered."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from conversations.models import Author, Button, Conversation, Message, Turn
from conversations.outbox import put
from conversations.texts import TextError, texts
from runtime.ids import ConversationId, TurnId

BUTTON_LIFE = timedelta(days=7)
LONGEST_TITLE = 120
CHANNEL = "debtdesk_message"
"""PostgreSQL notification channel on which gateways hear of a new message; the payload is the conversation's id."""


@dataclass(frozen=True)
class Choice:
    """A button: the name of its title, what pressing it means, and whether it binds the debtor.

    A binding button acts only when pressed; of the others, typing the title means the same.
    """

    title: str
    intent: str
    choice: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    binding: bool = False

    def json(self) -> dict[str, Any]:
        """As an action sends it through the engine."""
        return {"title": self.title, "intent": self.intent, "choice": dict(self.choice),
                "values": dict(self.values), "binding": self.binding}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Choice":
        """The button an action sent."""
        return cls(value["title"], value["intent"], value.get("choice") or {}, value.get("values") or {},
                   bool(value.get("binding")))


@dataclass(frozen=True)
class Say:
    """What to say: the name of a text and its typed values, buttons, and a card (a table or a link)."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[Choice] = ()
    card: Mapping[str, Any] | None = None

    def json(self) -> dict[str, Any]:
        """As an action sends it through the engine."""
        return {"say": self.name, "values": dict(self.values), "buttons": [b.json() for b in self.buttons],
                "card": dict(self.card) if self.card else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Say":
        """What an action sent. Raises TextError when it is not of that form."""
        try:
            return cls(str(value["say"]), dict(value.get("values") or {}),
                       [Choice.from_json(b) for b in value.get("buttons") or ()], value.get("card"))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise TextError(f"not something to say: {type(error).__name__} {error}") from error


def say(session: Session, *, conversation_id: ConversationId, text: Say, now: datetime,
        turn_id: TurnId | None = None, seed: str = "") -> Message:
    """Render ``text`` in the debtor's language, store it with its name and values, and have it delivered.

    Raises TextError when the text does not exist or its values do not fit.
    """
    conversation = lock(session, conversation_id)
    words = texts(conversation.language, conversation.locale)
    buttons = [
        {"id": secrets.token_urlsafe(12), "conversation_id": conversation.id,
         "title": words.title(wanted.title, wanted.values)[:LONGEST_TITLE], "intent": wanted.intent,
         "choice": dict(wanted.choice), "binding": wanted.binding, "expires_at": now + BUTTON_LIFE}
        for wanted in text.buttons
    ]
    message = _store(session, conversation, Author.BOT, words.text(text.name, text.values, seed), now, turn_id=turn_id,
                     say=text.name, values=dict(text.values), card=_card(text.card, words) if text.card else None,
                     buttons=[{"id": button["id"], "title": button["title"]} for button in buttons])
    session.flush()
    if buttons:
        session.execute(_ADD_BUTTONS, [{**button, "message_id": message.id} for button in buttons])
    _deliver(session, conversation, message, now)
    return message


def pass_on(session: Session, *, conversation_id: ConversationId, words: str, staff_name: str,
            now: datetime) -> Message:
    """Deliver what a member of staff wrote, on the debtor's own channel."""
    conversation = lock(session, conversation_id)
    message = _store(session, conversation, Author.STAFF, words, now, author_name=staff_name)
    session.flush()
    _deliver(session, conversation, message, now)
    return message


def hear(session: Session, *, conversation_id: ConversationId, words: str, turn: Turn, now: datetime,
         client_id: str | None = None) -> Message:
    """Store what the debtor wrote. Never delivered anywhere, only shown."""
    conversation = lock(session, conversation_id)
    return _store(session, conversation, Author.DEBTOR, words, now, client_id=client_id, turn=turn)


_LOCKED = (
    select(Conversation).where(Conversation.id == bindparam("conversation_id")).with_for_update()
    .execution_options(populate_existing=True)
)
_ADD_BUTTONS = insert(cast(Table, Button.__table__))
# Statements that every turn needs are made once: to make one takes longer than to run it.


def lock(session: Session, conversation_id: ConversationId) -> Conversation:
    """The conversation, locked for the rest of the transaction, and as it is now: others may have written meanwhile.

    Locked once, it is not read again until the transaction (or the savepoint) in which it was ends.
    """
    held: dict[str, tuple[object, Conversation]] = session.info.setdefault("held", {})
    within = session.get_nested_transaction() or session.get_transaction()
    if within is not None and (found := held.get(conversation_id)) and found[0] is within:
        return found[1]
    session.flush()
    conversation = session.scalars(_LOCKED, {"conversation_id": conversation_id}).one()
    held[conversation_id] = session.get_nested_transaction() or session.get_transaction(), conversation
    return conversation


def _store(session: Session, conversation: Conversation, author: Author, words: str, now: datetime,
           **more: Any) -> Message:
    shown = {"buttons": [], "card": None, "client_id": None, "author_name": None, **more}
    message = Message(conversation_id=conversation.id, event_id=conversation.next_event, author=author, text=words,
                      at=now, **shown)
    conversation.next_event += 1
    conversation.last_activity_at = now
    session.add(message)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": conversation.id})
    return message


def _deliver(session: Session, conversation: Conversation, message: Message, now: datetime) -> None:
    if conversation.channel == "telegram":
        put(session, key=f"message:{message.id}", kind="telegram", payload={"message_id": message.id},
            conversation_id=ConversationId(conversation.id), now=now)


def _card(card: Mapping[str, Any], words: Any) -> dict[str, Any]:
    """A card with its titles, labels and values rendered: ``{kind, title, rows: [{label, value}], link?}``."""
    def worded(part: Mapping[str, Any]) -> str:
        return str(words.title(part["title"], part.get("values") or {}))

    try:
        made: dict[str, Any] = {"kind": card["kind"], "title": worded(card)}
        made["rows"] = [{"label": worded(r["label"]), "value": worded(r["value"])} for r in card.get("rows") or ()]
        if link := card.get("link"):
            made["link"] = {"url": link["url"], "title": worded(link)}
    except (AttributeError, KeyError, TypeError) as error:
        raise TextError(f"not a card: {type(error).__name__} {error}") from error
    return made
