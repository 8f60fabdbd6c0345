"""Running an action: find the turn, know who it is, answer, keep the answer with its effects."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session, defer

from actions import claims, disclosures, guard
from actions.context import Context, context
from actions.registry import ACTIONS, REPEATS
from compliance import legal_words, placing
from compliance.codes import codes_available
from compliance.identity import NeedMore, NotMatched, Verified, offer_factors
from conversations.models import Turn, TurnState
from conversations.say import Choice, Say, lock
from conversations.turns import next_engine_session
from runtime.clock import Clock
from runtime.database import Database
from runtime.errors import DebtorError
from runtime.ids import ConversationId

log = logging.getLogger(__name__)


class NoOpenTurn(Exception):
    """An action was called for a turn that does not exist or has ended. For the log."""


def run(database: Database, clock: Clock, *, action: str, turn_id: int,
        ranking: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Run ``action`` for the turn and return what to say, as JSON. Asked again, it answers the same.

    Raises NoOpenTurn when there is no such turn to be answered; anything else that goes wrong leaves no effect.
    """
    if ACTIONS[action].aside and (says := _without_effect(database, clock, action, turn_id, ranking)) is not None:
        return says
    with database.write() as session:
        asked_in = session.scalar(select(Turn.conversation_id).where(Turn.id == turn_id))
        if asked_in is not None:
            lock(session, ConversationId(asked_in))  # asked by two at once, one acts and both answer
        turn = _open_turn(session, action, turn_id)
        if turn.answers and action in turn.answers:
            return list(turn.answers[action])
        says = _says(session, clock, action, turn, ranking)
        turn.answers = {**(turn.answers or {}), action: says}
        return says


_UNREAD = defer(Turn.masked)
"""The engine's part of a turn; deciphered for whoever asks, and actions do not."""


def _open_turn(session: Session, action: str, turn_id: int) -> Turn:
    turn = session.get(Turn, turn_id, options=[_UNREAD])
    if turn is None or turn.state != TurnState.HANDLING:
        raise NoOpenTurn(f"{action} was called for turn {turn_id}, which is not open")
    return turn


