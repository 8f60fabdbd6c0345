"""Running an action: find the turn, know who it is, answer, keep the answer with its effects."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from actions import disclosures
from actions.context import Context, context
from actions.registry import ACTIONS, REPEATS
from compliance.codes import codes_available
from compliance.identity import NeedMore, NotMatched, Verified, offer_factors
from conversations.models import Turn, TurnState
from conversations.say import Choice, Say
from conversations.turns import next_engine_session
from runtime.clock import Clock
from runtime.database import Database
from runtime.errors import DebtorError

log = logging.getLogger(__name__)


class NoOpenTurn(Exception):
    """An action was called for a turn that does not exist or has ended. For the log."""


def run(database: Database, clock: Clock, *, action: str, turn_id: int,
        ranking: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Run ``action`` for the turn and return what to say, as JSON. Asked again, it answers the same.

    Raises NoOpenTurn when there is no such turn to be answered; anything else that goes wrong leaves no effect.
    """
    with database.write() as session:
        turn = session.get(Turn, turn_id)
        if turn is None or turn.state != TurnState.HANDLING:
            raise NoOpenTurn(f"{action} was called for turn {turn_id}, which is not open")
        if turn.answers and action in turn.answers:
            return list(turn.answers[action])
        ctx = context(session, action=action, turn=turn, now=clock.now(), ranking=ranking)
        try:
            says = [say.json() for say in perform(ctx, action)]
        except DebtorError as error:
            says = [Say(error.say, error.values).json()]
        turn.answers = {**(turn.answers or {}), action: says}
        return says


def perform(ctx: Context, name: str) -> Sequence[Say]:
    """Perform the action, after asking for identity where it needs to be known."""
    registered = ACTIONS[name]
    if registered.needs_identity and ctx.standing.verified is None and (asked := require_identity(ctx, name)):
        return asked
    question = ctx.question
    says = list(registered.function(ctx))
    if registered.needs_identity and ctx.standing.verified is not None:
        says = disclosures.before(ctx) + says
    if registered.aside and question and question == ctx.question and question in REPEATS:
        says += REPEATS[question](ctx)
    return says


def require_identity(ctx: Context, wanted: str) -> Sequence[Say]:
    """Ask who it is and remember what was wanted; empty when the message itself already said enough."""
    if any(ctx.turn.factors.values()):
        tried = try_factors(ctx)
        if isinstance(tried, Verified):
            return []
        remember(ctx, wanted)
        return identity_answer(ctx, tried)
    remember(ctx, wanted)
    return [Say("identity_ask_one" if ctx.standing.identified else "identity_ask", {}, PERSON)]


PERSON = (Choice("talk_to_person", "request_human"),)
SEND_CODE = Choice("send_code", "send_code")


def remember(ctx: Context, wanted: str) -> None:
    """Leave the identity question open, with what is to follow it."""
    if ctx.question == "identity" and ctx.question_data.get("turn"):
        earlier = ctx.question_data
        if wanted in ("action_identity", earlier.get("then")):
            return
    ctx.ask("identity", then=wanted, turn=ctx.turn.id)


def try_factors(ctx: Context) -> object:
    """Offer this turn's factors; a success is seen by the rest of this turn, and the engine begins afresh."""
    outcome = offer_factors(ctx.session, conversation_id=ctx.conversation_id, address=ctx.conversation.address or "",
                            factors=ctx.turn.factors, now=ctx.now)
    if isinstance(outcome, Verified):
        fresh = context(ctx.session, action=ctx.action, turn=ctx.turn, now=ctx.now)
        ctx.standing = fresh.standing
        next_engine_session(ctx.conversation)
    return outcome


def identity_answer(ctx: Context, outcome: object) -> Sequence[Say]:
    """What to say to factors that did not suffice. Never which one was wrong."""
    if isinstance(outcome, NeedMore):
        wants_birth = any(m.startswith("date_of_birth") for m in outcome.missing)
        buttons = (SEND_CODE, *PERSON) if wants_birth and codes_available() else PERSON
        return [Say("identity_more", {"missing": sorted(outcome.missing)}, buttons)]
    if isinstance(outcome, NotMatched):
        return [Say("identity_no_match", {}, PERSON)]
    until = getattr(outcome, "until", None)
    minutes = max(1, round((until - ctx.now).total_seconds() / 60)) if until else 15
    return [Say("identity_locked", {"minutes": minutes, "phone": ctx.operator.phone}, PERSON)]


def turn_in(session: Session, turn_id: int) -> Turn:
    """The turn with this id."""
    return session.get_one(Turn, turn_id)
