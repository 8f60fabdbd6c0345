"""What a payment does to plans and promises. Derived from the postings each time, so it can be repeated.

A payment that was reversed never counted.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from ledger.kinds import OWED, DebtStatus, PlanStatus, PostingKind, PromiseStatus
from ledger.models import Account, Debt, Entry, Plan, PlanDebt, Promise, PromiseDebt, Txn
from ledger.plan_states import fill, follow_up, new_states
from runtime.ids import DebtId, DebtorId

CLEARED = (DebtStatus.PAID, DebtStatus.CLOSED)
"""Debts on which nothing is owed any more, whatever made it so."""


def standing_payment() -> ColumnElement[bool]:
    """Condition on Txn: a payment that was not reversed."""
    reversal = aliased(Txn)
    return (Txn.kind == PostingKind.PAYMENT) & ~exists().where(reversal.reverses_id == Txn.id)


def paid_on_debts(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, int]:
    """All that was ever paid on the balance of each debt, in minor units, without what was paid too much."""
    rows = session.execute(
        select(Account.debt_id, func.sum(-Entry.amount))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_(debt_ids), Account.kind.in_(OWED), standing_payment())
        .group_by(Account.debt_id)
    )
    paid = {debt_id: int(amount) for debt_id, amount in rows if debt_id is not None}
    return {debt_id: paid.get(debt_id, 0) for debt_id in debt_ids}


def paid_between(
    session: Session, *, debtor_id: DebtorId, currency: str, debt_ids: Collection[DebtId], first: date, last: date
) -> int:
    """What came in by value date from ``first`` to ``last``, too much included; on all debts when none is named."""
    query = (
        select(func.sum(-Entry.amount))
        .join(Account, Account.id == Entry.account_id).join(Txn, Txn.id == Entry.txn_id)
        .join(Debt, Debt.id == Account.debt_id)
        .where(Debt.debtor_id == debtor_id, Entry.currency == currency, Txn.effective_on.between(first, last),
               standing_payment())
    )
    if debt_ids:
        query = query.where(Account.debt_id.in_(debt_ids))
    return int(session.scalar(query) or 0)


def keep(session: Session, debts: Iterable[Debt], *, on: date, at: datetime) -> None:
    """Bring the plans and promises of ``debts`` up to date after a posting with value date ``on``."""
    debts = list(debts)
    _keep_plans(session, {debt.id for debt in debts}, at)
    _keep_promises(session, debts)
    session.flush()


def _keep_plans(session: Session, debt_ids: Collection[DebtId], at: datetime) -> None:
    mine = select(PlanDebt.plan_id).where(PlanDebt.debt_id.in_(debt_ids))
    plans = session.scalars(
        select(Plan).where(Plan.id.in_(mine), Plan.status != PlanStatus.CANCELLED)
        .options(selectinload(Plan.instalments), selectinload(Plan.debts))
        .order_by(Plan.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for plan in plans:
        count_plan(session, plan, at=at)


def plan_payments(session: Session, plans: Sequence[Plan]) -> dict[int, list[tuple[date, int]]]:
    """What came in for each of the plans (by id), by value date, the earliest first, in minor units.

    What had been paid on a debt when the plan was agreed is taken off what was posted first.
    """
    rows = session.execute(
        select(Account.debt_id, Txn.id, Txn.effective_on, func.sum(-Entry.amount))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_({share.debt_id for plan in plans for share in plan.debts}),
               Account.kind.in_(OWED), standing_payment())
        .group_by(Account.debt_id, Txn.id, Txn.effective_on).order_by(Txn.id)
    ).all()
    on_debt: dict[DebtId, list[tuple[int, date, int]]] = {}
    for debt_id, txn_id, effective_on, amount in rows:
        if debt_id is not None:
            on_debt.setdefault(debt_id, []).append((txn_id, effective_on, int(amount)))
    came: dict[int, list[tuple[date, int]]] = {}
    for plan in plans:
        found: list[tuple[date, int, int]] = []
        for share in plan.debts:
            before = share.paid_before
            for txn_id, effective_on, amount in on_debt.get(share.debt_id, ()):
                if amount > before:
                    found.append((effective_on, txn_id, amount - before))
                before = max(0, before - amount)
        came[plan.id] = [(effective_on, amount) for effective_on, _, amount in sorted(found)]
    return came


def paid_by_debt(session: Session, plan: Plan) -> dict[DebtId, int]:
    """What came in for a plan on each of its debts, in minor units."""
    paid = paid_on_debts(session, [share.debt_id for share in plan.debts])
    return {share.debt_id: max(0, paid[share.debt_id] - share.paid_before) for share in plan.debts}


def count_plan(session: Session, plan: Plan, *, at: datetime) -> None:
    """Bring a locked plan, its instalments and what is known of them up to date with the payments there are.

    It is completed when all is paid, or when nothing is owed on its debts any more (a settlement, a write-off).
    """
    fill(plan, plan_payments(session, [plan])[plan.id])
    session.add_all(new_states(plan, at))
    closed = not session.scalar(
        select(exists().where(Debt.id.in_([share.debt_id for share in plan.debts]), Debt.status.not_in(CLEARED)))
    )
    whole = closed or all(instalment.paid == instalment.amount for instalment in plan.instalments)
    if whole and plan.status is PlanStatus.ACTIVE:
        plan.status, plan.ended_at, plan.ended_by = PlanStatus.COMPLETED, at, "ledger"
        plan.version += 1
    elif not whole and plan.status is PlanStatus.COMPLETED:
        if _in_another_plan(session, plan):  # what was paid bounced after its debts had gone into a new plan
            plan.status, plan.ended_at = PlanStatus.CANCELLED, at
        else:
            plan.status, plan.ended_at, plan.ended_by = PlanStatus.ACTIVE, None, None
        plan.version += 1
    plan.follow_up = follow_up(plan)
    session.flush()


def _in_another_plan(session: Session, plan: Plan) -> bool:
    return bool(session.scalar(
        select(exists().where(
            PlanDebt.plan_id == Plan.id, Plan.status == PlanStatus.ACTIVE, Plan.id != plan.id,
            PlanDebt.debt_id.in_([share.debt_id for share in plan.debts]),
        ))
    ))


def _keep_promises(session: Session, debts: Collection[Debt]) -> None:
    for_these = exists().where(
        PromiseDebt.promise_id == Promise.id, PromiseDebt.debt_id.in_([debt.id for debt in debts])
    )
    for_all = ~exists().where(PromiseDebt.promise_id == Promise.id)
    promises = session.scalars(
        select(Promise)
        .where(Promise.debtor_id.in_({debt.debtor_id for debt in debts}),
               Promise.status != PromiseStatus.SUPERSEDED, or_(for_these, for_all))
        .options(selectinload(Promise.debts))
        .order_by(Promise.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for promise in promises:
        count_promise(session, promise)


def count_promise(session: Session, promise: Promise) -> None:
    """Bring a promise up to date with the payments there are."""
    promise.received, promise.status = promise_count(session, promise)


def promise_count(session: Session, promise: Promise) -> tuple[int, PromiseStatus]:
    """What came in for a promise by value date, in minor units, and the state that makes. Not for superseded ones."""
    came = paid_between(
        session, debtor_id=promise.debtor_id, currency=promise.currency,
        debt_ids=[share.debt_id for share in promise.debts],
        first=promise.made_on, last=promise.due_on + timedelta(days=promise.grace_days),
    )
    received = max(0, came - promise.paid_before)
    if received >= promise.amount:
        return received, PromiseStatus.KEPT
    if promise.judged_on is None:
        return received, PromiseStatus.OPEN
    return received, PromiseStatus.PARTLY_KEPT if received else PromiseStatus.BROKEN
