"""How, when and whether we may write; a person; ringing back; details that changed; the language."""

from collections.abc import Sequence

from actions.context import Context
from actions.offered import OWE, PERSON
from actions.registry import action
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say


@action("action_stop_contact")
def stop_contact(ctx: Context) -> Sequence[Say]:
    """Done at once, on every channel; one may be kept afterwards (rules 7, 9, 10, 22)."""
    placing.stop_contact(ctx.session, **place(ctx))
    ctx.close()
    return [Say("stopped", {"verified": ctx.standing.verified is not None})]


@action("action_contact_preferences")
def preferences(ctx: Context) -> Sequence[Say]:
    """What was wished is noted word for word; a named channel or hour takes effect at once."""
    placed = placing.contact_preference(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("preferences", {"number": placed.number, "stopped": placed.stopped_channels,
                                "verified": ctx.standing.verified is not None}, (PERSON,))]


@action("action_update_details")
def update_details(ctx: Context) -> Sequence[Say]:
    """New details never change by a chat message alone: a colleague confirms them by a second factor."""
    placed = placing.details_change(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.ask("new_details", ticket=placed.number)
    return [Say("update_details", {"number": placed.number})]


@action("action_new_details")
def new_details(ctx: Context) -> Sequence[Say]:
    """The new details themselves, put before the colleague who confirms them."""
    number = str(ctx.question_data.get("ticket", ""))
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    ctx.close()
    return [Say("new_details", {"number": number})]


@action("action_human")
def human(ctx: Context) -> Sequence[Say]:
    """A person: now when somebody is on duty, else with opening hours and a number (rule 31)."""
    placed = placing.request_human(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("human_now" if placed.staffed else "human_later", _hours(ctx, placed.number),
                () if placed.staffed else (Choice("ring_me", "request_callback"),))]


def _hours(ctx: Context, number: str) -> dict[str, object]:
    opening = ctx.operator.next_opening(ctx.now)
    return {"number": number, "phone": ctx.operator.phone, "hours": ctx.operator.hours_text,
            "next": {"instant": opening.isoformat(), "zone": str(ctx.operator.zone)} if opening else None}


@action("action_callback")
def callback(ctx: Context) -> Sequence[Say]:
    """A call in staff hours; the time is what the debtor says."""
    placed = placing.request_callback(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.ask("callback_time", ticket=placed.number)
    return [Say("callback", _hours(ctx, placed.number))]


@action("action_callback_time")
def callback_time(ctx: Context) -> Sequence[Say]:
    """When and on which number: put before the colleague who calls."""
    number = str(ctx.question_data.get("ticket", ""))
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    ctx.close()
    return [Say("callback_time", {"number": number}, (OWE,))]


@action("action_change_language")
def change_language(ctx: Context) -> Sequence[Say]:
    """What we can speak, honestly; a wish for another language goes to a colleague."""
    placed = placing.language_request(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("change_language", {"number": placed.number}, (PERSON,))]
