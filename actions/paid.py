"""Already paid: what we can see, a hold while the rest is traced, and no argument. And payments that went wrong."""

from collections.abc import Sequence

from actions.balance import last_payment
from actions.context import Context
from actions.debts import open_debts, totals, usable
from actions.offered import OWE, PERSON
from actions.registry import action
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say
from ledger.receipts import payments_of


@action("action_already_paid", needs_identity=True)
def already_paid(ctx: Context) -> Sequence[Say]:
    """Look, say what is there, pause while it is traced; ask roughly when, how much and how, unless that was said."""
    lines = open_debts(ctx)
    paid = payments_of(ctx.session, ctx.verified)
    last = last_payment(paid) if paid else None
    if not lines:
        return [Say("paid_and_clear", {"last": last, "overpaid": totals(ctx.balance.overpaid)}, (PERSON,))]
    placed = placing.already_paid(ctx.session, **place(ctx))
    told = bool(ctx.turn.terms.get("amounts") and ctx.turn.terms.get("dates"))
    placing.add_to_ticket(ctx.session, number=placed.number, words=ctx.turn.raw, now=ctx.now)
    if told:
        ctx.close()
    else:
        ctx.ask("paid_details", ticket=placed.number)
    return [Say("already_paid", {"last": last, "until": {"date": placed.until.isoformat()}, "days": placed.days,
                                 "number": placed.number, "told": told}, (PERSON,))]


@action("action_paid_details", needs_identity=True)
def paid_details(ctx: Context) -> Sequence[Say]:
    """When, how much and how: put before the colleague who traces it."""
    number = str(ctx.question_data.get("ticket", ""))
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    ctx.close()
    return [Say("paid_details", {"number": number}, (OWE,))]


@action("action_payment_problem", aside=True)
def payment_problem(ctx: Context) -> Sequence[Say]:
    """A broken link, a declined card, charged twice: a new link is one tap away, and a person looks."""
    placed = placing.payment_problem(ctx.session, **place(ctx))
    placing.add_to_ticket(ctx.session, number=placed.number, words=ctx.turn.raw, now=ctx.now)
    verified = ctx.standing.verified is not None
    again = verified and bool(usable(open_debts(ctx)))
    buttons = (*((Choice("fresh_link", "pay_now"), OWE) if again else ()), PERSON)
    return [Say("payment_problem", {"number": placed.number, "again": again}, buttons)]
