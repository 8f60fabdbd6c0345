"""Plans against payments and against what was agreed: a part of ``ledger.check``."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, selectinload

from ledger.finding import Finding
from ledger.keeping import CLEARED, plan_payments
from ledger.kinds import PlanStatus
from ledger.models import Debt, Instalment, Plan, PlanVersion, PlanVersionDue
from ledger.plan_states import filled, state_of

_AT_A_TIME = 500


def versions_add_up(session: Session) -> Iterator[Finding]:
    """Every version's schedule sums to its total."""
    dues = (
        select(PlanVersionDue.plan_id, PlanVersionDue.version, func.sum(PlanVersionDue.amount).label("amount"))
        .group_by(PlanVersionDue.plan_id, PlanVersionDue.version).subquery()
    )
    rows = session.execute(
        select(PlanVersion.plan_id, PlanVersion.number, PlanVersion.total, func.coalesce(dues.c.amount, 0))
        .outerjoin(dues, and_(dues.c.plan_id == PlanVersion.plan_id, dues.c.version == PlanVersion.number))
        .where(PlanVersion.total != func.coalesce(dues.c.amount, 0))
    )
    for plan_id, number, total, instalments in rows:
        yield Finding("plan versions add up", f"version {number} of plan {plan_id} is over {total}, not {instalments}")


def newest_version_in_force(session: Session) -> Iterator[Finding]:
    """The instalments in force are those of the newest version."""
    same = and_(
        PlanVersionDue.plan_id == Instalment.plan_id, PlanVersionDue.number == Instalment.number,
        PlanVersionDue.due_on == Instalment.due_on, PlanVersionDue.amount == Instalment.amount,
    )
    not_agreed = select(Instalment.plan_id).join(Plan, Plan.id == Instalment.plan_id).where(
        ~exists().where(same, PlanVersionDue.version == Plan.schedule))
    not_in_force = select(PlanVersionDue.plan_id).join(
        Plan, and_(Plan.id == PlanVersionDue.plan_id, Plan.schedule == PlanVersionDue.version)
    ).where(~exists().where(same))
    for plan_id in session.scalars(not_agreed.union(not_in_force).order_by("plan_id")):
        yield Finding("the newest plan version is in force", f"plan {plan_id} has another schedule")


def plans_kept(session: Session) -> Iterator[Finding]:
    """Every instalment counts what its payments make of it, by value date; a completed plan is paid or has no debt."""
    last = 0
    while plans := session.scalars(
        select(Plan).where(Plan.status != PlanStatus.CANCELLED, Plan.id > last).order_by(Plan.id).limit(_AT_A_TIME)
        .options(selectinload(Plan.instalments), selectinload(Plan.debts))
    ).all():
        yield from _kept(session, plans)
        last = plans[-1].id


def _kept(session: Session, plans: Sequence[Plan]) -> Iterator[Finding]:
    rule, came = "instalments equal payments", plan_payments(session, plans)
    shares = {share.debt_id for plan in plans if plan.status is PlanStatus.COMPLETED for share in plan.debts}
    owing = set(session.scalars(select(Debt.id).where(Debt.id.in_(shares), Debt.status.not_in(CLEARED))))
    for plan in plans:
        for instalment, paid, on in filled(plan, came[plan.id]):
            name = f"instalment {instalment.number} of plan {plan.id}"
            if instalment.paid != paid or (instalment.paid_on is None) != (on is None):
                yield Finding(rule, f"{name} counts {instalment.paid}, its payments are {paid}")
            elif instalment.state is not (state := state_of(plan, instalment)):
                yield Finding(rule, f"{name} is {instalment.state}, its payments make it {state}")
        unpaid = sum(amount for _, amount in came[plan.id]) < plan.total
        if plan.status is PlanStatus.COMPLETED and unpaid and any(share.debt_id in owing for share in plan.debts):
            yield Finding(rule, f"plan {plan.id} is completed, and neither it nor its debts are paid")


PLANS: tuple[tuple[str, Callable[[Session], Iterable[Finding]]], ...] = (
    ("plan versions add up", versions_add_up), ("the newest plan version is in force", newest_version_in_force),
    ("instalments equal payments", plans_kept),
)
