"""Who is answered by care or by a person whatever they ask: somebody in danger, and the affairs of one who has died.

After a sign of self-harm money returns only when the debtor raises it, and then with a person (rule 35). What a
debtor who is reported dead owed is spoken of by a person with spouse, executor or representative only (rule 20).
"""

from collections.abc import Sequence
from typing import Any

from actions.context import Context
from actions.offered import PERSON
from compliance import placing
from compliance.holds import reasons
from compliance.operator import crisis_for
from conversations.say import Say
from ledger.kinds import HoldReason

HEARD_AS_EVER = frozenset({
    "action_self_harm", "action_human", "action_callback", "action_callback_time", "action_stop_contact",
    "action_contact_preferences", "action_update_details", "action_new_details", "action_deceased",
    "action_wrong_person", "action_third_party", "action_for_themselves", "action_represented", "action_bankruptcy",
    "action_adviser_contact", "action_more_for_ticket", "action_complaint", "action_privacy", "action_change_language",
    "action_dispute", "action_dispute_which", "action_fraud", "action_validation", "action_vulnerability",
    "action_vulnerability_note", "action_vulnerability_unnoted", "action_debt_advice", "action_identity",
    "action_send_code",
})
"""What is done in every state: rights, contact, a person, and saying who one is."""
TALK = frozenset({
    "action_greet", "action_help", "action_cancel", "action_yes", "action_no", "action_misunderstood",
    "action_out_of_scope", "action_inform", "action_abusive", "action_stale_button", "action_who_are_you",
})
"""Talk that would otherwise end with an offer about money."""


def instead(ctx: Context, name: str) -> Sequence[Say]:
    """What is said in place of the action ``name``; empty when it may run."""
    if name in HEARD_AS_EVER:
        return []
    reasons = _reasons(ctx)
    if HoldReason.SELF_HARM in reasons or (ctx.standing.verified is None and ctx.conversation.safeguarded_at):
        if name == "action_who_are_you" and ctx.standing.verified is None:
            return []
        return _care(ctx, money=name not in TALK)
    if HoldReason.DECEASED in reasons and name not in TALK:
        placed = placing.request_human(ctx.session, words="Writes about somebody who has died.", **_place(ctx))
        return [Say("estate_with_a_person", {"number": placed.number, **reply(ctx, placed)}, (PERSON,))]
    return []


def reply(ctx: Context, placed: placing.Placed) -> dict[str, Any]:
    """Whether a colleague is there now, and by when one answers at the latest."""
    return {"staffed": placed.staffed,
            "by": {"instant": ctx.operator.reply_by(ctx.now).isoformat(), "zone": str(ctx.operator.zone)}}


def crisis(ctx: Context) -> list[dict[str, str | None]]:
    """Whom to ring in a crisis, where the debtor lives."""
    region = ctx.debtor.region if ctx.standing.verified else None
    return [{"name": c.name, "phone": c.phone, "how": c.how} for c in crisis_for(ctx.profile, ctx.operator, region)]


def _care(ctx: Context, *, money: bool) -> Sequence[Say]:
    ctx.close()
    if not money:
        return [Say("safeguarded_talk", {"crisis": crisis(ctx)}, (PERSON,))]
    placed = placing.request_human(ctx.session, words="Asks about money after a sign of self-harm: with a person only.",
                                   **_place(ctx))
    return [Say("safeguarded_money", {"number": placed.number, "crisis": crisis(ctx), **reply(ctx, placed)}, (PERSON,))]


def _reasons(ctx: Context) -> frozenset[HoldReason]:
    if ctx.standing.verified is None:
        return frozenset()
    return reasons(ctx.session, ctx.verified, now=ctx.now)


def _place(ctx: Context) -> dict[str, Any]:
    return {"key": ctx.key, "conversation_id": ctx.conversation_id, "debtor_id": ctx.standing.verified,
            "now": ctx.now, "today": ctx.today}
