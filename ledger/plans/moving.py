"""Dates of a plan that runs: one instalment later, a pause, and the end of a pause."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.errors import NothingToChange, OutsidePolicy
from ledger.kinds import PlanAct
from ledger.models import Instalment, Plan
from ledger.plans.allowed import debtor_place, policy_of, refuse_too_often
from ledger.plans.changing import CHANGES
from ledger.plans.versions import Changed, Opened, Row, frequency_of, open_change, write_change
from ledger.policy import Policy
from ledger.schedule import due_dates, steps_until

_DAY = timedelta(days=1)


def move_instalment(
    session: Session, *, key: str, plan_id: int, expected: int, number: int, to: date, actor: str, now: datetime,
    today: date, by_staff: bool = False, why: str = "",
) -> Changed:
    """Put one instalment that is not paid yet on another day, from today on and between its neighbours.

    ``number`` is its place in the schedule, from 1. The same key again changes nothing. Raises NotFound, KeyReused,
    PlanEnded, PlanChanged, NothingToChange (paid, not there, or a day that does not fit), OutsidePolicy (too far or
    too often) unless ``by_staff``.
    """
    opened = open_change(session, key=key, plan_id=plan_id, expected=expected, act=PlanAct.MOVED,
                         content=[number, to.isoformat()])
    if isinstance(opened, Changed):
        return opened
    dues = opened.plan.instalments
    moved = next((i for i in dues if i.number == number and i.paid < i.amount), None)
    if moved is None or moved.due_on == to:
        raise NothingToChange(f"plan {plan_id} has no instalment {number} to move to {to}")
    earliest = max([today, *(i.due_on + _DAY for i in dues if i.number == number - 1)])
    latest = min([date.max, *(i.due_on - _DAY for i in dues if i.number == number + 1)])
    if not earliest <= to <= latest:
        raise NothingToChange(f"instalment {number} of plan {plan_id} can be between {earliest} and {latest}")
    if not by_staff:
        rules = _policy(session, opened).plans.change
        if (to - moved.due_on).days > rules.move_days:
            raise OutsidePolicy(f"an instalment may be moved by {rules.move_days} days")
        refuse_too_often(session, opened.plan, CHANGES, rules.per_year, now)
    rows = [Row(to if i is moved else i.due_on, i.amount, i.carried) for i in dues]
    return write_change(session, opened, rows, actor=actor, by_staff=by_staff, why=why, now=now)


def pause_plan(
    session: Session, *, key: str, plan_id: int, expected: int, until: date, actor: str, now: datetime, today: date,
    by_staff: bool = False, why: str = "",
) -> Changed:
    """Let nothing fall due from today through ``until``: what would have moves behind it, on the rhythm's own days.

    Amounts stay, the plan ends later. What was due before today stays due. The same key again changes nothing.
    Raises NotFound, KeyReused, PlanEnded, PlanChanged, NothingToChange (paused already, or a day that is past),
    OutsidePolicy (no pauses, too long, too often) unless ``by_staff``.
    """
    opened = open_change(session, key=key, plan_id=plan_id, expected=expected, act=PlanAct.PAUSED,
                         content=until.isoformat())
    if isinstance(opened, Changed):
        return opened
    plan = opened.plan
    if until < today or (plan.paused_until is not None and plan.paused_until >= today):
        raise NothingToChange(f"plan {plan_id} cannot be paused until {until}")
    policy = _policy(session, opened)
    if not by_staff:
        rules = policy.plans.pause
        if rules is None or (until - today).days >= rules.longest_days:
            most = "no days" if rules is None else f"{rules.longest_days} days"
            raise OutsidePolicy(f"{policy.name} lets a plan rest for {most}")
        refuse_too_often(session, plan, (PlanAct.PAUSED,), rules.per_year, now)
    if not (ahead := _ahead(plan, today)):
        raise NothingToChange(f"nothing of plan {plan_id} is due from {today} on")
    later = ahead[0].due_on > until  # paid so far ahead that nothing falls into the pause
    rows = _onward(session, plan, policy, [] if later else ahead, until + _DAY)
    plan.paused_until = until
    return write_change(session, opened, rows, actor=actor, by_staff=by_staff, why=why, now=now)


def resume_plan(
    session: Session, *, key: str, plan_id: int, expected: int, actor: str, now: datetime, today: date,
    by_staff: bool = False, why: str = "",
) -> Changed:
    """End a pause early: instalments go back to the rhythm's next days, none before it was due without the pause.

    The same key again changes nothing. Raises NotFound, KeyReused, PlanEnded, PlanChanged, NothingToChange (no pause).
    """
    opened = open_change(session, key=key, plan_id=plan_id, expected=expected, act=PlanAct.RESUMED, content=None)
    if isinstance(opened, Changed):
        return opened
    plan = opened.plan
    if plan.paused_until is None or plan.paused_until < today:
        raise NothingToChange(f"plan {plan_id} is not paused")
    ahead = _ahead(plan, today)
    rows = _onward(session, plan, _policy(session, opened), ahead, max(today, _before_the_pause(plan, len(ahead))))
    plan.paused_until = None
    return write_change(session, opened, rows, actor=actor, by_staff=by_staff, why=why, now=now)


def _policy(session: Session, opened: Opened) -> Policy:
    return policy_of(session, opened.balances)


def _ahead(plan: Plan, today: date) -> list[Instalment]:
    """What is not paid and not due before today."""
    return [i for i in plan.instalments if i.paid < i.amount and i.due_on >= today]


def _before_the_pause(plan: Plan, ahead: int) -> date:
    """The day on which the first of the last ``ahead`` instalments was due before the latest pause."""
    paused = max(version.number for version in plan.versions if version.act is PlanAct.PAUSED)
    dues = next(version.dues for version in plan.versions if version.number == paused - 1)
    return dues[-ahead:][0].due_on if ahead else plan.first_on


def _onward(session: Session, plan: Plan, policy: Policy, ahead: Sequence[Instalment], first: date) -> list[Row]:
    """The schedule with ``ahead`` on the rhythm's days from ``first`` on."""
    shape, frequency = policy.shape(debtor_place(session, plan.debtor_id)), frequency_of(plan)
    skip = steps_until(frequency, plan.first_on, first, shape)
    days = dict(zip((i.number for i in ahead), due_dates(frequency, plan.first_on, len(ahead), shape, skip=skip),
                    strict=True))
    return [Row(days.get(i.number, i.due_on), i.amount, i.carried) for i in plan.instalments]
