"""Cannot pay: first a human word, then nothing due today, a hold, a smaller plan, free advice, a person."""

import re
from collections.abc import Sequence

from actions.advice import advice
from actions.context import Context
from actions.debts import nothing, open_debts, usable
from actions.ending import button, ending, wanted
from actions.offered import ADVICE, NO, PERSON
from actions.registry import action, repeats
from actions.running import ask_briefly, require_identity
from compliance import placing
from conversations.say import Choice, Say
from ledger.balances import DebtLine
from ledger.holds import HoldReason

REASONS = {
    "income": r"\b(job|work|redundan|laid off|signed off|factory|unemployed|hours|wages?|fired|sacked|income|salary"
              r"|furlough|benefits?|universal credit|pip|pay ?check|business|shifts?)",
    "illness": r"\b(ill|sick|hospital|cancer|surgery|injur|disab|operation|poorly|depress|anxiety|stroke|pregnan)",
    "bereavement": r"\b(died|death|funeral|passed away|bereave|lost my (mum|mom|dad|wife|husband|son|daughter))",
    "household": r"\b(rent|bills?|kids?|child|divorce|split up|separat|food|energy|mortgage|baby|evict)",
}
"""Why somebody cannot pay, told by word stems. Only the kind is kept, never the sentence."""


_STARTED = re.compile(r"\b(?:put (?:me|us) (?:in|on|into)|(?:i'?m|we'?re|am|are) (?:already )?(?:in|on)|started|"
                      r"granted|approved|accepted|registered|set up|got me)\b")
"""Words of somebody whose adviser has started the statutory scheme."""


def reason_in(words: str) -> str | None:
    """The kind of reason a message names, if it names one."""
    return next((name for name, stems in REASONS.items() if re.search(stems, words)), None)


@action("action_cannot_pay")
def cannot_pay(ctx: Context) -> Sequence[Say]:
    """Kind words at once, whoever it is; the hold needs to know whose debt it is."""
    if asked := ask_briefly(ctx, "action_cannot_pay", lambda: Say("hardship_unverified", {"advice": advice(ctx)})):
        return asked
    lines = open_debts(ctx)
    if not lines:
        return [nothing(ctx)]
    if not any(d.askable for d in lines):
        return [Say("hardship_already", {"until": _until(lines)}, (ADVICE, *button(ctx), PERSON))]
    reason = str(ctx.choice.get("reason") or reason_in(ctx.words) or "")
    if not reason and ctx.question != "hardship_hold":
        ctx.ask("hardship_reason")
        return [Say("hardship_why", {}, (
            Choice("reason_income", "cannot_pay", {"reason": "income"}),
            Choice("reason_illness", "cannot_pay", {"reason": "illness"}),
            Choice("reason_household", "cannot_pay", {"reason": "household"}),
            Choice("reason_untold", "cannot_pay", {"reason": "untold"}), PERSON))]
    return offer_hold(ctx, reason or "untold")


def _until(lines: Sequence[DebtLine]) -> dict[str, str] | None:
    """The day through which everything rests; None when some of it has no set end."""
    ends = {d.hold_until for d in lines}
    first = min((end for end in ends if end is not None), default=None)
    return {"date": first.isoformat()} if first is not None and None not in ends else None


def offer_hold(ctx: Context, reason: str) -> Sequence[Say]:
    """A hold by the creditor's policy, a smaller plan, or a person; and free advice."""
    until = placing.hardship_until(ctx.session, debtor_id=ctx.verified, today=ctx.today)
    ctx.ask("hardship_hold", reason=reason)
    return [Say("hardship_offer", {"reason": reason, "until": {"date": until.isoformat()}, "advice": advice(ctx)}, (
        Choice("yes_hold", "affirm", {"hold": reason}), *_small_plan(ctx), PERSON))]


@action("action_hardship_reason", needs_identity=True)
def hardship_reason(ctx: Context) -> Sequence[Say]:
    """Any answer to "what has changed" is good enough, and none is needed."""
    return offer_hold(ctx, reason_in(ctx.words) or "untold")


@action("action_hardship_hold", needs_identity=True)
def hardship_hold(ctx: Context) -> Sequence[Say]:
    """Yes: set the hold."""
    if wanted(ctx):
        return ending(ctx)
    reason = str(ctx.question_data.get("reason") or ctx.choice.get("hold") or "untold")
    placed = placing.hardship(ctx.session, key=ctx.key, conversation_id=ctx.conversation_id, debtor_id=ctx.verified,
                              reason=reason, now=ctx.now, today=ctx.today)
    ctx.close()
    return [Say("hardship_held", {"until": {"date": placed.until.isoformat()}, "advice": advice(ctx)},
                (*_small_plan(ctx), ADVICE))]


