"""What is talk rather than business, and what helps when the two cannot be told apart."""

from collections.abc import Sequence

from actions.advice import advice
from actions.context import Context
from actions.offered import ADVICE, CANNOT, OWE, PAY, PERSON, SPREAD
from actions.registry import REPEATS, action
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say
from conversations.texts import texts

MENU = (OWE, PAY, SPREAD, CANNOT, PERSON)
ASK_FIRST = 1


@action("action_help", aside=True)
def help_(ctx: Context) -> Sequence[Say]:
    """What can be done here."""
    return [Say("help", {}, MENU)]


@action("action_greet", aside=True)
def greet(ctx: Context) -> Sequence[Say]:
    """Hello, by name once we know it."""
    if ctx.standing.verified is None:
        return [Say("hello", {"operator": ctx.operator.trading_name}, (
            OWE, Choice("what_is_this", "ask_who_are_you"), PERSON))]
    return [Say("hello_name", {"name": ctx.debtor.first_name}, MENU)]


@action("action_who_are_you", aside=True)
def who_are_you(ctx: Context) -> Sequence[Say]:
    """Who the operator is and how to check that, without our own links; nothing of a debt before identity."""
    operator = ctx.operator
    return [Say("who_are_you", {"legal_name": operator.legal_name, **_register(ctx), "phone": operator.phone}, (PERSON,))]


def _register(ctx: Context) -> dict[str, object]:
    country = ctx.debtor.country if ctx.standing.verified else ctx.conversation.locale[-2:].upper()
    licence = ctx.operator.licence_in(country)
    return {"register": licence.register_name if licence else None,
            "register_number": licence.number if licence else None}


@action("action_consequences", needs_identity=True, aside=True)
def consequences(ctx: Context) -> Sequence[Say]:
    """Only what the operator has configured as lawful for this kind of debt; else that a person can say (rule 16)."""
    kinds = {d.kind for d in ctx.balance.lines if d.payable}
    found = [words for kind in sorted(kinds) if (words := ctx.operator.consequence_text(kind))]
    return [Say("consequences", {"texts": found, "advice": advice(ctx)},
        (SPREAD, CANNOT, ADVICE, PERSON))]


@action("action_abusive")
def abusive(ctx: Context) -> Sequence[Say]:
    """One calm boundary, and a person."""
    return [Say("abusive", {}, (PERSON, Choice("complain", "make_complaint")))]


@action("action_cancel")
def cancel(ctx: Context) -> Sequence[Say]:
    """Ends the present flow; says that nothing was set."""
    was_open = ctx.question is not None
    ctx.close()
    return [Say("cancelled" if was_open else "nothing_to_cancel", {}, MENU)]


@action("action_yes")
def yes(ctx: Context) -> Sequence[Say]:
    """A yes to nothing that was asked: show the way on."""
    return REPEATS[ctx.question](ctx) if ctx.question in REPEATS else [Say("yes_to_what", {}, MENU)]


@action("action_no")
def no(ctx: Context) -> Sequence[Say]:
    """A no: closes what was asked, and leaves the door open."""
    ctx.close()
    return [Say("no_is_fine", {}, MENU)]


@action("action_misunderstood")
def misunderstood(ctx: Context) -> Sequence[Say]:
    """First time: one clear question with the likeliest readings. Second time: a person (rule 31)."""
    ctx.conversation.misunderstandings += 1
    if ctx.conversation.misunderstandings > ASK_FIRST:
        placed = placing.not_understood(ctx.session, words=ctx.turn.raw, **place(ctx))
        ctx.conversation.misunderstandings = 0
        opening = ctx.operator.next_opening(ctx.now)
        return [Say("not_understood_twice", {
            "number": placed.number, "staffed": placed.staffed,
            "next": {"instant": opening.isoformat(), "zone": str(ctx.operator.zone)} if opening else None}, (PERSON,))]
    return [Say("not_understood", {}, (*_readings(ctx), PERSON))]


def _readings(ctx: Context) -> list[Choice]:
    """Buttons for the two likeliest readings that have a title of their own."""
    titled = texts(ctx.conversation.language, ctx.conversation.locale).titles
    likely = [r["name"] for r in ctx.ranking if f"meant_{r['name']}" in titled]
    return [Choice(f"meant_{name}", name) for name in likely[:2]]


@action("action_out_of_scope")
def out_of_scope(ctx: Context) -> Sequence[Say]:
    """Not ours to answer; say what is, and count it, so that it does not go round in circles."""
    ctx.conversation.misunderstandings += 1
    if ctx.conversation.misunderstandings > ASK_FIRST:
        ctx.conversation.misunderstandings = ASK_FIRST
        return misunderstood(ctx)
    return [Say("out_of_scope", {}, MENU)]


@action("action_stale_button")
def stale_button(ctx: Context) -> Sequence[Say]:
    """A button from earlier: explain, and show what is open."""
    again = list(REPEATS[ctx.question](ctx)) if ctx.question in REPEATS else []
    return [Say("stale_button", {}, () if again else MENU), *again]
