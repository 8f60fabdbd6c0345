"""An arrangement that stands: how it goes, changing it, ending it, a missed instalment, a settlement."""

from collections.abc import Sequence
from typing import Any

from actions.balance import active_plans, aside, balance_too_old, last_payment, only_old
from actions.choosing import meant
from actions.context import ACTOR, Context
from actions.debts import inviting, open_debts, sums, usable, wall
from actions.menu import allowed
from actions.offered import CANNOT, CHANGE_PLAN, OWE, PAY, PERSON, PLAN, SPREAD
from actions.plan import rhythm_values
from actions.registry import ACTIONS, action, repeats
from actions.rights import place
from compliance import placing
from conversations.say import Choice, Say
from ledger.kinds import PlanStatus
from ledger.models import Creditor
from ledger.plans import PlanView, cancel_plan, plans_of
from ledger.policy import policy_for
from ledger.receipts import payments_of
from ledger.settlements import settlement_for


def _no_plan(ctx: Context) -> Sequence[Say]:
    """There is no plan that runs; one that was finished is said to be so."""
    lines = open_debts(ctx)
    ended = plans_of(ctx.session, ctx.verified, today=ctx.today)
    done = next((p for p in ended if p.status == PlanStatus.COMPLETED), None)
    if only_old(lines):
        return [balance_too_old(ctx, lines)]
    invite = bool(inviting(lines)) and not aside(ctx)
    return [Say("no_plan", {"totals": sums(lines), "invite": invite, "completed": done and _plan_values(done)},
                () if aside(ctx) else allowed(lines, SPREAD, OWE, PERSON))]


def _plan_values(plan: PlanView) -> dict[str, Any]:
    return {"creditor": plan.creditor, "paid": plan.paid.json(), "left": plan.left.json(), "total": plan.total.json(),
            "instalment": plan.instalment.json(), **rhythm_values(plan.frequency),
            "kept": plan.kept, "missed": plan.missed, "count": plan.count, "overdue": plan.overdue.json(),
            "next": {"amount": plan.next_due.amount.json(), "on": {"date": plan.next_due.on.isoformat()}}
            if plan.next_due else None}


@action("action_plan_status", needs_identity=True, aside=True)
def plan_status(ctx: Context) -> Sequence[Say]:
    """How far each plan is: kept, missed, left, next."""
    plans = active_plans(ctx)
    if not plans:
        return _no_plan(ctx)
    return [Say("plan_status", {"plans": [_plan_values(p) for p in plans]},
                () if aside(ctx) else allowed(open_debts(ctx), PAY, CHANGE_PLAN, PERSON))]


@action("action_change_plan", needs_identity=True, fresh=True)
def change_plan(ctx: Context) -> Sequence[Say]:
    """A change is made by a colleague; what was said goes with it, and nobody chases meanwhile."""
    plans = active_plans(ctx)
    if not plans and ctx.turn.terms.get("amounts"):  # "i can stretch to 12 a month", and there is none to change
        return ACTIONS["action_plan"].function(ctx)
    if not plans:
        return _no_plan(ctx)
    placed = placing.plan_change(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("change_plan", {"number": placed.number, "plans": [_plan_values(p) for p in plans],
                                "until": {"date": placed.until.isoformat()} if placed.until else None},
                (PLAN, CANNOT, PERSON))]


@action("action_cancel_plan", needs_identity=True, fresh=True)
def ask_cancel(ctx: Context) -> Sequence[Say]:
    """Ending a plan is binding: what that means, and a button."""
    plans = active_plans(ctx)
    if not plans:
        return _no_plan(ctx)
    return _sure(ctx, plans, "cancel_plan_sure")


def _sure(ctx: Context, plans: list[PlanView], name: str) -> Sequence[Say]:
    ctx.ask("plan_cancel")
    return [Say(name, {"plans": [_plan_values(p) for p in plans]}, [
        *(Choice("yes_end", "confirm_cancel_plan", {"plan": p.plan_id, "version": p.version},
                 {"creditor": p.creditor}, binding=True) for p in plans),
        Choice("keep_plan", "deny"), CHANGE_PLAN])]


