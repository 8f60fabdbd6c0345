"""Plans as they stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.keeping import share_payments
from ledger.kinds import FollowUp, InstalmentState, PlanStatus
from ledger.models import Creditor, Debt, Plan
from ledger.money import Money, zero
from ledger.plans.allowed import missed_by
from ledger.plans.versions import frequency_of
from ledger.schedule import Due, Frequency
from runtime.ids import DebtId, DebtorId


@dataclass(frozen=True, slots=True)
class DueLine:
    """One instalment as it stands. ``missed``: its grace is over and it is not paid in full.

    ``carried``: what had been paid towards others when the terms changed.
    """

    number: int
    on: date
    amount: Money
    paid: Money
    paid_on: date | None
    missed: bool
    late: bool = False
    carried: bool = False

    @property
    def left(self) -> Money:
        """What is still to be paid of it."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class Share:
    """One debt's part in a plan: what the plan covers of it, and what came in on it since."""

    debt_id: DebtId
    ref: str
    amount: Money
    paid: Money

    @property
    def left(self) -> Money:
        """What is still to be paid on it in this plan."""
        return max(self.amount - self.paid, zero(self.amount.currency))


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as it stands today. ``next_due`` is what is left of the first instalment not paid and not missed.

    ``kept`` counts the instalments paid, of which ``late`` after their grace; ``schedule`` is the number of the
    version in force, 1 as long as nothing was changed.
    """

    plan_id: int
    debtor_id: DebtorId
    creditors: tuple[str, ...]
    debts: tuple[tuple[DebtId, str], ...]
    status: PlanStatus
    version: int
    instalment: Money
    frequency: Frequency
    total: Money
    paid: Money
    left: Money
    kept: int
    missed: int
    count: int
    overdue: Money
    next_due: Due | None
    agreed_at: datetime
    dues: tuple[DueLine, ...]
    late: int = 0
    schedule: int = 1
    paused_until: date | None = None
    follow_up: FollowUp | None = None
    shares: tuple[Share, ...] = ()

    @property
    def creditor(self) -> str:
        """The creditors' names in one phrase."""
        return ", ".join(self.creditors)


def plans_of(session: Session, debtor_id: DebtorId, *, today: date) -> list[PlanView]:
    """The plans of a debtor, the newest first, active ones before ended ones. ``today`` is the debtor's own."""
    plans = session.scalars(
        select(Plan).where(Plan.debtor_id == debtor_id).order_by(Plan.id.desc())
        .options(selectinload(Plan.instalments), selectinload(Plan.debts))
    ).all()
    if not plans:
        return []
    parties = {
        debt_id: (ref, name) for debt_id, ref, name in session.execute(
            select(Debt.id, Debt.ref, Creditor.name).join(Creditor, Creditor.id == Debt.creditor_id)
            .where(Debt.debtor_id == debtor_id)
        )
    }
    came: dict[int, dict[DebtId, int]] = {plan.id: {} for plan in plans}
    for (plan_id, debt_id), payments in share_payments(session, plans).items():
        came[plan_id][debt_id] = sum(amount for _, _, amount in payments)
    views = [_view(plan, parties, came[plan.id], today) for plan in plans]
    return sorted(views, key=lambda view: view.status is not PlanStatus.ACTIVE)


def _lines(plan: Plan, today: date) -> Iterable[DueLine]:
    for i in plan.instalments:
        yield DueLine(
            number=i.number, on=i.due_on, amount=Money(i.amount, plan.currency), paid=Money(i.paid, plan.currency),
            paid_on=i.paid_on, late=i.state is InstalmentState.KEPT_LATE, carried=i.carried,
            missed=i.paid < i.amount and missed_by(plan, i.due_on, today) and plan.status is PlanStatus.ACTIVE,
        )


def _shares(plan: Plan, parties: dict[DebtId, tuple[str, str]], paid: dict[DebtId, int]) -> Iterable[Share]:
    for share in plan.debts:
        came = min(share.amount, paid[share.debt_id])
        yield Share(share.debt_id, parties[share.debt_id][0], Money(share.amount, plan.currency),
                    Money(came, plan.currency))


def _view(plan: Plan, parties: dict[DebtId, tuple[str, str]], came: dict[DebtId, int], today: date) -> PlanView:
    lines = tuple(_lines(plan, today))
    own = [line for line in lines if not line.carried]
    paid = sum(i.paid for i in plan.instalments)
    ahead = next((line for line in lines if not line.left.is_zero and not line.missed), None)
    overdue = sum(line.left.minor for line in lines if line.missed)
    left = 0 if plan.status is PlanStatus.COMPLETED else plan.total - paid
    return PlanView(
        plan_id=plan.id, debtor_id=plan.debtor_id,
        creditors=tuple(dict.fromkeys(parties[share.debt_id][1] for share in plan.debts)),
        debts=tuple((share.debt_id, parties[share.debt_id][0]) for share in plan.debts),
        status=plan.status, version=plan.version, instalment=Money(plan.instalment, plan.currency),
        frequency=frequency_of(plan), total=Money(plan.total, plan.currency), paid=Money(paid, plan.currency),
        left=Money(left, plan.currency), kept=sum(line.left.is_zero for line in own),
        missed=sum(line.missed for line in lines), count=len(own), overdue=Money(overdue, plan.currency),
        next_due=Due(ahead.on, ahead.left) if ahead and plan.status is PlanStatus.ACTIVE else None,
        agreed_at=plan.agreed_at, dues=lines, late=sum(line.late for line in own), schedule=plan.schedule,
        paused_until=plan.paused_until if plan.paused_until and plan.paused_until >= today else None,
        follow_up=plan.follow_up, shares=tuple(_shares(plan, parties, came)),
    )
