"""Identity: answers to "who are you", and what was wanted before it was asked."""

from collections.abc import Sequence

from actions.context import Context, context
from actions.registry import ACTIONS, action, repeats
from actions.running import PERSON, identity_answer, perform, remember, try_factors, turn_in
from actions.talk import misunderstood
from compliance.identity import Verified
from conversations.say import Say


@action("action_identity")
def identity(ctx: Context) -> Sequence[Say]:
    """Check what was given; on success go on with what the debtor had asked for."""
    if ctx.standing.verified is None:
        if not any(ctx.turn.factors.values()):
            remember(ctx, "action_balance")
            return [Say("identity_ask_one" if ctx.standing.identified else "identity_again", {}, PERSON)]
        outcome = try_factors(ctx)
        if not isinstance(outcome, Verified):
            remember(ctx, "action_balance")
            return identity_answer(ctx, outcome)
    wanted = ctx.question_data
    ctx.close()
    thanks = Say("identity_done", {"name": ctx.debtor.first_name})
    return [thanks, *_go_on(ctx, str(wanted.get("then") or "action_balance"), wanted.get("turn"))]


def _go_on(ctx: Context, name: str, turn_id: object) -> Sequence[Say]:
    if name not in ACTIONS or name == "action_identity":
        name = "action_balance"
    asked = turn_in(ctx.session, int(str(turn_id))) if turn_id else ctx.turn
    return perform(context(ctx.session, action=name, turn=asked, now=ctx.now), name)


@action("action_inform")
def inform(ctx: Context) -> Sequence[Say]:
    """A bare answer to no question: who it is, or figures without a purpose."""
    if any(ctx.turn.factors.values()) and ctx.standing.verified is None:
        return identity(ctx)
    return misunderstood(ctx)


@repeats("identity")
def again(ctx: Context) -> Sequence[Say]:
    """The identity question once more."""
    return [Say("identity_again", {}, PERSON)]
