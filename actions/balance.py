"""What is owed, what for, what was paid: exact figures from the ledger."""

from collections.abc import Sequence
from typing import Any

from actions.choosing import meant
from actions.context import Context
from actions.debts import age, by_name, inviting, nothing, open_debts, stale, sums, too_old, totals, usable, wall
from actions.ending import button
from actions.menu import allowed
from actions.offered import ADVICE, CANNOT, DETAILS, DISPUTE, OWE, PAY, PERSON, PLAN, SPREAD
from actions.registry import REPEATS, action
from conversations.say import Say
from ledger.balances import DebtLine
from ledger.kinds import PlanStatus, PromiseStatus
from ledger.plans import PlanView, plans_of
from ledger.promises import promises_of
from ledger.receipts import PaymentLine, payments_of

__all__ = ["nothing", "totals"]

SHOWN_PAYMENTS = 6
SHOWN_DEBTS = 12
NAMED_DEBTS = 4
"""So many creditors' figures still make a sentence."""


def active_plans(ctx: Context) -> list[PlanView]:
    """The plans that run."""
    return [p for p in plans_of(ctx.session, ctx.verified, today=ctx.today) if p.status == PlanStatus.ACTIVE]


def only_old(lines: Sequence[DebtLine]) -> bool:
    """Whether there is something, and all of it too old to be asked for."""
    return bool(lines) and all(too_old(d) for d in lines)


def balance_too_old(ctx: Context, lines: Sequence[DebtLine]) -> Say:
    """What stands on the books, and that nobody asks for it."""
    return Say("balance_too_old", {"name": ctx.debtor.first_name, "totals": sums(lines), **age(ctx, lines)},
               () if aside(ctx) else (DETAILS, ADVICE, PERSON))


def aside(ctx: Context) -> bool:
    """Whether a question is open that will be put again after this answer, so that it should end with none."""
    return ctx.question in REPEATS


@action("action_balance", needs_identity=True, aside=True)
def balance(ctx: Context) -> Sequence[Say]:
    """The exact figure first; a disputed part beside it. Nothing is invited on what may not be asked for."""
    owed, lines = ctx.balance, open_debts(ctx)
    if not lines:
        return wall(ctx, lines)
    if only_old(lines):
        return [balance_too_old(ctx, lines)]
    named = meant(lines, ctx.words) if len(by_name(lines)) > 1 else []
    stopped = ctx.contact_stopped and bool(usable(lines))
    resting = [d for d in lines if not d.askable and not d.disputed and not too_old(d)] if not stopped else []
    plans = active_plans(ctx)
    values = {
        "name": ctx.debtor.first_name, "totals": totals(owed.totals), "disputed": totals(owed.disputed),
        "debts": by_name(lines), "resting": by_name(resting), "rests_until": _until(resting),
        "old": by_name([d for d in lines if too_old(d)]), "stopped": stopped,
        "invite": not aside(ctx) and not stopped and bool(inviting(lines)),
        "named": by_name(named), "stale": stale(ctx, lines),
        "plans": [{"creditor": p.creditor, "next": {"amount": p.next_due.amount.json(),
                   "on": {"date": p.next_due.on.isoformat()}} if p.next_due else None} for p in plans],
    }
    if stopped:
        return [Say("balance", values, (DETAILS,) if aside(ctx) else (DETAILS, PERSON))]
    if not inviting(lines):
        return [Say("balance_on_hold", values, (DETAILS, *(() if aside(ctx) else button(ctx)), PERSON))]
    if aside(ctx):
        return [Say("balance", values, (DETAILS,))]
    end = button(ctx) if resting else ()
    return [Say("balance", values, (DETAILS, PAY, PLAN if plans else SPREAD, CANNOT, *end, PERSON))]


def _until(lines: Sequence[DebtLine]) -> dict[str, str] | None:
    """The day until which everything resting rests; None when it is open or differs."""
    days = {d.hold_until for d in lines}
    day = days.pop() if len(days) == 1 else None
    return {"date": day.isoformat()} if day else None


