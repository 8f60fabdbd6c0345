"""What is owed, what for, what was paid: exact figures from the ledger."""

from collections.abc import Sequence
from typing import Any

from actions.context import Context
from actions.offered import CANNOT, DETAILS, DISPUTE, OWE, PAY, PERSON, PLAN, SPREAD
from actions.registry import action
from conversations.say import Say
from ledger.balances import DebtLine, by_creditor
from ledger.kinds import PlanStatus
from ledger.money import Money, total
from ledger.plans import plans_of
from ledger.receipts import payments_of

SHOWN_PAYMENTS = 6
SHOWN_DEBTS = 12


def nothing(ctx: Context) -> Say:
    """A real "nothing today", with what we hold for the debtor beside it."""
    return Say("balance_nothing", {"name": ctx.debtor.first_name, "overpaid": totals(ctx.balance.overpaid)}, (PERSON,))


def totals(amounts: dict[str, Money]) -> list[dict[str, Any]]:
    """One figure per currency, without the zeros."""
    return [amount.json() for amount in amounts.values() if not amount.is_zero]


@action("action_balance", needs_identity=True, aside=True)
def balance(ctx: Context) -> Sequence[Say]:
    """The exact figure first; a disputed part beside it. Nothing is invited on what may not be asked for."""
    owed = ctx.balance
    lines = [d for d in owed.lines if not d.balance.is_zero]
    name = ctx.debtor.first_name
    if not lines:
        return [nothing(ctx)]
    plans = [p for p in plans_of(ctx.session, ctx.verified, today=ctx.today) if p.status == PlanStatus.ACTIVE]
    resting = [d for d in lines if not d.askable and not d.disputed]
    values = {
        "name": name, "totals": totals(owed.totals), "disputed": totals(owed.disputed), "debts": _creditors(lines),
        "resting": _creditors(resting), "rests_until": _until(resting),
        "plans": [{"creditor": p.creditor, "next": {"amount": p.next_due.amount.json(),
                   "on": {"date": p.next_due.on.isoformat()}} if p.next_due else None} for p in plans],
    }
    if not any(d.askable for d in lines):
        return [Say("balance_on_hold", values, (DETAILS, PERSON))]
    return [Say("balance", values, (DETAILS, PAY, PLAN if plans else SPREAD, CANNOT, PERSON))]


def _creditors(lines: Sequence[DebtLine]) -> list[dict[str, Any]]:
    return [{"creditor": same[0].creditor, "balance": total((d.balance for d in same), currency).json()}
            for (_, currency), same in by_creditor(lines).items()]


def _until(lines: Sequence[DebtLine]) -> dict[str, str] | None:
    """The day until which everything resting rests; None when it is open or differs."""
    days = {d.hold_until for d in lines}
    day = days.pop() if len(days) == 1 else None
    return {"date": day.isoformat()} if day else None


@action("action_debt_details", needs_identity=True, aside=True)
def details(ctx: Context) -> Sequence[Say]:
    """What each debt is for, whose it was, since when, under which number."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    if not lines:
        return [nothing(ctx)]
    rows = []
    for debt in lines[:SHOWN_DEBTS]:
        rows.append({"label": {"title": "plain", "values": {"text": f"{debt.creditor} {debt.ref}"}},
                     "value": {"title": "debt_row", "values": {
                         "balance": debt.balance.json(), "description": debt.description or debt.kind,
                         "opened": debt.opened_on.isoformat(), "disputed": debt.disputed,
                         "original": debt.original_creditor or ""}}})
    card = {"kind": "debts", "title": "card_debts", "rows": rows}
    return [Say("debt_details", {"count": len(lines), "more": max(0, len(lines) - SHOWN_DEBTS)},
                (PAY, SPREAD, DISPUTE, PERSON), card)]


@action("action_payment_history", needs_identity=True, aside=True)
def history(ctx: Context) -> Sequence[Say]:
    """The payments we have, newest first."""
    paid = payments_of(ctx.session, ctx.verified)
    if not paid:
        return [Say("no_payments", {}, (OWE, PERSON))]
    newest = sorted(paid, key=lambda p: p.on, reverse=True)[:SHOWN_PAYMENTS]
    rows = [{"label": {"title": "day", "values": {"on": p.on.isoformat()}},
             "value": {"title": "payment_row", "values": {"amount": p.amount.json(), "creditor": p.creditor}}}
            for p in newest]
    last = newest[0]
    return [Say("payment_history", {"amount": last.amount.json(), "on": {"date": last.on.isoformat()},
                                    "creditor": last.creditor, "count": len(paid)}, (OWE, PERSON),
                {"kind": "payments", "title": "card_payments", "rows": rows})]


@action("action_next_payment", needs_identity=True, aside=True)
def next_payment(ctx: Context) -> Sequence[Say]:
    """What is due next, and when. Without a plan nothing falls due by itself."""
    due = [(p, p.next_due) for p in plans_of(ctx.session, ctx.verified, today=ctx.today)
           if p.status == PlanStatus.ACTIVE and p.next_due]
    if not due:
        return [Say("no_next_payment", {"totals": totals(ctx.balance.totals)}, (PAY, SPREAD, PERSON))]
    return [Say("next_payment", {"dues": [
        {"creditor": p.creditor, "amount": d.amount.json(), "on": {"date": d.on.isoformat()}} for p, d in due if d
    ]}, (PAY, PLAN, PERSON))]


@action("action_interest_fees", needs_identity=True, aside=True)
def interest_fees(ctx: Context) -> Sequence[Say]:
    """What of the balance is interest, fees and costs."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    if not lines:
        return [nothing(ctx)]
    return [Say("interest_fees", {"debts": [
        {"creditor": d.creditor, "principal": d.principal.json(), "added": d.added.json(),
         "any": not d.added.is_zero} for d in lines[:SHOWN_DEBTS]
    ]}, (DETAILS, DISPUTE, PERSON))]
