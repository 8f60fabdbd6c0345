"""What the law wants said before a debt is spoken of (rules 1 and 2: Regulation F, 12 CFR 1006.18(e))."""

from actions.context import Context
from compliance.disclosing import disclosure_due
from conversations.say import Say

SILENT = frozenset({
    "action_self_harm", "action_wrong_person", "action_third_party", "action_deceased", "action_for_themselves",
    "action_stop_contact", "action_human", "action_callback", "action_callback_time", "action_change_language",
    "action_identity", "action_send_code", "action_greet", "action_abusive", "action_update_details",
    "action_new_details", "action_more_for_ticket", "action_adviser_contact", "action_privacy",
})
"""Actions that say nothing of a debt, and those after which nothing may be said of one."""


def before(ctx: Context, action: str) -> list[Say]:
    """The disclosure due before the answer of ``action``, if one is. It is recorded as made with the answer."""
    if action in SILENT or ctx.standing.verified is None:
        return []
    due = disclosure_due(ctx.session, conversation=ctx.conversation, debtor_id=ctx.verified, key=str(ctx.turn.id),
                         subject=f"turn:{ctx.turn.id}", now=ctx.now)
    return [due] if due else []