@action("action_debt_details", needs_identity=True, aside=True)
def details(ctx: Context) -> Sequence[Say]:
    """What each debt is for, whose it was, since when, under which number; only the one that was named, if one was."""
    every = open_debts(ctx)
    if not every:
        return wall(ctx, every)
    lines = meant(every, ctx.words) or every
    rows = []
    for debt in lines[:SHOWN_DEBTS]:
        rows.append({"label": {"title": "plain", "values": {"text": f"{debt.creditor} {debt.ref}"}},
                     "value": {"title": "debt_row", "values": {
                         "balance": debt.balance.json(), "description": debt.description or debt.kind,
                         "opened": debt.opened_on.isoformat(), "disputed": debt.disputed,
                         "original": debt.original_creditor or ""}}})
    card = {"kind": "debts", "title": "card_debts", "rows": rows}
    values = {"count": len(lines), "more": max(0, len(lines) - SHOWN_DEBTS),
              "disputed": any(d.disputed for d in lines), "stale": stale(ctx, lines), **age(ctx, lines)}
    buttons = () if aside(ctx) else allowed(lines, PAY, SPREAD, DISPUTE, PERSON)
    return [Say("debt_details", values, buttons, card)]


@action("action_payment_history", needs_identity=True, aside=True)
def history(ctx: Context) -> Sequence[Say]:
    """The payments we have, newest first; and whether the one that was asked about is among them."""
    paid = sorted(payments_of(ctx.session, ctx.verified), key=lambda p: p.on, reverse=True)
    if not paid:
        return [Say("no_payments", {"asked": _asked(ctx, [])}, (OWE, PERSON))]
    newest = paid[:SHOWN_PAYMENTS]
    rows = [{"label": {"title": "day", "values": {"on": p.on.isoformat()}},
             "value": {"title": "payment_row", "values": {"amount": p.amount.json(), "creditor": p.creditor}}}
            for p in newest]
    card = {"kind": "payments", "title": "card_payments", "rows": rows} if len(rows) > 1 else None
    return [Say("payment_history", {**last_payment(newest), "count": len(paid), "asked": _asked(ctx, paid)},
                (OWE, PERSON), card)]


def last_payment(paid: Sequence[PaymentLine]) -> dict[str, Any]:
    """The newest of ``paid`` as values."""
    last = max(paid, key=lambda p: p.on)
    return {"amount": last.amount.json(), "on": {"date": last.on.isoformat()}, "creditor": last.creditor}


def _asked(ctx: Context, paid: Sequence[PaymentLine]) -> dict[str, object] | None:
    """The amount the debtor asks after, when we have no payment of it."""
    currency = paid[0].amount.currency if paid else next((d.balance.currency for d in ctx.balance.lines), "GBP")
    found = ctx.amounts(currency)
    return found[0].json() if found and all(p.amount != found[0] for p in paid) else None


@action("action_next_payment", needs_identity=True, aside=True)
def next_payment(ctx: Context) -> Sequence[Say]:
    """What is due next: by a plan, or by the debtor's own word. Without either nothing falls due by itself."""
    lines = open_debts(ctx)
    if only_old(lines):
        return [balance_too_old(ctx, lines)]
    dues = [{"creditor": p.creditor, "amount": p.next_due.amount.json(), "on": {"date": p.next_due.on.isoformat()},
             "overdue": p.overdue.json()} for p in active_plans(ctx) if p.next_due]
    promised = [{"amount": (p.amount - p.received).json(), "on": {"date": p.due_on.isoformat()}}
                for p in promises_of(ctx.session, ctx.verified)
                if p.status == PromiseStatus.OPEN and p.received < p.amount]
    if not dues and not promised:
        return [Say("no_next_payment", {"totals": sums(lines), "invite": bool(inviting(lines)) and not aside(ctx)},
                    () if aside(ctx) else allowed(lines, PAY, SPREAD, PERSON))]
    return [Say("next_payment", {"dues": dues, "promised": promised},
                () if aside(ctx) else allowed(lines, PAY, *((PLAN,) if dues else ()), PERSON))]


@action("action_interest_fees", needs_identity=True, aside=True)
def interest_fees(ctx: Context) -> Sequence[Say]:
    """What of the balance is interest, fees and costs."""
    every = open_debts(ctx)
    if not every:
        return wall(ctx, every)
    named = meant(every, ctx.words) or every
    grown = [d for d in named if not d.added.is_zero]
    return [Say("interest_fees", {
        "debts": [{"creditor": d.creditor, "principal": d.principal.json(), "added": d.added.json()}
                  for d in grown[:NAMED_DEBTS]],
        "others": len(named) > len(grown),
        "more": max(0, len(grown) - NAMED_DEBTS),
    }, () if aside(ctx) else (DETAILS, DISPUTE, PERSON))]
