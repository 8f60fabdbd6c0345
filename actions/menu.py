"""What can be chosen next."""

from collections.abc import Sequence

from actions.context import Context
from actions.debts import inviting, open_debts
from actions.offered import CANNOT, OWE, PAY, PERSON, SPREAD, WHAT_IS_THIS
from conversations.say import Choice
from ledger.balances import DebtLine

ASKING = ("pay_now", "request_payment_plan", "cannot_pay")
"""Intents of buttons that speak of paying."""


def menu(ctx: Context) -> tuple[Choice, ...]:
    """The general choices.

    Nothing that hints at a debt before identity (rules 3, 4), and no invitation to pay where a hold or the age of the
    debts forbids asking (rule 15).
    """
    if ctx.standing.verified is None:
        return (WHAT_IS_THIS, PERSON)
    return (OWE, PAY, SPREAD, CANNOT, PERSON) if inviting(open_debts(ctx)) else (OWE, PERSON)


def allowed(lines: Sequence[DebtLine], *buttons: Choice) -> tuple[Choice, ...]:
    """``buttons`` without those that speak of paying, unless we may ask for something of ``lines``."""
    return buttons if inviting(lines) else tuple(b for b in buttons if b.intent not in ASKING)
