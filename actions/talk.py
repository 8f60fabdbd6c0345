"""What is talk rather than business, and what helps when the two cannot be told apart."""

import re
from collections.abc import Sequence

from actions import claims
from actions.advice import advice
from actions.choosing import everything, ids, meant, owed, picked
from actions.context import Context
from actions.debts import inviting, nothing, open_debts, usable
from actions.menu import menu
from actions.offered import ADVICE, CANNOT, OWE, PERSON, SPREAD, WHAT_IS_THIS
from actions.registry import ACTIONS, REPEATS, action
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say
from conversations.texts import texts

ASK_FIRST = 1
NEUTRAL = frozenset({"ask_who_are_you", "help", "request_callback", "make_complaint", "ask_privacy", "change_language",
                     "stop_contact", "change_contact_preferences", "update_contact_details"})
"""Readings that may be offered to somebody we do not know: none of them hints at a debt (rules 3, 4)."""

ANSWERED_BY = {
    "pay_amount": "action_pay", "pay_debt": "action_pay_debt", "plan_creditor": "action_plan_answer",
    "plan_offer": "action_plan_answer", "plan_confirm": "action_plan_answer", "promise_details": "action_promise",
    "promise_confirm": "action_promise", "paid_details": "action_paid_details",
    "hardship_reason": "action_hardship_reason",
}
"""What answers an open question, for words of which nothing else could be made."""
_LACKS = re.compile(
    r"\b(?:don'?t (?:know|have|remember)|dunno|lost|can'?t (?:find|remember)|no idea|haven'?t got|forgot\w*)\b")
"""Words of somebody who has not got what is asked for."""
ANY_WORDS = ("paid_details", "hardship_reason")
WHICH = ("pay_debt", "plan_creditor")


@action("action_help", aside=True)
def help_(ctx: Context) -> Sequence[Say]:
    """What can be done here."""
    if ctx.standing.verified is None:
        return [Say("help_unverified", {}, menu(ctx))]
    return [Say("help", {}, menu(ctx))]


@action("action_greet", aside=True)
def greet(ctx: Context) -> Sequence[Say]:
    """Hello, by name once we know it."""
    if ctx.standing.verified is None:
        return [Say("hello", {"operator": ctx.operator.trading_name}, (
            WHAT_IS_THIS, PERSON))]
    return [Say("hello_name", {"name": ctx.debtor.first_name}, () if ctx.question in REPEATS else menu(ctx))]


@action("action_who_are_you", aside=True)
def who_are_you(ctx: Context) -> Sequence[Say]:
    """Who the operator is and how to check that, without our own links; nothing of a debt before identity."""
    about = {"legal_name": ctx.operator.legal_name, **_register(ctx), "phone": ctx.operator.phone}
    if ctx.standing.verified is None:
        return [Say("who_are_you", about, (PERSON,))]
    creditors = list(dict.fromkeys(d.creditor for d in open_debts(ctx)))
    return [Say("who_are_you_verified", {**about, "creditors": creditors}, (OWE, PERSON) if creditors else (PERSON,))]


def _register(ctx: Context) -> dict[str, object]:
    country = ctx.debtor.country if ctx.standing.verified else ctx.conversation.locale[-2:].upper()
    licence = ctx.operator.licence_in(country, ctx.profile.region(ctx.debtor.region) if ctx.standing.verified else None)
    return {"register": licence.register_name if licence else None,
            "register_number": licence.number if licence else None}


@action("action_consequences", needs_identity=True, aside=True)
def consequences(ctx: Context) -> Sequence[Say]:
    """Only what the operator has configured as lawful for this kind of debt and its stage; else a person (rule 16).

    On what rests, is disputed or is too old, nothing is said to follow (rules 13, 15).
    """
    lines = open_debts(ctx)
    if not lines:
        return [nothing(ctx)]
    asked = inviting(lines)
    if not asked:
        return [Say("consequences_resting", {"advice": advice(ctx)}, (ADVICE, PERSON))]
    stages = sorted({(d.kind, d.stage or "default") for d in asked})
    told = [ctx.operator.consequence_text(kind, stage, ctx.debtor.country) for kind, stage in stages]
    words = list(dict.fromkeys(filter(None, told)))
    return [Say("consequences", {"texts": words, "others": bool(words) and None in told, "advice": advice(ctx)},
                (SPREAD, CANNOT, ADVICE, PERSON))]


@action("action_credit_impact", aside=True)
def credit_impact(ctx: Context) -> Sequence[Say]:
    """No prediction of a score (rule 39): who can show the file, and who can say what we report."""
    return [Say("credit_impact", {}, (PERSON,))]


@action("action_abusive")
def abusive(ctx: Context) -> Sequence[Say]:
    """One calm boundary, and a person; a threat is put before staff."""
    if claims.threat(ctx.words):
        placing.threat(ctx.session, **place(ctx))
        return [Say("threat", {"phone": ctx.operator.phone}, (PERSON, Choice("complain", "make_complaint")))]
    return [Say("abusive", {}, (PERSON, Choice("complain", "make_complaint")))]


@action("action_cancel")
def cancel(ctx: Context) -> Sequence[Say]:
    """Ends the present flow; says that nothing was set."""
    was_open = ctx.question is not None
    ctx.close()
    return [Say("cancelled" if was_open else "nothing_to_cancel", {}, menu(ctx))]


