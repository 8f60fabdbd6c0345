"""Catching up: what was missed is added to the next instalments."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.errors import NothingToChange, OutsidePolicy
from ledger.kinds import FollowUp, PlanAct
from ledger.models import Plan
from ledger.money import Money
from ledger.offers import NeedsPerson, most_affordable
from ledger.plans.allowed import debtor_place, missed_by, policy_of
from ledger.plans.versions import Changed, Row, frequency_of, open_change, write_change
from ledger.policy import Policy
from ledger.schedule import Due, Shape, due_dates, steps_until

_DAY = timedelta(days=1)


def catch_up(
    session: Session, *, key: str, plan_id: int, expected: int, actor: str, now: datetime, today: date,
    by_staff: bool = False, why: str = "", surplus: Money | None = None,
) -> Changed | NeedsPerson:
    """Add what was missed to the next instalments, as many as the policy says, in parts that sum to it exactly.

    NeedsPerson when that makes one larger than a month's ``surplus`` carries. The same key again changes nothing.
    Raises NotFound, KeyReused, PlanEnded, PlanChanged, NothingToChange (nothing was missed), OutsidePolicy (the policy
    says otherwise, or so much was missed that a person looks at it) unless ``by_staff``.
    """
    opened = open_change(session, key=key, plan_id=plan_id, expected=expected, act=PlanAct.CAUGHT_UP, content=None)
    if isinstance(opened, Changed):
        return opened
    plan, policy = opened.plan, policy_of(session, opened.balances)
    if not by_staff and (policy.plans.missed.then != "catch_up" or plan.follow_up is FollowUp.PERSON):
        raise OutsidePolicy(f"plan {plan_id} cannot be caught up without a person")
    rows = _rows(plan, policy, policy.shape(debtor_place(session, plan.debtor_id)), today)
    if surplus is not None:
        most = most_affordable(surplus, frequency_of(plan))
        if (largest := max(row.amount for row in rows if row.on >= today)) > most.minor:
            return NeedsPerson(Money(largest, plan.currency), surplus)
    return write_change(session, opened, rows, actor=actor, by_staff=by_staff, why=why, now=now)


def catch_up_dues(session: Session, plan: Plan, *, today: date) -> tuple[Due, ...]:
    """The schedule that ``catch_up`` would make, to be shown first. Raises NothingToChange when nothing was missed."""
    policy = policy_of(session, [share.debt_id for share in plan.debts])
    rows = _rows(plan, policy, policy.shape(debtor_place(session, plan.debtor_id)), today)
    return tuple(Due(row.on, Money(row.amount, plan.currency)) for row in rows)


def _rows(plan: Plan, policy: Policy, shape: Shape, today: date) -> list[Row]:
    unpaid = [i for i in plan.instalments if i.paid < i.amount]
    missed = [i for i in unpaid if missed_by(plan, i.due_on, today)]
    if not missed:
        raise NothingToChange(f"nothing of plan {plan.id} was missed")
    rows = [Row(i.due_on, i.amount, i.carried) for i in plan.instalments if i not in unpaid]
    rows += [Row(i.due_on, i.paid, carried=True) for i in missed if i.paid]
    later = [Row(i.due_on, i.amount, i.carried) for i in unpaid if i not in missed]
    open_from = next((place for place, row in enumerate(later) if row.on >= today), len(later))
    owed, parts = sum(i.amount - i.paid for i in missed), policy.plans.missed.within
    following = later[open_from:open_from + parts] or [
        Row(day, 0) for day in _after_the_end(plan, shape, min(parts, owed), today)
    ]
    each, over = divmod(owed, len(following))
    raised = [Row(row.on, row.amount + each + (place < over), row.carried) for place, row in enumerate(following)]
    return [*rows, *later[:open_from], *(row for row in raised if row.amount), *later[open_from + parts:]]


def _after_the_end(plan: Plan, shape: Shape, number: int, today: date) -> list[date]:
    """The rhythm's next days, when no instalment of the plan is ahead any more."""
    frequency, last = frequency_of(plan), max(plan.instalments[-1].due_on, today)
    skip = steps_until(frequency, plan.first_on, last + _DAY, shape)
    return due_dates(frequency, plan.first_on, number, shape, skip=skip)
