"""Judging plans by date: an instalment whose grace is over and that is not paid was missed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session, selectinload

from ledger.feed import tell_missed
from ledger.kinds import FollowUp, InstalmentState, PlanStatus
from ledger.models import Instalment, Plan
from ledger.money import Money
from ledger.plan_states import BEHIND, follow_up, new_states
from ledger.plans.allowed import missed_by, policy_of
from ledger.plans.record import record_of
from ledger.policy.plan_changes import MissedRules, Then
from runtime.errors import OperatorError
from runtime.ids import DebtorId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MissedLine:
    """One instalment found missed or part paid."""

    number: int
    on: date
    amount: Money
    paid: Money
    state: InstalmentState


@dataclass(frozen=True, slots=True)
class JudgedPlan:
    """A plan in which something was found missed now.

    ``then`` is what the policy proposes. ``ask_person``: with this miss the plan became one for a person to look at;
    said once, until it is mended and goes wrong again. ``misses`` counts those not mended since staff last set the
    terms. ``key`` names this judgement for good.
    """

    plan_id: int
    debtor_id: DebtorId
    key: str
    missed: tuple[MissedLine, ...]
    overdue: Money
    misses: int
    follow_up: FollowUp
    then: Then
    ask_person: bool


def judge_plans(session: Session, *, today: date, now: datetime, limit: int = 500) -> list[JudgedPlan]:
    """Judge every instalment whose grace is over and that is not paid; those judged before are left alone.

    Records each once, and what the plan asks for (``Plan.follow_up``). No schedule is changed: that takes the debtor's
    yes or staff. At most ``limit`` plans at a time: call again until nothing comes. ``today`` must have begun wherever
    debtors live. A payment with a value date in time, or a late one, still mends the judgement (``ledger.keeping``).
    """
    plans = session.scalars(
        select(Plan).where(Plan.id.in_(_due(session, today).limit(limit)), Plan.status == PlanStatus.ACTIVE)
        .options(selectinload(Plan.instalments), selectinload(Plan.debts))
        .order_by(Plan.id).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()
    judged = [_judge(session, plan, today, now) for plan in plans]
    session.flush()
    return [plan for plan in judged if plan is not None]


def _due(session: Session, today: date) -> Select[int]:
    graces = session.scalars(select(Plan.grace_days).where(Plan.status == PlanStatus.ACTIVE).distinct()).all()
    return (
        select(Plan.id).join(Instalment, Instalment.plan_id == Plan.id).distinct()
        .where(Plan.status == PlanStatus.ACTIVE, Instalment.judged_on.is_(None), Instalment.paid < Instalment.amount,
               or_(false(), *(and_(Plan.grace_days == days, Instalment.due_on < today - timedelta(days=days))
                              for days in graces)))
        .order_by(Plan.id)
    )


def _judge(session: Session, plan: Plan, today: date, now: datetime) -> JudgedPlan | None:
    found = [i for i in plan.instalments
             if i.paid < i.amount and i.judged_on is None and missed_by(plan, i.due_on, today)]
    if not found:  # paid or moved while we waited for the lock
        return None
    for instalment in found:
        instalment.judged_on = today
    session.add_all(new_states(plan, now))
    session.flush()
    tell_missed(session, plan, found, now)
    rules = _rules(session, plan)
    by_staff = max((version.number for version in plan.versions if version.by_staff), default=1)
    misses = record_of(session, plan.id, since=by_staff).behind
    before = plan.follow_up
    person = rules.then == "person" or misses >= rules.person_after
    plan.follow_up = FollowUp.PERSON if person else follow_up(plan) or FollowUp.BEHIND
    return JudgedPlan(
        plan_id=plan.id, debtor_id=plan.debtor_id, key=f"plan:{plan.id}:{found[0].since}.{found[0].number}",
        missed=_lines(plan, found), overdue=_overdue(plan), misses=misses, follow_up=plan.follow_up, then=rules.then,
        ask_person=person and before is not FollowUp.PERSON,
    )


def _rules(session: Session, plan: Plan) -> MissedRules:
    try:
        return policy_of(session, [share.debt_id for share in plan.debts]).plans.missed
    except OperatorError as error:  # a policy that is gone or wrong must not stop the judging of all other plans
        log.warning("plan %s goes to a person: %s", plan.id, error)
        return MissedRules(then="person")


def _lines(plan: Plan, found: Sequence[Instalment]) -> tuple[MissedLine, ...]:
    return tuple(MissedLine(i.number, i.due_on, Money(i.amount, plan.currency), Money(i.paid, plan.currency), i.state)
                 for i in found)


def _overdue(plan: Plan) -> Money:
    return Money(sum(i.amount - i.paid for i in plan.instalments if i.state in BEHIND), plan.currency)
