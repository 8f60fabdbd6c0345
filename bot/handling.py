"""Handling turns: claim, ask the engine, store the answer (architecture, "One turn", steps 4 to 9).

No transaction is open while the engine is asked. Every step is keyed by the turn, so a crash between any two ends
in the same state as no crash.
"""

import asyncio
import logging
from dataclasses import replace
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from bot.engine import Answer, Engine, EngineError
from bot.events import Fresh
from bot.urgent import answer_without_engine
from bot.wakeup import Wakeup
from compliance.placing import heard_by_staff
from compliance.standing import touch, who
from conversations.models import Conversation, Owner, Turn, TurnState
from conversations.say import Say, lock, say
from conversations.texts import TextError
from conversations.tickets import open_ticket
from conversations.turns import (
    MAX_ATTEMPTS,
    URGENT,
    claim,
    has_open_turn,
    leave_to_staff,
    next_engine_session,
    waiting,
)
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId, TurnId

log = logging.getLogger(__name__)
SWEEP_SECONDS = 1.0
RETRY_SECONDS = 0.4
MISUNDERSTOOD = frozenset({"not_understood", "out_of_scope", "identity_again", "identity_one_again", "identity_why"})
"""Answers after which a second misunderstanding in a row brings a person (rule 31)."""


Claimed = tuple[Conversation, Turn]
"""A turn that is ours to answer, and its conversation, both as they were when it was claimed."""


