"""Turns: stored once, claimed in order, finished once.

A turn is claimed with a lease; when the process that claimed it dies, another claims it again after the lease
has run out. What the turn causes carries its id as idempotency key, so a second handling changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from conversations.models import Conversation, Message, Owner, Turn, TurnState
from conversations.say import hear, lock
from runtime.ids import ConversationId

LEASE = timedelta(seconds=45)
MAX_ATTEMPTS = 3
ENGINE_SESSION_TURNS = 30
OPEN = (TurnState.RECEIVED, TurnState.HANDLING)
URGENT = ("self_harm_risk", "stop_contact")
"""Intents that take effect whoever holds the conversation, and without the engine."""


@dataclass(frozen=True)
class Heard:
    """What the gateway made of one message before it is stored."""

    raw: str
    shown: str
    masked: str
    terms: dict[str, Any]
    factors: dict[str, Any]
    forced_intent: str | None = None
    button_id: str | None = None
    choice: dict[str, Any] | None = None


def turn_of(session: Session, provider_id: str) -> Turn | None:
    """The turn the channel delivered under this id, if it was delivered before."""
    return session.scalar(_DELIVERED, {"provider_id": provider_id})


_DELIVERED = select(Turn).where(Turn.provider_id == bindparam("provider_id"))
_FIRST_OPEN = (
    select(Turn).where(Turn.conversation_id == bindparam("conversation_id"), Turn.state.in_(OPEN))
    .order_by(Turn.id).limit(1)
)
_ANY_OPEN = select(Turn.id).where(Turn.conversation_id == bindparam("conversation_id"), Turn.state.in_(OPEN)).limit(1)


def receive(session: Session, *, conversation_id: ConversationId, provider_id: str, heard: Heard, now: datetime,
            client_id: str | None = None, is_new: bool = False, claiming: bool = False) -> tuple[Turn, Message | None]:
    """Store a turn and its message. Returns both; without a message it is a duplicate, which changes nothing.

    ``is_new``: the caller has locked the conversation and found no such turn. ``claiming``: a turn that can be answered
    at once is the caller's to answer (``claim``), so that it need not be looked for again.
    """
    conversation = lock(session, conversation_id)
    if not is_new and (found := turn_of(session, provider_id)):
        return found, None
    mine = claiming and conversation.owner == Owner.BOT and not has_open_turn(session, conversation_id)
    if mine:
        _count(conversation)
    turn = Turn(
        conversation_id=conversation_id, provider_id=provider_id, raw=heard.raw, masked=heard.masked,
        language=conversation.language, terms=heard.terms, factors=heard.factors, button_id=heard.button_id,
        choice=heard.choice, forced_intent=heard.forced_intent, owner_version=conversation.owner_version,
        engine_session=conversation.engine_session, received_at=now, attempts=int(mine),
        state=TurnState.HANDLING if mine else TurnState.RECEIVED, lease_until=now + LEASE if mine else None,
    )
    session.add(turn)
    message = hear(session, conversation_id=conversation_id, words=heard.shown, turn=turn, now=now, client_id=client_id)
    session.flush()
    if conversation.owner == Owner.STAFF and turn.forced_intent not in URGENT:
        turn.state, turn.done_at = TurnState.DONE, now
    return turn, message


def claim(session: Session, *, conversation_id: ConversationId, now: datetime) -> Turn | None:
    """Claim the oldest open turn of a conversation; None when there is none or another process has it.

    Of a conversation that staff hold only what is urgent is claimed.
    """
    conversation = lock(session, conversation_id)
    if conversation.owner == Owner.STAFF:
        leave_to_staff(session, conversation_id=conversation_id, now=now)
    turn = session.scalar(_FIRST_OPEN, {"conversation_id": conversation_id})
    if turn is None or (turn.state == TurnState.HANDLING and turn.lease_until and turn.lease_until > now):
        return None
    turn.state = TurnState.HANDLING
    turn.lease_until = now + LEASE
    turn.attempts += 1
    if turn.attempts == 1:
        _count(conversation)
        turn.engine_session = conversation.engine_session
        turn.owner_version = conversation.owner_version
    return turn


def leave_to_staff(session: Session, *, conversation_id: ConversationId, now: datetime) -> list[Turn]:
    """End what the bot has not begun to answer, or lost while it did: staff have read it and answer it themselves.

    What is urgent stays open, so that it takes its effect. What else has an effect in law is for the caller to see to.
    """
    left = []
    for turn in session.scalars(select(Turn).where(Turn.conversation_id == conversation_id, Turn.state.in_(OPEN))):
        being_answered = turn.state == TurnState.HANDLING and turn.lease_until and turn.lease_until > now
        if turn.forced_intent not in URGENT and not being_answered:
            turn.state, turn.done_at, turn.lease_until = TurnState.DISCARDED, now, None
            turn.error = "not answered by the bot: staff took the conversation first"
            left.append(turn)
    session.flush()
    return left


def _count(conversation: Conversation) -> None:
    # The open question is the conversation's, not the engine's: it is seeded anew, so a session may end beside one.
    if conversation.engine_turns >= ENGINE_SESSION_TURNS:
        next_engine_session(conversation)
    conversation.engine_turns += 1


def next_engine_session(conversation: Conversation) -> None:
    """Let the engine begin afresh: after some 30 turns, or when who is talking has changed."""
    conversation.engine_session += 1
    conversation.engine_turns = 0


def waiting(session: Session, *, now: datetime) -> list[ConversationId]:
    """Conversations with a turn that nobody is handling."""
    found = session.scalars(
        select(Turn.conversation_id).distinct().where(
            or_(Turn.state == TurnState.RECEIVED,
                (Turn.state == TurnState.HANDLING) & (Turn.lease_until <= now)))
    )
    return [ConversationId(value) for value in found]


def has_open_turn(session: Session, conversation_id: ConversationId) -> bool:
    """Whether an answer to the debtor is being made."""
    return session.scalar(_ANY_OPEN, {"conversation_id": conversation_id}) is not None