@action("action_confirm_cancel_plan", needs_identity=True, fresh=True)
def confirm_cancel(ctx: Context) -> Sequence[Say]:
    """The button was pressed: end it, if it is still the plan that was shown."""
    plan = next((p for p in active_plans(ctx) if p.plan_id == ctx.choice.get("plan")), None)
    ctx.close()
    if plan is None or plan.version != ctx.choice.get("version"):
        return [Say("plan_changed_since", {}, (PLAN, PERSON))]
    cancel_plan(ctx.session, key=ctx.key, plan_id=plan.plan_id, actor=ACTOR, now=ctx.now)
    return [Say("plan_cancelled", _plan_values(plan), allowed(open_debts(ctx), SPREAD, CANNOT, PERSON))]


@action("action_keep_plan", needs_identity=True)
def keep_plan(ctx: Context) -> Sequence[Say]:
    """The plan stays as it was."""
    ctx.close()
    return [Say("plan_kept", {}, (PLAN, CHANGE_PLAN))]


@action("action_press_to_end", needs_identity=True)
def press_to_end(ctx: Context) -> Sequence[Say]:
    """A typed yes to ending a plan: binding needs the button."""
    plans = active_plans(ctx)
    return _sure(ctx, plans, "press_to_end") if plans else _no_plan(ctx)


@repeats("plan_cancel")
def cancel_again(ctx: Context) -> Sequence[Say]:
    """Whether to end the plan, once more."""
    plans = active_plans(ctx)
    return _sure(ctx, plans, "cancel_plan_again") if plans else _no_plan(ctx)


@action("action_missed_payment", needs_identity=True)
def missed(ctx: Context) -> Sequence[Say]:
    """What was due, what is kept, and the ways on; never a reproach."""
    plans, lines = active_plans(ctx), open_debts(ctx)
    if not lines:
        return wall(ctx, lines)
    if not plans and only_old(lines):
        return [balance_too_old(ctx, lines)]
    if not plans:
        return [Say("missed_no_plan", {"totals": sums(lines), "invite": bool(inviting(lines))},
                    allowed(lines, PAY, SPREAD, CANNOT, PERSON))]
    plan = next((p for p in plans if p.missed), plans[0])
    covered = [int(debt_id) for debt_id, _ref in plan.debts]
    buttons = [CHANGE_PLAN, CANNOT, PERSON]
    if not plan.overdue.is_zero and usable(lines):
        buttons.insert(0, Choice("pay_missed", "pay_now", {"amount": plan.overdue.minor, "debts": covered},
                                 {"amount": plan.overdue.json()}))
    return [Say("missed_payment", _plan_values(plan), buttons)]


@action("action_settlement", needs_identity=True)
def settlement(ctx: Context) -> Sequence[Say]:
    """What the creditor's policy lets us offer, put to a colleague to be set up; never pressed (rules 23, 26)."""
    lines = open_debts(ctx)
    if blocked := wall(ctx, lines):
        return blocked
    offered = []
    can = usable(lines)
    for debt in meant(can, ctx.words) or can:
        policy = policy_for(ctx.session.get_one(Creditor, debt.creditor_id))
        if found := settlement_for(policy, debt.balance, today=ctx.today, opened_on=debt.opened_on):
            offered.append({"creditor": debt.creditor, "balance": debt.balance.json(), "amount": found.amount.json(),
                            "payments": found.payments, "until": {"date": found.until.isoformat()}})
    amounts = ctx.amounts(can[0].balance.currency)
    placed = placing.settlement_request(ctx.session, words=ctx.turn.raw, **place(ctx))
    return [Say("settlement", {"offers": offered, "number": placed.number,
                               "asked": amounts[0].json() if amounts else None}, allowed(can, SPREAD, CANNOT, PERSON))]


@action("action_statement", needs_identity=True, aside=True)
def statement(ctx: Context) -> Sequence[Say]:
    """The figures here and now; the document comes from a colleague."""
    placed = placing.statement_request(ctx.session, **place(ctx))
    paid = payments_of(ctx.session, ctx.verified)
    shown = Say("statement", {"number": placed.number, "totals": sums(open_debts(ctx)),
                              "email": bool(ctx.debtor.email), "last": last_payment(paid) if paid else None},
                () if aside(ctx) else (*((Choice("my_payments", "ask_payment_history"),) if paid else ()), OWE, PERSON))
    return [shown]
