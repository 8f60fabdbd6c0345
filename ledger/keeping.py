"""What a payment does to plans, promises and settlements. Derived from the postings each time, so it can be repeated.

A payment that was reversed never counted; of one that was partly given back, only what is left of it counts, on the
day of the payment.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from ledger.feed import tell_plan, tell_promise
from ledger.kinds import OWED, DebtStatus, PlanStatus, PostingKind, PromiseStatus
from ledger.models import Account, Debt, Entry, Plan, PlanDebt, Promise, PromiseDebt, TakeBack, Txn
from ledger.plan_states import fill, follow_up, new_states
from runtime.ids import DebtId, DebtorId

CLEARED = frozenset({DebtStatus.PAID, DebtStatus.CLOSED})
"""Debts on which nothing is owed any more, whatever made it so."""
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


def paid_by_day(session: Session, debt_id: DebtId) -> list[tuple[date, int]]:
    """What was ever paid on the balance of a debt, by value date and without what was paid too much, the oldest first.

    What was given back of a payment counts on the day of the payment.
    """
    payment = aliased(Txn)
    rows = session.execute(
        select(payment.effective_on, func.sum(-Entry.amount))
        .join(Account, Account.id == Entry.account_id).join(Txn, Txn.id == Entry.txn_id)
        .outerjoin(TakeBack, TakeBack.txn_id == Txn.id)
        .join(payment, payment.id == func.coalesce(TakeBack.payment_id, Txn.id))
        .where(Account.debt_id == debt_id, Account.kind.in_(OWED), payment.kind == PostingKind.PAYMENT, stands())
        .group_by(payment.effective_on).order_by(payment.effective_on)
    )
    return [(day, int(amount)) for day, amount in rows]


def keep(session: Session, debts: Iterable[Debt], *, on: date, at: datetime) -> None:
    """Bring what hangs on ``debts`` up to date after a posting with value date ``on``."""
    debts = list(debts)
    _keep_plans(session, {debt.id for debt in debts}, at)
    _keep_promises(session, debts, at)
    from ledger.settling import keep_settlements  # it posts discounts, and a posting ends here

    keep_settlements(session, {debt.id for debt in debts}, at=at)
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
    """What came in for each of the plans (by id), by value date, the earliest first, in minor units."""
    came: dict[int, list[tuple[date, int, int]]] = {plan.id: [] for plan in plans}
    for (plan_id, _), payments in share_payments(session, plans).items():
        came[plan_id] += payments
    return {plan_id: [(on, amount) for on, _, amount in sorted(found)] for plan_id, found in came.items()}


def share_payments(
    session: Session, plans: Sequence[Plan]
) -> dict[tuple[int, DebtId], list[tuple[date, int, int]]]:
    """What came in for each plan on each of its debts: value date, payment, minor units.

    What had been paid on a debt when the plan was agreed is taken off what was posted first, as it was then: that a
    payment of before is given back or bounces later is nothing the plan has to wait for.
    """
    debt_ids = {share.debt_id for plan in plans for share in plan.debts}
    now: dict[DebtId, dict[int, tuple[date, int]]] = {}
    for debt_id, payment_id, effective_on, amount in session.execute(
            net_payments().where(Account.debt_id.in_(debt_ids))):
        if debt_id is not None:
            now.setdefault(debt_id, {})[payment_id] = effective_on, int(amount)
    bounds = {share.debt_id: share.counted_from for plan in plans for share in plan.debts
              if share.paid_before and share.counted_from}
    history = _moves(session, bounds)
    came: dict[tuple[int, DebtId], list[tuple[date, int, int]]] = {}
    for plan in plans:
        for share in plan.debts:
            stood = now.get(share.debt_id, {})
            then: dict[int, int] = {}
            for payment_id, txn_id, amount in history.get(share.debt_id, ()):
                if share.counted_from and txn_id <= share.counted_from:
                    then[payment_id] = then.get(payment_id, 0) + amount
            before = share.paid_before
            found = came.setdefault((plan.id, share.debt_id), [])
            for payment_id in sorted({*stood, *then}):
                taken = min(before, then.get(payment_id, 0) if then else stood[payment_id][1])
                before -= taken
                if payment_id in stood and stood[payment_id][1] > taken:
                    on, amount = stood[payment_id]
                    found.append((on, payment_id, amount - taken))
    return came


def _moves(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, list[tuple[int, int, int]]]:
    """Every posting that ever moved a payment on these debts: the payment, the posting, what it added to what is paid.
    """
    if not debt_ids:
        return {}
    original, payment = aliased(Txn), aliased(Txn)
    base = func.coalesce(original.id, Txn.id)
    rows = session.execute(
        select(Account.debt_id, payment.id, Txn.id, func.sum(-Entry.amount))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .outerjoin(original, original.id == Txn.reverses_id).outerjoin(TakeBack, TakeBack.txn_id == base)
        .join(payment, payment.id == func.coalesce(TakeBack.payment_id, base))
        .where(Account.debt_id.in_(debt_ids), Account.kind.in_(OWED), payment.kind == PostingKind.PAYMENT,
               func.coalesce(original.kind, Txn.kind).in_(_COUNTED))
        .group_by(Account.debt_id, payment.id, Txn.id).order_by(payment.id, Txn.id))
    found: dict[DebtId, list[tuple[int, int, int]]] = {}
    for debt_id, payment_id, txn_id, amount in rows:
        if debt_id is not None:
            found.setdefault(debt_id, []).append((payment_id, txn_id, int(amount)))
    return found


def newest_postings(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, int]:
    """The latest posting on each of these debts, whose balances are locked."""
    rows = session.execute(
        select(Account.debt_id, func.max(Entry.txn_id)).join(Entry, Entry.account_id == Account.id)
        .where(Account.debt_id.in_(debt_ids)).group_by(Account.debt_id))
    return {debt_id: int(txn_id) for debt_id, txn_id in rows if debt_id is not None}


def paid_by_debt(session: Session, plan: Plan) -> dict[DebtId, int]:
    """What came in for a plan on each of its debts, in minor units."""
    return {debt_id: sum(amount for _, _, amount in payments)
            for (_, debt_id), payments in share_payments(session, [plan]).items()}


def count_plan(session: Session, plan: Plan, *, at: datetime) -> None:
    """Bring a locked plan, its instalments and what is known of them up to date with the payments there are.

    It is completed when all is paid, or when nothing is owed on its debts any more (a settlement); it ends as
    cancelled when one of them was given up (a write-off).
    """
    fill(plan, plan_payments(session, [plan])[plan.id])
    session.add_all(new_states(plan, at))
    statuses = set(session.scalars(select(Debt.status).where(Debt.id.in_([share.debt_id for share in plan.debts]))))
    whole = all(instalment.paid == instalment.amount for instalment in plan.instalments)
    if plan.status is PlanStatus.ACTIVE and (whole or statuses <= CLEARED):
        given_up = not whole and DebtStatus.CLOSED in statuses
        plan.status = PlanStatus.CANCELLED if given_up else PlanStatus.COMPLETED
        plan.ended_at, plan.ended_by = at, "ledger"
        plan.version += 1
        tell_plan(session, plan, plan.status, at)
    elif plan.status is PlanStatus.COMPLETED and not (whole or statuses <= CLEARED):
        if _in_another_plan(session, plan):  # what was paid bounced after its debts had gone into a new plan
            plan.status, plan.ended_at = PlanStatus.CANCELLED, at
        else:
            plan.status, plan.ended_at, plan.ended_by = PlanStatus.ACTIVE, None, None
        plan.version += 1
        tell_plan(session, plan, "resumed" if plan.status is PlanStatus.ACTIVE else plan.status, at)
    plan.follow_up = follow_up(plan)
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
    if promise.status is PromiseStatus.OPEN and _has_newer(session, promise):
        promise.status = PromiseStatus.SUPERSEDED
    tell_promise(session, promise, at)


def _has_newer(session: Session, promise: Promise) -> bool:
    """Whether a promise made since stands on the same debts: a kept one whose payment is undone stays behind it."""
    mine = {share.debt_id for share in promise.debts}
    newer = session.scalars(
        select(Promise).where(Promise.debtor_id == promise.debtor_id, Promise.currency == promise.currency,
                              Promise.id > promise.id, Promise.status != PromiseStatus.SUPERSEDED)
        .options(selectinload(Promise.debts))
    )
    return any(not mine or not theirs or mine & theirs
               for theirs in ({share.debt_id for share in each.debts} for each in newer))


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
    if promise.released_on is not None:
        return received, PromiseStatus.RELEASED
    if promise.judged_on is None:
        return received, PromiseStatus.OPEN
    return received, PromiseStatus.PARTLY_KEPT if received else PromiseStatus.BROKEN
