"""Ending a plan before it is paid."""

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.errors import NotFound, PlanChanged
from ledger.feed import tell_plan
from ledger.kinds import PlanStatus
from ledger.models import Plan


def cancel_plan(
    session: Session, *, key: str, plan_id: int, actor: str, now: datetime, expected: int | None = None
) -> Plan:
    """End an active plan. One that has ended stays as it is. Its history stays, and what was paid.

    Raises NotFound; PlanChanged when a version is ``expected`` and the plan has another.
    """
    session.flush()
    plan = session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    if plan.status is PlanStatus.ACTIVE:
        if expected not in (None, plan.version):
            raise PlanChanged(plan.id, plan.version)
        plan.status, plan.ended_at, plan.ended_by, plan.end_key = PlanStatus.CANCELLED, now, actor, key
        plan.follow_up = None
        plan.version += 1
        session.flush()
        tell_plan(session, plan, "cancelled", now)
    return plan
