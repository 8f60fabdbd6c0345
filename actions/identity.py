"""Identity: answers to "who are you", and what was wanted before it was asked."""

from collections.abc import Sequence

from actions.choosing import meant
from actions.context import Context, context
from actions.debts import open_debts
from actions.menu import menu
from actions.registry import ACTIONS, action, repeats
from actions.running import PERSON, closed_answer, identity_answer, perform, remember, try_factors, turn_in
from actions.talk import ASK_FIRST, amount_for_what, misunderstood, to_person
from compliance.identity import Verified
from conversations.say import Say


@action("action_identity")
def identity(ctx: Context) -> Sequence[Say]:
    """Check what was given; on success go on with what the debtor had asked for."""
    if ctx.standing.verified is None or ctx.must_prove:
        if closed := closed_answer(ctx):
            return closed
        if not any(ctx.turn.factors.values()):
            remember(ctx, "action_balance")
            return _once_more(ctx)
        outcome = try_factors(ctx)
        if not isinstance(outcome, Verified):
            remember(ctx, "action_balance")
            return identity_answer(ctx, outcome)
    wanted = ctx.question_data
    ctx.close()
    thanks = Say("identity_done", {"name": ctx.debtor.first_name})
    return [thanks, *_go_on(ctx, str(wanted.get("then") or "action_balance"), wanted.get("turn"))]


def _once_more(ctx: Context) -> Sequence[Say]:
    """An answer in which nothing could be read: ask once more, then a person (rule 31)."""
    ctx.conversation.misunderstandings += 1
    if ctx.conversation.misunderstandings > ASK_FIRST:
        return to_person(ctx)
    return again(ctx)


def _go_on(ctx: Context, name: str, turn_id: object) -> Sequence[Say]:
    if name not in ACTIONS or name == "action_identity":
        name = "action_balance"
    asked = turn_in(ctx.session, int(str(turn_id))) if turn_id else ctx.turn
    return perform(context(ctx.session, action=name, turn=asked, now=ctx.now), name)


@action("action_inform")
def inform(ctx: Context) -> Sequence[Say]:
    """A bare answer to no question: who it is, one of the debts by its name, or a figure without a purpose."""
    if ctx.standing.verified is None or ctx.must_prove:
        return identity(ctx) if any(ctx.turn.factors.values()) else misunderstood(ctx)
    if any(ctx.turn.factors.values()) and not ctx.turn.terms.get("amounts"):
        return [Say("identity_known", {"name": ctx.debtor.first_name}, menu(ctx))]
    if ctx.question is None and meant(open_debts(ctx), ctx.words):
        return ACTIONS["action_debt_details"].function(ctx)
    return (amount_for_what(ctx) if ctx.question is None else []) or misunderstood(ctx)


@repeats("identity")
def again(ctx: Context) -> Sequence[Say]:
    """The identity question once more."""
    if ctx.standing.verified is not None:
        return [Say("identity_ask_again", {}, PERSON)]
    if ctx.standing.identified:
        return [Say("identity_one_again", {}, PERSON)]
    return [Say("identity_again", {"needed": ctx.needed}, PERSON)]
