"""What a payment does to plans and promises. Derived from the postings each time, so it can be repeated.

A payment that was reversed never counted; of one that was partly given back, only what is left of it counts, on the
day of the payment.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from ledger.feed import tell_plan, tell_promise
from ledger.kinds import OWED, PlanStatus, PostingKind, PromiseStatus
from ledger.models import Account, Debt, Entry, Plan, PlanDebt, Promise, PromiseDebt, TakeBack, Txn
from runtime.ids import DebtId, DebtorId

_COUNTED = (PostingKind.PAYMENT, PostingKind.REFUND, PostingKind.CARD_DISPUTE_LOST)


def stands() -> ColumnElement[bool]:
    """Condition on Txn: a payment, or what was given back of one, and not reversed."""
    reversal = aliased(Txn)
    return Txn.kind.in_(_COUNTED) & ~exists().where(reversal.reverses_id == Txn.id)


def net_payments() -> Select[DebtId | None, int, date, int]:
    """What is left of each payment on the balance of each debt: debt, payment, its value date, minor units.

    Without what was paid too much; what was given back of a payment is taken off on the payment's own day.
    """
    payment = aliased(Txn)
    return (
        select(Account.debt_id, payment.id, payment.effective_on, func.sum(-Entry.amount))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .outerjoin(TakeBack, TakeBack.txn_id == Txn.id)
        .join(payment, payment.id == func.coalesce(TakeBack.payment_id, Txn.id))
        .where(Account.kind.in_(OWED), stands())
        .group_by(Account.debt_id, payment.id, payment.effective_on).order_by(payment.id)
    )


def paid_on_debts(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, int]:
    """All that was ever paid on the balance of each debt, in minor units, without what was paid too much."""
    paid = dict.fromkeys(debt_ids, 0)
    for debt_id, _, _, amount in session.execute(net_payments().where(Account.debt_id.in_(debt_ids))):
        if debt_id is not None:
            paid[debt_id] += int(amount)
    return paid


def paid_between(
    session: Session, *, debtor_id: DebtorId, currency: str, debt_ids: Collection[DebtId], first: date, last: date
) -> int:
    """What came in by value date from ``first`` to ``last``, too much included; on all debts when none is named."""
    payment = aliased(Txn)
    query = (
        select(func.sum(-Entry.amount))
        .join(Account, Account.id == Entry.account_id).join(Txn, Txn.id == Entry.txn_id)
        .join(Debt, Debt.id == Account.debt_id)
        .outerjoin(TakeBack, TakeBack.txn_id == Txn.id)
        .join(payment, payment.id == func.coalesce(TakeBack.payment_id, Txn.id))
        .where(Debt.debtor_id == debtor_id, Entry.currency == currency, payment.effective_on.between(first, last),
               payment.kind == PostingKind.PAYMENT, stands())
    )
    if debt_ids:
        query = query.where(Account.debt_id.in_(debt_ids))
    return int(session.scalar(query) or 0)


def keep(session: Session, debts: Iterable[Debt], *, on: date, at: datetime) -> None:
    """Bring the plans and promises of ``debts`` up to date after a payment or its reversal with value date ``on``."""
    debts = list(debts)
    _keep_plans(session, {debt.id for debt in debts}, on, at)
    _keep_promises(session, debts, at)
    session.flush()


def _keep_plans(session: Session, debt_ids: Collection[DebtId], on: date, at: datetime) -> None:
    mine = select(PlanDebt.plan_id).where(PlanDebt.debt_id.in_(debt_ids))
    plans = session.scalars(
        select(Plan).where(Plan.id.in_(mine), Plan.status != PlanStatus.CANCELLED)
        .options(selectinload(Plan.instalments), selectinload(Plan.debts))
        .order_by(Plan.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for plan in plans:
        paid = paid_on_debts(session, [share.debt_id for share in plan.debts])
        left = sum(max(0, paid[share.debt_id] - share.paid_before) for share in plan.debts)
        for instalment in plan.instalments:
            instalment.paid = min(left, instalment.amount)
            left -= instalment.paid
            if instalment.paid < instalment.amount:
                instalment.paid_on = None
            elif instalment.paid_on is None:
                instalment.paid_on = on
        whole = all(instalment.paid == instalment.amount for instalment in plan.instalments)
        if whole and plan.status is PlanStatus.ACTIVE:
            plan.status, plan.ended_at, plan.ended_by = PlanStatus.COMPLETED, at, "ledger"
            plan.version += 1
            tell_plan(session, plan, "completed", at)
        elif not whole and plan.status is PlanStatus.COMPLETED and not _in_another_plan(session, plan):
            plan.status, plan.ended_at, plan.ended_by = PlanStatus.ACTIVE, None, None
            plan.version += 1
            tell_plan(session, plan, "resumed", at)
        session.flush()


def _in_another_plan(session: Session, plan: Plan) -> bool:
    return bool(session.scalar(
        select(exists().where(
            PlanDebt.plan_id == Plan.id, Plan.status == PlanStatus.ACTIVE, Plan.id != plan.id,
            PlanDebt.debt_id.in_([share.debt_id for share in plan.debts]),
        ))
    ))


def _keep_promises(session: Session, debts: Collection[Debt], at: datetime) -> None:
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
        count_promise(session, promise, at)


def count_promise(session: Session, promise: Promise, at: datetime) -> None:
    """Bring a promise up to date with the payments there are, and tell when that changed it."""
    promise.received, promise.status = promise_count(session, promise)
    tell_promise(session, promise, at)


def promise_count(session: Session, promise: Promise) -> tuple[int, PromiseStatus]:
    """What came in for a promise by value date, in minor units, and the state that makes. Not for superseded ones."""
    first, last = promise_days(promise)
    return promise_state(promise, paid_between(
        session, debtor_id=promise.debtor_id, currency=promise.currency,
        debt_ids=[share.debt_id for share in promise.debts], first=first, last=last))


def promise_days(promise: Promise) -> tuple[date, date]:
    """The value dates that count for a promise, both included."""
    return promise.made_on, promise.due_on + timedelta(days=promise.grace_days)


def promise_state(promise: Promise, came: int) -> tuple[int, PromiseStatus]:
    """What of ``came`` counts for a promise, and the state that makes."""
    received = max(0, came - promise.paid_before)
    if received >= promise.amount:
        return received, PromiseStatus.KEPT
    if promise.judged_on is None:
        return received, PromiseStatus.OPEN
    return received, PromiseStatus.PARTLY_KEPT if received else PromiseStatus.BROKEN
