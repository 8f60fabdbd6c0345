"""Ending a hold at the debtor's own wish: what rests and until when, what changes, one button, and what was done."""

import re
from collections.abc import Sequence
from typing import Any

from actions.context import Context
from actions.debts import inviting, open_debts
from actions.menu import menu
from actions.offered import END_HOLD, OWE, PERSON
from compliance.placing import end_own_holds, own_holds
from conversations.say import Choice, Say
from ledger.holds import active_holds
from ledger.models import Debt, Hold
from runtime.ids import DebtId

_ENDS = re.compile(
    r"\b(?<!n't )(?<!not )(?:end|lift|remove|cancel|stop|undo|finish|take off)"
    r"\s+(?:(?:the|my|this|that|your|our|a)\s+)?(?:payment\s+)?(?:hold|pause)\b|"
    r"\btake (?:the|my|this|that) (?:hold|pause) (?:off|away)\b|"
    r"\btake (?:it|me|this|that|them|everything|us) off (?:the )?(?:hold|pause)\b|"
    r"\b(?:don'?t|do not|no longer) (?:need|want)\b[^.?!,]{0,12}\b(?:hold|pause)\b")
"""Words that want a hold ended. What they lead to is a question, so that a wrong guess costs nothing."""


def said(words: str) -> bool:
    """Whether these words want a hold ended."""
    return bool(_ENDS.search(words.replace("\u2019", "'")))


def wanted(ctx: Context) -> bool:
    """Whether the turn wants a hold ended, by a button or in words."""
    return "end" in ctx.choice if ctx.turn.button_id else said(ctx.words)


def button(ctx: Context) -> tuple[Choice, ...]:
    """The way to end a hold, where there is one that the debtor may end."""
    return (END_HOLD,) if own_holds(ctx.session, debtor_id=ctx.verified, now=ctx.now) else ()


def ending(ctx: Context) -> Sequence[Say]:
    """First what it means, with a binding button; then, when that was pressed, the end of it."""
    chosen = ctx.choice.get("end")
    return _ended(ctx, chosen) if ctx.turn.button_id and isinstance(chosen, list) else _ask(ctx)


def _ask(ctx: Context) -> Sequence[Say]:
    ctx.close()
    every, own = active_holds(ctx.session, debtor_id=ctx.verified, now=ctx.now), _own(ctx)
    if not own:
        return [Say("hold_not_yours", {"any": bool(every)}, (OWE, PERSON))]
    yes = Choice("yes_end_hold", "request_breathing_space", {"end": [hold.id for hold in own]}, binding=True)
    return [Say("hold_end_sure", {"holds": _values(ctx, own), "others": len(every) > len(own),
                                  "stopped": ctx.contact_stopped}, (yes, Choice("keep_hold", "deny"), PERSON))]


def _ended(ctx: Context, chosen: list[Any]) -> Sequence[Say]:
    ctx.close()
    ended = end_own_holds(ctx.session, key=ctx.key, conversation_id=ctx.conversation_id, debtor_id=ctx.verified,
                          hold_ids=[number for number in chosen if isinstance(number, int)], now=ctx.now)
    if not ended:
        return [Say("hold_ended_before", {}, (OWE, PERSON))]
    left = active_holds(ctx.session, debtor_id=ctx.verified, now=ctx.now)
    return [Say("hold_ended", {"holds": _values(ctx, ended), "on": {"date": ctx.today.isoformat()},
                               "others": bool(left), "reminders": not ctx.contact_stopped
                               and bool(inviting(open_debts(ctx)))}, menu(ctx))]


def _own(ctx: Context) -> list[Hold]:
    return own_holds(ctx.session, debtor_id=ctx.verified, now=ctx.now)


def _values(ctx: Context, holds: Sequence[Hold]) -> list[dict[str, Any]]:
    return [{"reason": str(hold.reason), "creditor": _creditor(ctx, hold),
             "until": {"date": hold.until.isoformat()} if hold.until else None} for hold in holds]


def _creditor(ctx: Context, hold: Hold) -> str | None:
    return ctx.session.get_one(Debt, DebtId(hold.debt_id)).creditor.name if hold.debt_id is not None else None
