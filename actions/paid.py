"""Already paid: what we can see, a hold while the rest is traced, and no argument."""

from collections.abc import Sequence

from actions.context import Context
from actions.offered import OWE, PERSON
from actions.registry import action
from actions.rights import place
from compliance import placing
from conversations.say import Say
from ledger.receipts import payments_of


@action("action_already_paid", needs_identity=True)
def already_paid(ctx: Context) -> Sequence[Say]:
    """Look, say what is there, pause while it is traced, ask roughly when, how much and how."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    paid = sorted(payments_of(ctx.session, ctx.verified), key=lambda p: p.on)
    last = {"amount": paid[-1].amount.json(), "on": {"date": paid[-1].on.isoformat()}} if paid else None
    if not lines:
        return [Say("paid_and_clear", {"last": last}, (PERSON,))]
    placed = placing.already_paid(ctx.session, **place(ctx))
    ctx.ask("paid_details", ticket=placed.number)
    return [Say("already_paid", {"last": last, "until": {"date": placed.until.isoformat()}, "days": placed.days,
                                 "number": placed.number}, (PERSON,))]


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
    return [Say("payment_problem", {"number": placed.number, "verified": ctx.standing.verified is not None},
                (OWE, PERSON))]