class TurnHandler:
    """Handles the turns of all conversations of this process, each conversation's in order."""

    def __init__(self, database: Database, clock: Clock, engine: Engine, wakeup: Wakeup) -> None:
        self._database = database
        self._clock = clock
        self._engine = engine
        self._wakeup = wakeup
        self._tasks: dict[ConversationId, asyncio.Task[None]] = {}
        self._again: dict[ConversationId, Claimed | None] = {}

    def wake(self, conversation_id: ConversationId, claimed: Claimed | None = None) -> None:
        """There may be a turn to handle in this conversation; ``claimed`` is one that is ours already."""
        if conversation_id in self._tasks:
            self._again[conversation_id] = claimed or self._again.get(conversation_id)
            return
        task = asyncio.create_task(self._drain(conversation_id, claimed))
        self._tasks[conversation_id] = task
        task.add_done_callback(lambda _: self._drained(conversation_id))

    def _drained(self, conversation_id: ConversationId) -> None:
        del self._tasks[conversation_id]
        if conversation_id in self._again:
            self.wake(conversation_id, self._again.pop(conversation_id))

    async def sweep(self) -> None:
        """Find turns that another process left, for ever; run as a task."""
        while True:
            try:
                for conversation_id in await asyncio.to_thread(self._waiting):
                    self.wake(conversation_id)
            except Exception:
                log.exception("looking for open turns failed; trying again")
            await asyncio.sleep(SWEEP_SECONDS)

    def _waiting(self) -> list[ConversationId]:
        with self._database.read() as session:
            return waiting(session, now=self._clock.now())

    async def _drain(self, conversation_id: ConversationId, claimed: Claimed | None = None) -> None:
        try:
            alone = claimed is not None
            while claimed := claimed or await asyncio.to_thread(self._next, conversation_id):
                if fresh := await self._handle(*claimed):
                    self._wakeup.tell(conversation_id, replace(fresh, busy=conversation_id in self._again))
                else:
                    self._wakeup.wake(conversation_id)
                if alone and conversation_id not in self._again:
                    return  # nothing came meanwhile; what another process stored, the sweep finds
                alone, claimed = False, None
        except Exception:
            log.exception("handling a turn of %s failed; it will be tried again", conversation_id)

    def _next(self, conversation_id: ConversationId) -> Claimed | None:
        with self._database.read() as session:
            if not has_open_turn(session, conversation_id):
                return None
        return self._claim(conversation_id)

    def _claim(self, conversation_id: ConversationId) -> Claimed | None:
        with self._database.write() as session:
            conversation, now = lock(session, conversation_id), self._clock.now()
            touch(session, conversation_id=conversation_id, now=now)
            if conversation.owner == Owner.STAFF:
                for left in leave_to_staff(session, conversation_id=conversation_id, now=now):
                    heard_by_staff(session, left, now=now)
            turn = claim(session, conversation_id=conversation_id, now=now)
            return (conversation, turn) if turn else None

    async def _handle(self, conversation: Conversation, turn: Turn) -> Fresh | None:
        """Answer a turn; what was said, or None when listeners had better look for themselves."""
        if turn.attempts > MAX_ATTEMPTS:
            await asyncio.to_thread(self._give_up, turn, "handled too often without an end")
            return None
        if conversation.owner == Owner.STAFF:  # then only what is urgent was claimed
            await asyncio.to_thread(self._give_up, turn, "", state=TurnState.DONE)
            return None
        while True:
            try:
                answer = await self._engine.answer(conversation, turn)
                return await asyncio.to_thread(self._finish, turn, answer)
            except TextError as error:
                log.error("turn %s: %s", turn.id, error)
                await asyncio.to_thread(self._give_up, turn, str(error), kept=False)
                return None
            except EngineError as error:
                log.error("turn %s, attempt %s: %s", turn.id, turn.attempts, error)
                reason = str(error)
                if error.afresh:
                    await asyncio.to_thread(self._begin_afresh, turn)
            except Exception as error:
                log.exception("turn %s, attempt %s", turn.id, turn.attempts)
                reason = type(error).__name__
            if turn.attempts >= MAX_ATTEMPTS:
                await asyncio.to_thread(self._give_up, turn, reason)
                return None
            await asyncio.sleep(RETRY_SECONDS * turn.attempts)
            turn.attempts += 1

    def _begin_afresh(self, turn: Turn) -> None:
        """What the engine keeps of this turn is of no use: ask again in a session that knows nothing of it."""
        with self._database.write() as session:
            conversation = lock(session, ConversationId(turn.conversation_id))
            next_engine_session(conversation)
            session.get_one(Turn, turn.id).engine_session = turn.engine_session = conversation.engine_session

    def _finish(self, turn: Turn, answer: Answer) -> Fresh | None:
        with self._database.write() as session:
            conversation = self._ours(session, turn)
            if conversation is None:
                return None
            session.execute(_DONE, {"turn_id": turn.id, "intent": answer.intent, "confidence": answer.confidence,
                                    "ranking": answer.ranking, "actions": answer.actions, "done_at": self._clock.now()})
            if not MISUNDERSTOOD.intersection(str(message["say"]) for message in answer.messages):
                conversation.misunderstandings = 0
            said = [say(session, conversation_id=ConversationId(conversation.id), text=Say.from_json(message),
                        turn_id=TurnId(turn.id), seed=str(turn.id), now=self._clock.now())
                    for message in answer.messages]
            return Fresh.of(said, busy=False, token=conversation.session_token_hash)

    def _give_up(self, turn: Turn, reason: str, *, kept: bool = True, state: TurnState = TurnState.FAILED) -> None:
        """An honest sentence, a way to a person, an alert: never silence (architecture, step 9).

        What an action has done is said in its own words, which it kept, unless they are what failed.
        """
        with self._database.write() as session:
            if self._ours(session, turn) is None:
                return
            stored = session.get_one(Turn, turn.id)
            stored.done_at, stored.lease_until = self._clock.now(), None
            stored.state, stored.error = state, reason[:400] or None
            now, conversation_id = self._clock.now(), ConversationId(stored.conversation_id)
            done = [Say.from_json(one) for answer in (stored.answers or {}).values() for one in answer] if kept else []
            if done:
                stored.state = TurnState.DONE
            else:
                alone = answer_without_engine(session, turn=stored, now=now)
                done = [alone] if alone else []
                if stored.forced_intent not in URGENT:
                    ticket = open_ticket(
                        session, key=f"{stored.id}:failed", conversation_id=conversation_id,
                        debtor_id=self._verified(session, stored), kind="failed_turn", urgent=True,
                        summary=f"The assistant could not answer turn {stored.id}: {reason[:200]}", now=now)
                    done = done or [Say("trouble", {"number": ticket.number})]
            for text in done:
                say(session, conversation_id=conversation_id, text=text, turn_id=TurnId(stored.id),
                    seed=str(stored.id), now=now)

    def _verified(self, session: Session, turn: Turn) -> DebtorId | None:
        return who(session, ConversationId(turn.conversation_id), now=self._clock.now()).verified

    def _ours(self, session: Session, turn: Turn) -> Conversation | None:
        """The turn's conversation, locked; None when the turn is no longer ours to answer."""
        conversation = lock(session, ConversationId(turn.conversation_id))
        stored = session.execute(_STANDS, {"turn_id": turn.id}).one()
        if stored.state != TurnState.HANDLING:
            log.warning("turn %s was ended by another process; its second answer is dropped", turn.id)
            return None
        if conversation.owner_version != stored.owner_version:
            reason = "reply discarded: staff took the conversation meanwhile"
            session.execute(_DISCARDED, {"turn_id": turn.id, "error": reason, "done_at": self._clock.now()})
            log.warning("turn %s: %s", turn.id, reason)
            if stored.acted:
                conversation.open_question = None  # it may be one that nobody was asked
            else:
                heard_by_staff(session, session.get_one(Turn, turn.id), now=self._clock.now())
            return None
        return conversation


_turns = cast(Table, Turn.__table__)
_STANDS = (
    select(Turn.state, Turn.owner_version, Turn.answers.is_not(None).label("acted"))
    .where(Turn.id == bindparam("turn_id")).with_for_update()
)
_ENDED = update(_turns).where(_turns.c.id == bindparam("turn_id")).values(lease_until=None)
_DONE = _ENDED.values(
    state=TurnState.DONE, done_at=bindparam("done_at"), intent=bindparam("intent"), confidence=bindparam("confidence"),
    ranking=bindparam("ranking"), actions=bindparam("actions"))
_DISCARDED = _ENDED.values(state=TurnState.DISCARDED, done_at=bindparam("done_at"), error=bindparam("error"))
# Statements on the table itself: a whole turn, with all that is decrypted for it, is not needed to end it.