def _says(session: Session, clock: Clock, action: str, turn: Turn,
          ranking: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ctx = context(session, action=action, turn=turn, now=clock.now(), ranking=ranking)
    try:
        return [say.json() for say in answer(ctx, action)]
    except DebtorError as error:
        return [Say(error.say, error.values).json()]


class _HasEffect(Exception):
    """What was tried as mere reading would write."""


def _refuse(*_: object) -> None:
    raise _HasEffect


def _without_effect(database: Database, clock: Clock, action: str, turn_id: int,
                    ranking: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """What to say, when saying it changes nothing: then there is nothing to lock, to keep or to wait for the disk for.

    None when it would change something: then nothing has happened yet. Asked again, it says what is true by then.
    """
    with _OnlyReading(database.engine, expire_on_commit=False) as session:
        turn = _open_turn(session, action, turn_id)
        if turn.answers:
            return None
        try:
            says = _says(session, clock, action, turn, ranking)
        except _HasEffect:
            return None
        changed = session.new or session.deleted or any(session.is_modified(row) for row in session.dirty)
        return None if changed else says


def _refuse_writing(state: ORMExecuteState) -> None:
    if not state.is_select:
        raise _HasEffect


class _OnlyReading(Session):
    """A session in which whatever would write raises ``_HasEffect``."""


event.listen(_OnlyReading, "before_flush", _refuse)
event.listen(_OnlyReading, "do_orm_execute", _refuse_writing)


def answer(ctx: Context, name: str) -> Sequence[Say]:
    """Everything that one message asks for: the action, what was said beside identity factors, further rights."""
    beside = identity_beside(ctx, name)
    if beside is None:
        name, thanks = "action_identity", []
    else:
        thanks = beside
    first, further = claims.order(ctx, name)
    if first in (*claims.LOST, "action_inform") and ctx.question in FREE_WORDS:
        first = FREE_WORDS[ctx.question]
    placed = claims.place(ctx, further, beside=first)
    return [*thanks, *perform(ctx, first), *placed]


FREE_WORDS = {"adviser_contact": "action_adviser_contact", "new_details": "action_new_details",
              "callback_time": "action_callback_time", "more_for_ticket": "action_more_for_ticket"}
"""Questions to which any words that mean nothing else are the answer, for a colleague to read."""

SURE = 0.5
"""How sure the reading of what stands beside identity factors must be to be taken up."""


def identity_beside(ctx: Context, name: str) -> list[Say] | None:
    """Compare factors that came with something else ("ref … but this isn't mine"), and what to say of a success.

    None when the message is an answer to the identity question and no more.
    """
    answers = name in ("action_identity", "action_inform")
    if answers or not ctx.must_prove or not any(ctx.turn.factors.values()):
        return []
    sure = not ctx.ranking or float(ctx.ranking[0]["confidence"]) >= SURE or bool(legal_words.claims(ctx.turn.raw))
    if name in guard.TALK or not sure:
        return None
    if not isinstance(try_factors(ctx), Verified):
        return []
    ctx.close()
    return [] if name in claims.SILENT_SUCCESS else [Say("identity_done", {"name": ctx.debtor.first_name})]


ITS_TICKET = {"action_dispute": "dispute", "action_fraud": "fraud", "action_validation": "validation"}
"""Actions that apply again by themselves what they were told before identity."""


def perform(ctx: Context, name: str) -> Sequence[Say]:
    """Perform the action, after asking for identity where it needs to be known, unless care comes first."""
    registered = ACTIONS[name]
    if ctx.standing.verified is not None:
        placing.take_up(ctx.session, conversation_id=ctx.conversation_id, debtor_id=ctx.verified, now=ctx.now,
                        today=ctx.today, besides=(ITS_TICKET[name],) if name in ITS_TICKET else ())
    if care := guard.instead(ctx, name):
        return care
    if registered.needs_identity and ctx.standing.verified is None and (asked := require_identity(ctx, name)):
        return asked
    if registered.fresh and ctx.standing.verified is not None and not ctx.fresh:
        return prove_again(ctx, name)
    question = ctx.question
    says = list(registered.function(ctx))
    says = disclosures.before(ctx, name) + says
    if registered.aside and question and question == ctx.question and question in REPEATS:
        says += REPEATS[question](ctx)
    return says


def require_identity(ctx: Context, wanted: str) -> Sequence[Say]:
    """Ask who it is and remember what was wanted; empty when the message itself already said enough."""
    if closed := closed_answer(ctx):
        return closed
    if any(ctx.turn.factors.values()):
        tried = try_factors(ctx)
        if isinstance(tried, Verified):
            return []
        remember(ctx, wanted)
        return identity_answer(ctx, tried)
    remember(ctx, wanted)
    if ctx.standing.identified:
        return [Say("identity_ask_one", {}, PERSON)]
    return [Say("identity_ask", {"needed": ctx.needed}, PERSON)]


def prove_again(ctx: Context, wanted: str) -> Sequence[Say]:
    """Ask the verified debtor for one factor, because what is wanted is sensitive; then it is gone on with."""
    if ctx.tried is None and any(ctx.turn.factors.values()) and ctx.must_prove:
        tried = try_factors(ctx)
        if not isinstance(tried, Verified):
            return identity_answer(ctx, tried)
    ctx.ask("identity", then=wanted, turn=ctx.turn.id, again=True)
    return [Say("identity_ask_again", {}, (SEND_CODE, *PERSON) if codes_available() else PERSON)]


def ask_briefly(ctx: Context, wanted: str, first: Callable[[], Say]) -> Sequence[Say]:
    """As ``require_identity``, after ``first``, which acts and says why it is asked; empty when it need not be.

    What ``first`` says is left out where nothing more may be said here.
    """
    asked = require_identity(ctx, wanted) if ctx.standing.verified is None else []
    if not asked:
        return []
    said = first()
    if asked[0].name.startswith("closed_"):
        return asked
    if asked[0].name in ("identity_ask", "identity_ask_one"):
        short = {"one": ctx.standing.identified is not None, "needed": ctx.needed}
        return [said, Say("identity_short", short, asked[0].buttons)]
    return [said, *asked]


PERSON = (Choice("talk_to_person", "request_human"),)
SEND_CODE = Choice("send_code", "send_code")


FOR_MYSELF = Choice("for_myself", "for_themselves")


def closed_answer(ctx: Context) -> Sequence[Say]:
    """What is said in a conversation in which no debt may be spoken of any more; empty in any other."""
    kind = placing.closed_by(ctx.session, ctx.conversation_id)
    if kind is None:
        return []
    ctx.close()
    return [Say(f"closed_{kind}", {}, PERSON if kind == "deceased" else (FOR_MYSELF, *PERSON))]


def remember(ctx: Context, wanted: str) -> None:
    """Leave the identity question open, with what is to follow it."""
    if ctx.question == "identity" and ctx.question_data.get("turn"):
        earlier = ctx.question_data
        if earlier.get("again") and ctx.standing.verified is not None:
            return
        if wanted in ("action_identity", earlier.get("then")):
            return
    ctx.ask("identity", then=wanted, turn=ctx.turn.id)


def try_factors(ctx: Context) -> object:
    """Offer this turn's factors, once; a success is seen by the rest of this turn, and the engine begins afresh."""
    if ctx.tried is not None:
        return ctx.tried
    outcome = offer_factors(ctx.session, conversation_id=ctx.conversation_id, address=ctx.conversation.address or "",
                            factors=ctx.turn.factors, now=ctx.now, again=ctx.standing.verified is not None)
    ctx.tried = outcome
    if isinstance(outcome, Verified):
        fresh = context(ctx.session, action=ctx.action, turn=ctx.turn, now=ctx.now)
        ctx.standing = fresh.standing
        next_engine_session(ctx.conversation)
    return outcome


def identity_answer(ctx: Context, outcome: object) -> Sequence[Say]:
    """What to say to factors that did not suffice. Never which one was wrong."""
    if isinstance(outcome, NeedMore):
        code_helps = any(m.startswith("date_of_birth") or "code" in m for m in outcome.missing)
        buttons = (SEND_CODE, *PERSON) if code_helps and codes_available() else PERSON
        return [Say("identity_more", {"missing": sorted(outcome.missing)}, buttons)]
    if isinstance(outcome, NotMatched):
        return [Say("identity_no_match", {}, PERSON)]
    until = getattr(outcome, "until", None)
    minutes = max(1, round((until - ctx.now).total_seconds() / 60)) if until else 15
    return [Say("identity_locked", {"minutes": minutes, "phone": ctx.operator.phone}, PERSON)]


def turn_in(session: Session, turn_id: int) -> Turn:
    """The turn with this id."""
    return session.get_one(Turn, turn_id)
