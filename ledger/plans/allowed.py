"""Whether a plan, or a change of one, may be made: the debts, the creditors' policies, the debtor's calendar."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.errors import AlreadyInPlan, DebtNotPayable, OutsidePolicy
from ledger.holds import active_holds, effect_of, strongest
from ledger.kinds import DebtStatus, PlanAct, PlanStatus
from ledger.models import Creditor, Debt, DebtBalance, Debtor, Plan, PlanDebt, PlanVersion
from ledger.offers import Allowed, Offer, counter
from ledger.policy import Policy, policy_for, strictest
from ledger.schedule import place_of
from runtime.ids import DebtId, DebtorId

_YEAR = timedelta(days=365)


def policy_of(session: Session, debt_ids: Collection[DebtId]) -> Policy:
    """What all creditors of these debts allow. Raises OperatorError."""
    creditors = session.scalars(
        select(Creditor).where(Creditor.id.in_(select(Debt.creditor_id).where(Debt.id.in_(debt_ids))))
        .order_by(Creditor.id)
    ).all()
    return strictest([policy_for(creditor) for creditor in creditors])


def debtor_place(session: Session, debtor_id: DebtorId) -> str:
    """The calendar of a debtor's country and region, as far as they are known."""
    debtor = session.get_one(Debtor, debtor_id)
    return place_of(debtor.country, debtor.region)


def refuse_unpayable(
    session: Session, debtor_id: DebtorId, debts: Sequence[Debt], balances: Mapping[DebtId, DebtBalance], now: datetime
) -> None:
    """Raises DebtNotPayable for a debt that is not open, owes nothing or is on a hold that forbids paying."""
    holds = active_holds(session, debtor_id=debtor_id, now=now)
    for debt in debts:
        forbids = strongest(h for h in holds if h.debt_id in (None, debt.id) and not effect_of(h).payable)
        if forbids is not None or debt.status is not DebtStatus.OPEN or not balances[debt.id].owed:
            raise DebtNotPayable(debt.id, forbids.reason if forbids else None)


def refuse_planned(session: Session, debt_ids: Collection[DebtId]) -> None:
    """Raises AlreadyInPlan."""
    taken = session.execute(
        select(PlanDebt.debt_id, Plan.id).join(Plan, Plan.id == PlanDebt.plan_id)
        .where(PlanDebt.debt_id.in_(debt_ids), Plan.status == PlanStatus.ACTIVE).order_by(PlanDebt.debt_id)
    ).first()
    if taken is not None:
        raise AlreadyInPlan(taken[0], taken[1])


def refuse_outside(offer: Offer, policy: Policy, *, place: str, now: datetime) -> None:
    """Raises OutsidePolicy unless the policy allows just this offer on a day that it is now somewhere on earth."""
    today = (now - timedelta(hours=12)).date()  # the earliest date anybody on earth may have now
    for day in (today, today + timedelta(days=1)):
        answer = counter(policy, offer.total, amount=offer.instalment, frequency=offer.frequency,
                         first_on=offer.first_on, today=day, place=place)
        if not isinstance(answer, Allowed):
            continue
        # a last instalment may stay by itself where joining it would be too much for the debtor
        by_itself = replace(answer.offer, shape=replace(answer.offer.shape, merge_below=0))
        if offer.dues in (answer.offer.dues, by_itself.dues):
            return
    raise OutsidePolicy(f"{offer.instalment} from {offer.first_on} is outside {policy.name}")


def refuse_too_often(session: Session, plan: Plan, acts: Collection[PlanAct], most: int, now: datetime) -> None:
    """Raises OutsidePolicy when the debtor did one of ``acts`` to the plan ``most`` times within a year."""
    done = session.scalar(
        select(func.count()).select_from(PlanVersion).where(
            PlanVersion.plan_id == plan.id, PlanVersion.act.in_(acts), PlanVersion.by_staff.is_(False),
            PlanVersion.made_at > now - _YEAR,
        )
    )
    if (done or 0) >= most:
        raise OutsidePolicy(f"plan {plan.id}: {' or '.join(acts)} {done} times within a year, allowed are {most}")


def missed_by(plan: Plan, due_on: date, today: date) -> bool:
    """Whether the grace of an instalment due on ``due_on`` is over."""
    return due_on + timedelta(days=plan.grace_days) < today
