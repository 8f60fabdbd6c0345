"""Plans: agreeing, showing, ending. Payments keep them up to date in ``ledger.keeping``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.confirming import refuse_stale
from ledger.errors import AlreadyInPlan, DebtNotPayable, NotFound, OfferStale, OutsidePolicy
from ledger.feed import tell_plan
from ledger.holds import EFFECTS, active_holds, strongest
from ledger.keeping import paid_on_debts
from ledger.kinds import DebtStatus, PlanStatus
from ledger.models import Creditor, Debt, DebtBalance, Instalment, Plan, PlanDebt
from ledger.money import Money
from ledger.offers import Allowed, Offer, counter
from ledger.once import found, once
from ledger.policy import Policy, policy_for, strictest
from ledger.posting import lock_balances
from ledger.schedule import Due, Frequency
from runtime.ids import DebtId, DebtorId


def agree_plan(
    session: Session, *, key: str, debtor_id: DebtorId, debt_ids: Collection[DebtId], offer: Offer, actor: str,
    now: datetime, by_staff: bool = False,
) -> Plan:
    """Make ``offer`` a plan over all of the balance of ``debt_ids``. The same key again returns the same plan.

    Raises NotFound, DebtNotPayable (disputed, bankrupt, nothing owed …), AlreadyInPlan, OfferStale (the
    balance has changed), and, unless ``by_staff``, who may agree all the same, OutsidePolicy and BalanceStale.
    """
    session.flush()
    if (plan := found(session, Plan, key)) is not None:
        return plan
    wanted = sorted(set(debt_ids))
    balances = lock_balances(session, wanted)
    if (plan := found(session, Plan, key)) is not None:  # agreed while we waited for the lock
        return plan
    debts = session.scalars(select(Debt).where(Debt.id.in_(wanted)).execution_options(populate_existing=True)).all()
    if not wanted or any(debt.debtor_id != debtor_id for debt in debts):
        raise NotFound("the debtor has no such debts")
    _refuse_unpayable(session, debtor_id, debts, balances, now)
    _refuse_planned(session, wanted)
    owed = Money(sum(balances[debt.id].owed for debt in debts), debts[0].currency)
    if owed != offer.total or any(debt.currency != owed.currency for debt in debts):
        raise OfferStale(owed)
    policy = strictest([policy_for(creditor) for creditor in _creditors(session, debts)])
    if not by_staff:
        refuse_stale(session, wanted, now=now)
        _refuse_outside(offer, policy, now)
    paid = paid_on_debts(session, wanted)

    def make() -> Plan:
        return Plan(
            key=key, debtor_id=debtor_id, currency=owed.currency, total=owed.minor, instalment=offer.instalment.minor,
            every=offer.frequency.every, unit=offer.frequency.unit, first_on=offer.first_on,
            grace_days=policy.plans.grace_days, status=PlanStatus.ACTIVE, version=1, actor=actor, agreed_at=now,
            instalments=[
                Instalment(number=number, due_on=due.on, amount=due.amount.minor, paid=0)
                for number, due in enumerate(offer.dues, start=1)
            ],
            debts=[PlanDebt(debt_id=i, amount=balances[i].owed, paid_before=paid[i]) for i in wanted],
        )

    plan = once(session, Plan, key, make)
    tell_plan(session, plan, "agreed", now)
    return plan


def _refuse_unpayable(
    session: Session, debtor_id: DebtorId, debts: Sequence[Debt], balances: dict[DebtId, DebtBalance], now: datetime
) -> None:
    holds = active_holds(session, debtor_id=debtor_id, now=now)
    for debt in debts:
        forbids = strongest(h for h in holds if h.debt_id in (None, debt.id) and not EFFECTS[h.reason].payable)
        if forbids is not None or debt.status is not DebtStatus.OPEN or not balances[debt.id].owed:
            raise DebtNotPayable(debt.id, forbids.reason if forbids else None)


def _refuse_planned(session: Session, debt_ids: Collection[DebtId]) -> None:
    taken = session.execute(
        select(PlanDebt.debt_id, Plan.id).join(Plan, Plan.id == PlanDebt.plan_id)
        .where(PlanDebt.debt_id.in_(debt_ids), Plan.status == PlanStatus.ACTIVE).order_by(PlanDebt.debt_id)
    ).first()
    if taken is not None:
        raise AlreadyInPlan(taken[0], taken[1])


def _refuse_outside(offer: Offer, policy: Policy, now: datetime) -> None:
    today = (now - timedelta(hours=12)).date()  # the earliest date anybody on earth may have now
    for day in (today, today + timedelta(days=1)):
        answer = counter(policy, offer.total, amount=offer.instalment, frequency=offer.frequency,
                         first_on=offer.first_on, today=day)
        if isinstance(answer, Allowed):
            return
    raise OutsidePolicy(f"{offer.instalment} from {offer.first_on} is outside {policy.name}")


def _creditors(session: Session, debts: Sequence[Debt]) -> Sequence[Creditor]:
    return session.scalars(
        select(Creditor).where(Creditor.id.in_({debt.creditor_id for debt in debts})).order_by(Creditor.id)
    ).all()


@dataclass(frozen=True, slots=True)
class DueLine:
    """One instalment as it stands. ``missed``: its grace is over and it is not paid in full."""

    number: int
    on: date
    amount: Money
    paid: Money
    paid_on: date | None
    missed: bool

    @property
    def left(self) -> Money:
        """What is still to be paid of it."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as it stands today. ``next_due`` is what is left of the first instalment not paid and not missed."""

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
    parties = {
        debt_id: (ref, name) for debt_id, ref, name in session.execute(
            select(Debt.id, Debt.ref, Creditor.name).join(Creditor, Creditor.id == Debt.creditor_id)
            .where(Debt.debtor_id == debtor_id)
        )
    } if plans else {}
    views = [_view(plan, parties, today) for plan in plans]
    return sorted(views, key=lambda view: view.status is not PlanStatus.ACTIVE)


