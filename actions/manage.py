"""An arrangement that stands: how it goes, changing it, ending it, a missed instalment, a settlement."""

from collections.abc import Sequence
from typing import Any

from actions.balance import totals
from actions.context import ACTOR, Context
from actions.offered import CANNOT, OWE, PAY, PERSON, SPREAD
from actions.registry import action, repeats
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say
from ledger.kinds import PlanStatus
from ledger.models import Creditor
from ledger.plans import PlanView, cancel_plan, plans_of
from ledger.policy import policy_for
from ledger.settlements import settlement_for


def _active(ctx: Context) -> list[PlanView]:
    return [p for p in plans_of(ctx.session, ctx.verified, today=ctx.today) if p.status == PlanStatus.ACTIVE]


def _plan_values(plan: PlanView) -> dict[str, Any]:
    return {"creditor": plan.creditor, "paid": plan.paid.json(), "left": plan.left.json(), "total": plan.total.json(),
            "instalment": plan.instalment.json(), "every": plan.frequency.every, "unit": plan.frequency.unit,
            "kept": plan.kept, "missed": plan.missed, "count": plan.count, "overdue": plan.overdue.json(),
            "next": {"amount": plan.next_due.amount.json(), "on": {"date": plan.next_due.on.isoformat()}}
            if plan.next_due else None}


@action("action_plan_status", needs_identity=True, aside=True)
def plan_status(ctx: Context) -> Sequence[Say]:
    """How far each plan is: kept, missed, left, next."""
    plans = _active(ctx)
    if not plans:
        return [Say("no_plan", {"totals": totals(ctx.balance.totals)}, (SPREAD, OWE, PERSON))]
    return [Say("plan_status", {"plans": [_plan_values(p) for p in plans]},
                (PAY, Choice("change_plan", "change_payment_plan"), PERSON))]


@action("action_change_plan", needs_identity=True)
def change_plan(ctx: Context) -> Sequence[Say]:
    """A change is made by a colleague; what was said goes with it, and nobody chases meanwhile."""
    plans = _active(ctx)
    if not plans:
        return [Say("no_plan", {"totals": totals(ctx.balance.totals)}, (SPREAD, OWE, PERSON))]
    placed = placing.plan_change(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("change_plan", {"number": placed.number, "plans": [_plan_values(p) for p in plans],
                                "until": {"date": placed.until.isoformat()} if placed.until else None},
                (Choice("end_plan", "cancel_payment_plan"), CANNOT, PERSON))]


@action("action_cancel_plan", needs_identity=True)
def ask_cancel(ctx: Context) -> Sequence[Say]:
    """Ending a plan is binding: what that means, and a button."""
    plans = _active(ctx)
    if not plans:
        return [Say("no_plan", {"totals": totals(ctx.balance.totals)}, (SPREAD, OWE, PERSON))]
    ctx.ask("plan_cancel")
    return [Say("cancel_plan_sure", {"plans": [_plan_values(p) for p in plans]}, [
        *(Choice("yes_end", "confirm_cancel_plan", {"plan": p.plan_id, "version": p.version},
                 {"creditor": p.creditor}, binding=True) for p in plans),
        Choice("keep_plan", "deny"), Choice("change_plan", "change_payment_plan")])]


@action("action_confirm_cancel_plan", needs_identity=True)
def confirm_cancel(ctx: Context) -> Sequence[Say]:
    """The button was pressed: end it, if it is still the plan that was shown."""
    plan = next((p for p in _active(ctx) if p.plan_id == ctx.choice.get("plan")), None)
    ctx.close()
    if plan is None or plan.version != ctx.choice.get("version"):
        return [Say("offer_changed", {}, (OWE, PERSON))]
    cancel_plan(ctx.session, key=ctx.key, plan_id=plan.plan_id, actor=ACTOR, now=ctx.now)
    return [Say("plan_cancelled", _plan_values(plan), (SPREAD, CANNOT, PERSON))]


@action("action_keep_plan", needs_identity=True)
def keep_plan(ctx: Context) -> Sequence[Say]:
    """The plan stays as it was."""
    ctx.close()
    return [Say("plan_kept", {})]


@action("action_press_to_end", needs_identity=True)
def press_to_end(ctx: Context) -> Sequence[Say]:
    """A typed yes to ending a plan: binding needs the button."""
    return [Say("press_the_button", {}), *ask_cancel(ctx)]


@repeats("plan_cancel")
def cancel_again(ctx: Context) -> Sequence[Say]:
    """Whether to end the plan, once more."""
    return ask_cancel(ctx)


@action("action_missed_payment", needs_identity=True)
def missed(ctx: Context) -> Sequence[Say]:
    """What was due, what is kept, and the ways on; never a reproach."""
    plans = _active(ctx)
    if not plans:
        return [Say("missed_no_plan", {"totals": totals(ctx.balance.totals)}, (PAY, SPREAD, CANNOT, PERSON))]
    plan = next((p for p in plans if p.missed), plans[0])
    buttons: list[Choice] = []
    if not plan.overdue.is_zero:
        buttons.append(Choice("pay_missed", "pay_now", {"amount": plan.overdue.minor, "debt": int(plan.debts[0][0])},
                              {"amount": plan.overdue.json()}))
    buttons += [Choice("change_plan", "change_payment_plan"), CANNOT, PERSON]
    return [Say("missed_payment", _plan_values(plan), buttons)]


@action("action_settlement", needs_identity=True)
def settlement(ctx: Context) -> Sequence[Say]:
    """What the creditor's policy lets us offer, put to a colleague to be set up; never pressed (rules 23, 26)."""
    payable = [d for d in ctx.balance.lines if d.payable and not d.balance.is_zero]
    if not payable:
        return [Say("nothing_to_ask", {"totals": totals(ctx.balance.totals)}, (PERSON,))]
    offered = []
    for debt in payable:
        policy = policy_for(ctx.session.get_one(Creditor, debt.creditor_id))
        if found := settlement_for(policy, debt.balance, today=ctx.today):
            offered.append({"creditor": debt.creditor, "balance": debt.balance.json(), "amount": found.amount.json(),
                            "payments": found.payments, "until": {"date": found.until.isoformat()}})
    placed = placing.settlement_request(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("settlement", {"offers": offered, "number": placed.number}, (SPREAD, CANNOT, PERSON))]


@action("action_statement", needs_identity=True, aside=True)
def statement(ctx: Context) -> Sequence[Say]:
    """The figures here and now; the document comes from a colleague."""
    placed = placing.statement_request(ctx.session, **place(ctx))
    return [Say("statement", {"number": placed.number, "totals": totals(ctx.balance.totals),
                              "email": bool(ctx.debtor.email)},
                (Choice("my_payments", "ask_payment_history"), OWE, PERSON))]
