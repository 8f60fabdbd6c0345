"""How, when and whether we may write; a person; ringing back; details that changed; the language."""

import re
from collections.abc import Sequence

from actions.context import Context
from actions.guard import reply
from actions.offered import PERSON
from actions.registry import action
from actions.rights import place
from compliance import placing
from compliance.models import Channel
from conversations.say import Choice, Say
from ledger.models import Debtor

_A_TIME = re.compile(
    r"\b(?:morning|afternoon|evening|lunch\w*|noon|tonight|any ?time|after|before|between|\d{1,2}\s*(?:am|pm)|o'?clock|"
    r"\d{1,2}[:.]\d\d)\b")
_NO_CALLS = re.compile(r"\b(?:don'?t|do not|never|stop|no more|rather not)\b[^.,;]*\b(?:call|ring|phon)")
"""Words against being rung, however they were read."""
_WORKPLACE = re.compile(r"\b(?:at|my|to) (?:work|job|office|workplace|employer|boss)\b")
_A_DETAIL = re.compile(r"\[(?:phone|email|postcode)\]")
_OUR_NUMBER = re.compile(r"\[phone\]")


@action("action_stop_contact")
def stop_contact(ctx: Context) -> Sequence[Say]:
    """Done at once, on every channel; one may be kept afterwards (rules 7, 9, 10, 22)."""
    placed = placing.stop_contact(ctx.session, **place(ctx))
    known = ctx.standing.verified or ctx.standing.identified
    if known is None:
        ctx.ask("more_for_ticket", ticket=placed.number)
        return [Say("stopped_here", {"number": placed.number})]
    ctx.close()
    debtor = ctx.session.get_one(Debtor, known)
    ways = [Choice(f"keep_{channel}", "change_contact_preferences", {"keep": str(channel)})
            for channel, there in ((Channel.EMAIL, debtor.email), (Channel.SMS, debtor.phone)) if there]
    return [Say("stopped", {"keep": bool(ways)}, ways)]


@action("action_contact_preferences")
def preferences(ctx: Context) -> Sequence[Say]:
    """What was wished is noted word for word; a named channel or hour takes effect at once."""
    if re.search(r"\bnew\b", ctx.words) and _A_DETAIL.search(ctx.turn.masked):
        return update_details(ctx)
    keep = Channel(str(ctx.choice["keep"])) if ctx.choice.get("keep") else None
    placed = placing.contact_preference(ctx.session, words=ctx.turn.raw, keep=keep, **place(ctx))
    known = ctx.standing.verified is not None or ctx.standing.identified is not None
    return [Say("preferences" if known else "preferences_unknown", {
        "number": placed.number, "only": placed.only, "kept": placed.kept,
        "stopped": [c for c in placed.stopped_channels if c not in ("web", "terminal")] if not placed.only else [],
        "not_before": f"{placed.not_before:%H:%M}" if placed.not_before else None,
        "not_after": f"{placed.not_after:%H:%M}" if placed.not_after else None,
        "at_work": bool(_WORKPLACE.search(ctx.words))}, (PERSON,))]


@action("action_update_details", fresh=True)
def update_details(ctx: Context) -> Sequence[Say]:
    """New details never change by a chat message alone: a colleague confirms them by a second factor."""
    placed = placing.details_change(ctx.session, words=ctx.turn.raw, **place(ctx))
    if _A_DETAIL.search(ctx.turn.masked):
        ctx.close()
        return [Say("new_details", {"number": placed.number}, (PERSON,))]
    ctx.ask("new_details", ticket=placed.number)
    return [Say("update_details", {"number": placed.number})]


@action("action_new_details", fresh=True)
def new_details(ctx: Context) -> Sequence[Say]:
    """The new details themselves, put before the colleague who confirms them."""
    placed = placing.details_change(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.close()
    return [Say("new_details", {"number": placed.number}, (PERSON,))]


@action("action_human")
def human(ctx: Context) -> Sequence[Say]:
    """A person: now when somebody is on duty, else by when, with opening hours and a number (rule 31)."""
    placed = placing.request_human(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("human_now" if placed.staffed else "human_later", _hours(ctx, placed),
                () if placed.staffed else (Choice("ring_me", "request_callback"),))]


def _hours(ctx: Context, placed: placing.Placed) -> dict[str, object]:
    return {"number": placed.number, "phone": ctx.operator.phone, "hours": ctx.operator.hours_text,
            "open": ctx.operator.open_at(ctx.now), **reply(ctx, placed)}


@action("action_callback")
def callback(ctx: Context) -> Sequence[Say]:
    """A call in staff hours; the time is what the debtor says, and only what was not said yet is asked."""
    if _NO_CALLS.search(ctx.words):
        return preferences(ctx)
    placed = placing.request_callback(ctx.session, words=ctx.turn.raw, **place(ctx))
    when = ctx.turn.button_id is None and bool(_A_TIME.search(ctx.words) or ctx.turn.terms.get("dates"))
    number = bool(_OUR_NUMBER.search(ctx.turn.masked))
    if when and number:
        ctx.close()
        return [Say("callback_time", _hours(ctx, placed), (PERSON,))]
    ctx.ask("callback_time", ticket=placed.number)
    return [Say("callback", {**_hours(ctx, placed), "when": when, "where": number})]


@action("action_callback_time")
def callback_time(ctx: Context) -> Sequence[Say]:
    """When and on which number: put before the colleague who calls."""
    placed = placing.request_callback(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.close()
    return [Say("callback_time", _hours(ctx, placed), (PERSON,))]


@action("action_change_language")
def change_language(ctx: Context) -> Sequence[Say]:
    """What we can speak, honestly; a wish for another language goes to a colleague."""
    placed = placing.language_request(ctx.session, words=ctx.turn.raw, **place(ctx))
    spanish = bool(re.search(r"espa[nñ]ol|spanish|castellano|habla", ctx.words))
    return [Say("change_language", {"number": placed.number, "spanish": spanish}, (PERSON,))]
