"""A one-time code, by e-mail or text message, instead of a date of birth or besides."""

from collections.abc import Sequence

from actions.context import Context
from actions.registry import action
from actions.running import PERSON, remember
from compliance.identity import request_code
from conversations.say import Say

ANSWERS = {"sent": "code_sent", "no_reference": "code_needs_reference", "too_many": "code_too_many"}


@action("action_send_code")
def send(ctx: Context) -> Sequence[Say]:
    """Send a code to the address on file. The answer is the same whether there is one or not."""
    if ctx.standing.verified is not None and not ctx.must_prove:
        return [Say("identity_done", {"name": ctx.debtor.first_name})]
    outcome = request_code(ctx.session, key=ctx.key, conversation_id=ctx.conversation_id, now=ctx.now)
    remember(ctx, "action_balance")
    return [Say(ANSWERS[outcome], {}, PERSON)]