@action("action_hardship_no", needs_identity=True)
def hardship_no(ctx: Context) -> Sequence[Say]:
    """No hold wanted: nothing is due today all the same."""
    ctx.close()
    return [Say("hardship_no_hold", {}, (*_small_plan(ctx), ADVICE, PERSON))]


def _small_plan(ctx: Context) -> tuple[Choice, ...]:
    """Smaller payments, where anything may be paid at all (rules 11, 13, 36)."""
    return (Choice("small_plan", "request_payment_plan"),) if usable(open_debts(ctx)) else ()


@repeats("hardship_hold")
def hold_again(ctx: Context) -> Sequence[Say]:
    """The offer of a hold once more."""
    until = placing.hardship_until(ctx.session, debtor_id=ctx.verified, today=ctx.today)
    return [Say("hardship_hold_again", {"until": {"date": until.isoformat()}},
                (Choice("yes_hold", "affirm", {"hold": ctx.question_data.get("reason", "untold")}), NO))]


@action("action_breathing_space")
def breathing_space(ctx: Context) -> Sequence[Say]:
    """Our own pause is called a hold; the statutory scheme is started by a debt adviser (rule 29).

    Who no longer wants a hold of their own ends it here too.
    """
    if wanted(ctx):
        return (require_identity(ctx, "action_breathing_space") if ctx.standing.verified is None else []) or ending(ctx)
    if asked := ask_briefly(ctx, "action_breathing_space",
                            lambda: Say("breathing_space_unverified", {"advice": advice(ctx)})):
        return asked
    lines = open_debts(ctx)
    if not lines:
        return [nothing(ctx)]
    ctx.close()
    statutory = [d for d in lines if d.hold == HoldReason.BREATHING_SPACE]
    scheme = ctx.profile.moratorium(ctx.debtor.region)
    if statutory:
        return [Say("breathing_space_running", {"until": _until(statutory),
                                                "scheme": scheme.name.lower() if scheme else None}, (PERSON,))]
    placed = placing.breathing_space_request(
        ctx.session, key=ctx.key, conversation_id=ctx.conversation_id, debtor_id=ctx.verified, now=ctx.now,
        today=ctx.today)
    return [Say("breathing_space", {"until": {"date": placed.until.isoformat()}, "advice": advice(ctx),
                                    "statutory": scheme.name.lower() if scheme else None,
                                    "started": bool(_STARTED.search(ctx.words))}, (ADVICE, *button(ctx), PERSON))]


@action("action_debt_advice", aside=True)
def debt_advice(ctx: Context) -> Sequence[Say]:
    """Free, independent advice. We give none ourselves (rule 39)."""
    return [Say("debt_advice", {"advice": advice(ctx, by_phone=False)}, (PERSON,))]


@action("action_vulnerability")
def vulnerability(ctx: Context) -> Sequence[Say]:
    """Acted on from reasonable suspicion; noted with the debtor's yes (rule 28)."""
    placed = placing.vulnerability(ctx.session, key=ctx.key, conversation_id=ctx.conversation_id,
                                   debtor_id=ctx.standing.verified, now=ctx.now, today=ctx.today)
    if ctx.standing.verified is None:
        return [Say("vulnerability_unverified", {"number": placed.number, "advice": advice(ctx),
                                                 "known": ctx.standing.identified is not None}, (PERSON,))]
    if ctx.debtor.vulnerable:
        return [Say("vulnerability_known", {"number": placed.number}, (PERSON, ADVICE))]
    ctx.ask("vulnerability_note")
    return [Say("vulnerability", {"number": placed.number}, (
        Choice("yes_note_it", "affirm", {"note": True}), Choice("no_note", "deny", {"note": False}), PERSON))]


@action("action_vulnerability_note", needs_identity=True)
def note_vulnerability(ctx: Context) -> Sequence[Say]:
    """With the debtor's yes: a flag, so that they need not explain again."""
    placing.note_vulnerability(ctx.session, key=ctx.key, debtor_id=ctx.verified, now=ctx.now)
    ctx.close()
    return [Say("vulnerability_noted", {}, (ADVICE, PERSON))]


@action("action_vulnerability_unnoted", needs_identity=True)
def leave_unnoted(ctx: Context) -> Sequence[Say]:
    """Without their yes nothing is noted; the pause stays."""
    ctx.close()
    return [Say("vulnerability_unnoted", {}, (ADVICE, PERSON))]


@repeats("vulnerability_note")
def note_again(ctx: Context) -> Sequence[Say]:
    """May we note it, once more."""
    return [Say("vulnerability_note_again", {}, (
        Choice("yes_note_it", "affirm", {"note": True}), Choice("no_note", "deny", {"note": False})))]
