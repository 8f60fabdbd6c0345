"""One conversation as staff read it: what was said, what was understood, what was done, whether it arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.placing import HEARD
from console.activity import shown_to
from console.masking import masked_words
from console.people import Person, person_in
from console.takeover import name_of
from console.tickets import open_tickets
from console.words import local
from conversations.models import Author, Conversation, Message, OutboxItem, Owner, Ticket, Turn, TurnState
from conversations.texts import TextError, render
from runtime.ids import ConversationId, StaffId

MOST = 200
"""Messages shown at once; earlier ones are a click away."""
OTHERS = 3
"""Of the intents that were not chosen, how many are shown."""


@dataclass(frozen=True)
class Delivery:
    """Whether a message has left the house, for channels that are delivered to."""

    state: str
    attempts: int
    error: str | None


@dataclass(frozen=True)
class Line:
    """One message.

    ``masked``: its words are not shown; ``shown``: they are, because a reason was given. ``unsaid``: what the bot
    would have answered had its answer not been discarded.
    """

    message: Message
    words: str
    masked: bool
    shown: bool
    turn: Turn | None
    others: Sequence[tuple[str, float]]
    unsaid: Sequence[str]
    delivery: Delivery | None
    new_day: date | None

    @property
    def actions(self) -> list[str]:
        """The actions that were executed; that the engine then listens says nothing."""
        done = (self.turn.actions if self.turn else None) or []
        return [action for action in done if action != "action_listen" and not action.startswith(HEARD)]

    @property
    def heard(self) -> list[str]:
        """What took its legal effect though staff answer the message."""
        done = (self.turn.actions if self.turn else None) or []
        return [action.removeprefix(HEARD) for action in done if action.startswith(HEARD)]

    @property
    def answering(self) -> bool:
        """Whether the bot's answer to it is still being made."""
        return self.turn is not None and self.turn.state in (TurnState.RECEIVED, TurnState.HANDLING)

    @property
    def discarded(self) -> bool:
        """Whether the bot's answer to it was thrown away."""
        return self.turn is not None and self.turn.state == TurnState.DISCARDED

    @property
    def failed(self) -> bool:
        """Whether the bot could not answer it."""
        return self.turn is not None and self.turn.state == TurnState.FAILED


@dataclass(frozen=True)
class Transcript:
    """A conversation and what is known of it."""

    conversation: Conversation
    person: Person
    holder: str | None
    mode: str
    tickets: Sequence[Ticket]
    lines: Sequence[Line]
    earlier: int | None


def transcript(session: Session, *, conversation: Conversation, staff_id: StaffId, now: datetime,
               before: int | None = None) -> Transcript:
    """The last messages of a conversation, or those below the event ``before``.

    ``mode`` is ``bot``, ``mine`` or ``other``: who answers. Read once per refresh: five queries whatever its length.
    """
    conversation_id = ConversationId(conversation.id)
    query = (select(Message, Turn).outerjoin(Turn, Turn.id == Message.turn_id)
             .where(Message.conversation_id == conversation_id).order_by(Message.event_id.desc()).limit(MOST + 1))
    if before is not None:
        query = query.where(Message.event_id < before)
    rows = session.execute(query).all()
    more, rows = len(rows) > MOST, rows[:MOST]
    shown = shown_to(session, staff_id=staff_id, conversation_id=conversation_id, now=now)
    deliveries = _deliveries(session, [row[0].id for row in rows]) if conversation.channel == "telegram" else {}
    lines: list[Line] = []
    previous: date | None = None
    for message, turn in reversed(rows):
        masked, here = masked_words(message, turn), local(message.at).date()
        visible = masked is None or message.id in shown
        asked = turn if message.author == Author.DEBTOR else None
        lines.append(Line(
            message, message.text if visible or masked is None else masked, not visible,
            masked is not None and visible, asked, _others(asked), _unsaid(asked, conversation),
            deliveries.get(message.id), here if here != previous else None,
        ))
        previous = here
    by_staff = conversation.owner == Owner.STAFF
    return Transcript(
        conversation, person_in(session, conversation_id, now=now),
        name_of(session, conversation.staff_id) if by_staff else None,
        "bot" if not by_staff else "mine" if conversation.staff_id == staff_id else "other",
        open_tickets(session, conversation.id), lines, lines[0].message.event_id if more else None,
    )


def _deliveries(session: Session, message_ids: Sequence[int]) -> dict[int, Delivery]:
    items = session.scalars(select(OutboxItem).where(OutboxItem.key.in_([f"message:{i}" for i in message_ids])))
    return {int(item.key.partition(":")[2]): Delivery(item.state, item.attempts, item.error) for item in items}


def _others(turn: Turn | None) -> list[tuple[str, float]]:
    """The intents that came after the chosen one, and how sure the engine was of each."""
    if turn is None:
        return []
    found: list[dict[str, Any]] = turn.ranking or []
    others = [(str(one.get("name")), float(one.get("confidence") or 0)) for one in found]
    return [one for one in others if one[0] != turn.intent][:OTHERS]


def _unsaid(turn: Turn | None, conversation: Conversation) -> list[str]:
    """The texts of a discarded answer. The actions' answers are kept with the turn, whatever became of them."""
    if turn is None or turn.state != TurnState.DISCARDED:
        return []
    found = []
    for answer in _answers(turn.answers):
        try:
            found.append(render(answer["say"], answer.get("values") or {}, turn.language, conversation.locale,
                                str(turn.id)))
        except TextError:
            found.append(f"({answer['say']})")
    return found


def _answers(kept: object) -> Iterator[dict[str, Any]]:
    if isinstance(kept, dict):
        if isinstance(kept.get("say"), str):
            yield kept
            return
        kept = list(kept.values())
    if isinstance(kept, list):
        for one in kept:
            yield from _answers(one)