@action("action_yes")
def yes(ctx: Context) -> Sequence[Say]:
    """A yes to nothing that was asked: show the way on."""
    return REPEATS[ctx.question](ctx) if ctx.question in REPEATS else [Say("yes_to_what", {}, menu(ctx))]


@action("action_no")
def no(ctx: Context) -> Sequence[Say]:
    """A no: closes what was asked, and leaves the door open."""
    ctx.close()
    return [Say("no_is_fine", {}, menu(ctx))]


@action("action_misunderstood")
def misunderstood(ctx: Context) -> Sequence[Say]:
    """First time: one clear question with the likeliest readings. Second time: a person (rule 31).

    Words that nobody understood may still answer what was asked last.
    """
    if answer := _answer(ctx, any_words=True) or _by_terms(ctx) or _named_debt(ctx):
        return answer
    ctx.conversation.misunderstandings += 1
    if ctx.conversation.misunderstandings > ASK_FIRST:
        return to_person(ctx)
    if ctx.question == "identity" and _LACKS.search(ctx.words):
        return REPEATS["identity"](ctx)
    if ctx.question == "identity":
        return [Say("identity_why", {"one": ctx.standing.identified is not None or ctx.must_prove,
                                     "needed": ctx.needed}, (PERSON,))]
    readings = _readings(ctx)
    return [Say("not_understood", {"readings": bool(readings)}, (*readings, PERSON))]


def _answer(ctx: Context, *, any_words: bool) -> Sequence[Say]:
    """What the answer to the open question does, if these words can be one; empty if not."""
    question = ctx.question or ""
    if ctx.standing.verified is None or question not in ANSWERED_BY or ctx.turn.button_id:
        return []
    terms = any(ctx.turn.terms.get(name) for name in ("amounts", "dates", "frequency"))
    named = question in WHICH and (picked(usable(open_debts(ctx)), ctx.words) or everything(ctx.words))
    if named or (terms and question not in WHICH) or (any_words and question in ANY_WORDS):
        ctx.conversation.misunderstandings = 0
        return ACTIONS[ANSWERED_BY[question]].function(ctx)
    return []


def _by_terms(ctx: Context) -> Sequence[Say]:
    """A figure with a rhythm is a plan, a figure with a day to come a promise, however it was worded."""
    terms = ctx.turn.terms
    if ctx.question is not None or ctx.standing.verified is None or not terms.get("amounts"):
        return []
    wanted = "action_plan" if ctx.frequency else "action_promise" if any(d > ctx.today for d in ctx.dates) else None
    if wanted is None:
        return []
    ctx.conversation.misunderstandings = 0
    return ACTIONS[wanted].function(ctx)


def _named_debt(ctx: Context) -> Sequence[Say]:
    """What we know of the debt that is named, when nothing else of the message was understood."""
    if ctx.question is not None or ctx.standing.verified is None or not meant(open_debts(ctx), ctx.words):
        return []
    ctx.conversation.misunderstandings = 0
    return ACTIONS["action_debt_details"].function(ctx)


def to_person(ctx: Context) -> Sequence[Say]:
    """Our fault, not theirs: a colleague gets the words and answers."""
    placed = placing.not_understood(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.conversation.misunderstandings = 0
    opening = ctx.operator.next_opening(ctx.now)
    return [Say("not_understood_twice", {
        "number": placed.number, "staffed": placed.staffed,
        "next": {"instant": opening.isoformat(), "zone": str(ctx.operator.zone)} if opening else None}, (PERSON,))]


def _readings(ctx: Context) -> list[Choice]:
    """Buttons for the two likeliest readings that have a title of their own."""
    titled = texts(ctx.conversation.language, ctx.conversation.locale).titles
    likely = [r["name"] for r in ctx.ranking if f"meant_{r['name']}" in titled]
    if ctx.standing.verified is None:
        likely = [name for name in likely if name in NEUTRAL]
    if ctx.conversation.safeguarded_at is not None:
        return []
    return [Choice(f"meant_{name}", name) for name in likely[:2]]


@action("action_out_of_scope")
def out_of_scope(ctx: Context) -> Sequence[Say]:
    """Not ours to answer; say what is, and count it, so that it does not go round in circles."""
    if answer := _answer(ctx, any_words=False):
        return answer
    ctx.conversation.misunderstandings += 1
    if ctx.conversation.misunderstandings > ASK_FIRST:
        return to_person(ctx)
    return [Say("out_of_scope", {"verified": ctx.standing.verified is not None}, menu(ctx))]


@action("action_stale_button")
def stale_button(ctx: Context) -> Sequence[Say]:
    """A button from earlier: explain, and show what is open."""
    again = list(REPEATS[ctx.question](ctx)) if ctx.question in REPEATS else []
    return [Say("stale_button", {"open": bool(again)}, () if again else menu(ctx)), *again]


def amount_for_what(ctx: Context) -> Sequence[Say]:
    """A bare figure that answers no question: what is it for? Empty when it cannot be for anything here."""
    lines = inviting(open_debts(ctx))
    found = ctx.amounts(lines[0].balance.currency) if lines else []
    if not found or len({d.balance.currency for d in lines}) > 1 or found[0] > owed(lines):
        return []
    said = found[0]
    return [Say("amount_for_what", {"amount": said.json()}, (
        Choice("pay_that", "pay_now", {"amount": said.minor, "debts": ids(lines)}, {"amount": said.json()}),
        SPREAD, Choice("on_a_day", "promise_to_pay", {"amount": said.minor}), PERSON))]