def _view(plan: Plan, parties: dict[DebtId, tuple[str, str]], today: date) -> PlanView:
    grace = timedelta(days=plan.grace_days)
    lines = tuple(
        DueLine(
            number=i.number, on=i.due_on, amount=Money(i.amount, plan.currency), paid=Money(i.paid, plan.currency),
            paid_on=i.paid_on,
            missed=i.paid < i.amount and i.due_on + grace < today and plan.status is PlanStatus.ACTIVE,
        )
        for i in plan.instalments
    )
    paid = sum(i.paid for i in plan.instalments)
    ahead = next((line for line in lines if not line.left.is_zero and not line.missed), None)
    overdue = sum(line.left.minor for line in lines if line.missed)
    return PlanView(
        plan_id=plan.id, debtor_id=plan.debtor_id,
        creditors=tuple(dict.fromkeys(parties[share.debt_id][1] for share in plan.debts)),
        debts=tuple((share.debt_id, parties[share.debt_id][0]) for share in plan.debts),
        status=plan.status, version=plan.version, instalment=Money(plan.instalment, plan.currency),
        frequency=Frequency.from_json({"every": plan.every, "unit": plan.unit}), total=Money(plan.total, plan.currency),
        paid=Money(paid, plan.currency), left=Money(plan.total - paid, plan.currency),
        kept=sum(line.left.is_zero for line in lines), missed=sum(line.missed for line in lines), count=len(lines),
        overdue=Money(overdue, plan.currency),
        next_due=Due(ahead.on, ahead.left) if ahead and plan.status is PlanStatus.ACTIVE else None,
        agreed_at=plan.agreed_at, dues=lines,
    )


def cancel_plan(session: Session, *, key: str, plan_id: int, actor: str, now: datetime) -> Plan:
    """End an active plan. One that has ended stays as it is. Raises NotFound."""
    session.flush()
    plan = session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    if plan.status is PlanStatus.ACTIVE:
        plan.status, plan.ended_at, plan.ended_by, plan.end_key = PlanStatus.CANCELLED, now, actor, key
        plan.version += 1
        session.flush()
        tell_plan(session, plan, "cancelled", now)
    return plan
