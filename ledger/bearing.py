"""Which days of a debt bear interest, and on which terms."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.interest import ONE_DAY, Owed, Stretch
from ledger.kinds import Bucket, Frozen, InterestBase, InterestMethod, PostingKind
from ledger.models import Account, AccrualSpan, Entry, Plan, PlanDebt, Txn
from ledger.policy.interest import InterestRules
from runtime.ids import DebtId

Days = tuple[date, date]
"""First and last, both included."""
ON: dict[InterestBase, tuple[Bucket, ...]] = {
    InterestBase.PRINCIPAL: (Bucket.PRINCIPAL,),
    InterestBase.PRINCIPAL_AND_COSTS: (Bucket.PRINCIPAL, Bucket.COSTS),
}


def stretches(
    rules: InterestRules, own_rate: Decimal | None, days: Days, *, held: Sequence[Days], planned: Sequence[Days]
) -> list[Stretch]:
    """The ``days`` by the terms that are in force, in order and without a gap. A hold weighs more than a plan."""
    first, last = days
    edges = {first}
    for begin, end in (*held, *planned):
        edges |= {begin, end + ONE_DAY}
    if rules.since is not None:
        edges.add(rules.since)
    if rules.until is not None:
        edges.add(rules.until + ONE_DAY)
    starts = sorted(day for day in edges if first <= day <= last)
    ends = [*(day - ONE_DAY for day in starts[1:]), last]
    return [_stretch(rules, own_rate, start, end, held, planned) for start, end in zip(starts, ends, strict=True)]


def _stretch(
    rules: InterestRules, own_rate: Decimal | None, start: date, end: date, held: Sequence[Days],
    planned: Sequence[Days],
) -> Stretch:
    rate, frozen = rules.rate(own_rate, start), None
    if rate is None:
        frozen = Frozen.OFF
    elif any(a <= start <= b for a, b in held):
        frozen = Frozen.HOLD
    elif not rules.while_in_plan and any(a <= start <= b for a, b in planned):
        frozen = Frozen.PLAN
    return Stretch(start, end, None if frozen else rate, rules.method or InterestMethod.SIMPLE, rules.day_count,
                   rules.base, frozen)


def spans_of(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, list[AccrualSpan]]:
    """The recorded terms of the days that have been reckoned, in order."""
    found: dict[DebtId, list[AccrualSpan]] = {}
    for span in session.scalars(select(AccrualSpan).where(AccrualSpan.debt_id.in_(debt_ids))
                                .order_by(AccrualSpan.debt_id, AccrualSpan.first_on)
                                .execution_options(populate_existing=True)):
        found.setdefault(span.debt_id, []).append(span)
    return found


def in_plans(session: Session, debt_ids: Collection[DebtId], last: date) -> dict[DebtId, list[Days]]:
    """The days on which each debt was in an active plan, through ``last``."""
    found: dict[DebtId, list[Days]] = {}
    for debt_id, agreed_at, ended_at in session.execute(
            select(PlanDebt.debt_id, Plan.agreed_at, Plan.ended_at).join(Plan, Plan.id == PlanDebt.plan_id)
            .where(PlanDebt.debt_id.in_(debt_ids))):
        end = min(last, ended_at.date()) if ended_at is not None else last
        if agreed_at.date() <= end:
            found.setdefault(debt_id, []).append((agreed_at.date(), end))
    return found


def owed_by_day(session: Session, debt_ids: Collection[DebtId]) -> Mapping[tuple[DebtId, InterestBase], Owed]:
    """What each debt's interest is reckoned on, by value date."""
    changes: dict[tuple[DebtId, InterestBase], list[tuple[date, int]]] = {}
    rows = session.execute(
        select(Account.debt_id, Account.kind, Txn.effective_on, func.sum(Entry.amount))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_(debt_ids), Account.kind.in_([Bucket.PRINCIPAL.value, Bucket.COSTS.value]))
        .group_by(Account.debt_id, Account.kind, Txn.effective_on))
    for debt_id, kind, day, amount in rows:
        for base, buckets in ON.items():
            if debt_id is not None and Bucket(kind) in buckets:
                changes.setdefault((debt_id, base), []).append((day, int(amount)))
    return {key: Owed(found) for key, found in changes.items()}


def opened(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, tuple[date, int]]:
    """The value date each debt was placed with us on, and its principal then, in minor units."""
    principal = func.sum(Entry.amount).filter(Account.kind == Bucket.PRINCIPAL.value)
    return {
        debt_id: (day, int(minor or 0)) for debt_id, day, minor in session.execute(
            select(Account.debt_id, func.min(Txn.effective_on), principal)
            .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
            .where(Account.debt_id.in_(debt_ids), Txn.kind == PostingKind.OPENING).group_by(Account.debt_id))
        if debt_id is not None
    }
