"""Promises to pay: made, superseded, judged by value date."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from ledger.confirming import refuse_stale
from ledger.errors import NotFound, PromiseRefused
from ledger.feed import tell_promise
from ledger.grace import last_day
from ledger.holds import days_stopped
from ledger.keeping import count_promise, paid_between, promise_count, promise_days
from ledger.kinds import Act, DebtStatus, PromiseStatus
from ledger.models import Creditor, Debt, DebtBalance, Debtor, Promise, PromiseDebt
from ledger.money import Money
from ledger.once import found, once
from ledger.policy import policy_for
from ledger.policy.promises import PromiseRules
from ledger.posting import lock_balances
from runtime.ids import DebtId, DebtorId


def make_promise(
    session: Session, *, key: str, debtor_id: DebtorId, amount: Money, due_on: date, actor: str, now: datetime,
    today: date | None = None, debt_ids: Collection[DebtId] | None = None,
) -> Promise:
    """Record a promise of ``amount`` by ``due_on``, on the named debts or on all. It supersedes open ones on them.

    ``today`` is the debtor's own date (UTC's when not given). The same key again returns the same promise.
    Raises NotFound; BalanceStale; PromiseRefused for nothing, more than is owed, a past day, or one further ahead than
    the policy.
    """
    session.flush()
    if (promise := found(session, Promise, key)) is not None:
        return promise
    made_on = today or now.date()
    named = sorted(set(debt_ids or ()))
    rows = session.execute(
        select(Debt.id, Creditor).join(Creditor, Creditor.id == Debt.creditor_id)
        .where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN, Debt.currency == amount.currency)
    ).all()
    meant = [row for row in rows if not named or row[0] in named]
    if not meant or (named and len(meant) != len(named)):
        raise NotFound(f"the debtor has no such open debts in {amount.currency}")
    balances = lock_balances(session, [row[0] for row in meant])  # no payment comes in between
    refuse_stale(session, [row[0] for row in meant], now=now)
    creditors = {row[1].id: row[1] for row in meant}.values()
    rules = PromiseRules.strictest([policy_for(creditor).promises for creditor in creditors])
    owed = Money(sum(balance.owed for balance in balances.values()), amount.currency)
    latest = made_on + timedelta(days=rules.within_days)
    if amount.minor <= 0 or amount > owed:
        raise PromiseRefused(f"{amount} cannot be promised on {owed}", owed=owed)
    if not made_on <= due_on <= latest:
        raise PromiseRefused(f"{due_on} is not between today and {latest}", latest=latest)

    debtor = session.get_one(Debtor, debtor_id)
    last = last_day(due_on, rules.grace_days, working_days=rules.working_days, country=debtor.country,
                    region=debtor.region)

    def make() -> Promise:
        return Promise(
            key=key, debtor_id=debtor_id, currency=amount.currency, amount=amount.minor, made_on=made_on,
            due_on=due_on, grace_days=(last - due_on).days, status=PromiseStatus.OPEN, received=0,
            paid_before=paid_between(session, debtor_id=debtor_id, currency=amount.currency, debt_ids=named,
                                     first=made_on, last=last),
            actor=actor, made_at=now, debts=[PromiseDebt(debt_id=debt_id) for debt_id in named],
        )

    promise = once(session, Promise, key, make)
    tell_promise(session, promise, now)
    _supersede(session, promise, now)
    return promise


def _supersede(session: Session, newer: Promise, now: datetime) -> None:
    mine = {share.debt_id for share in newer.debts}
    older = session.scalars(
        select(Promise).where(
            Promise.debtor_id == newer.debtor_id, Promise.currency == newer.currency, Promise.id < newer.id,
            Promise.status == PromiseStatus.OPEN,
        ).order_by(Promise.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for promise in older:
        theirs = {share.debt_id for share in promise.debts}
        if not mine or not theirs or mine & theirs:
            promise.status = PromiseStatus.SUPERSEDED
            tell_promise(session, promise, now)
    session.flush()


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise as it stands."""

    promise_id: int
    amount: Money
    received: Money
    due_on: date
    made_on: date
    status: PromiseStatus
    debt_ids: tuple[DebtId, ...]


def promises_of(session: Session, debtor_id: DebtorId) -> list[PromiseLine]:
    """The promises of a debtor, the newest first."""
    promises = session.scalars(
        select(Promise).where(Promise.debtor_id == debtor_id).order_by(Promise.id.desc())
        .options(selectinload(Promise.debts))
    )
    return [
        PromiseLine(p.id, Money(p.amount, p.currency), Money(p.received, p.currency), p.due_on, p.made_on, p.status,
                    tuple(share.debt_id for share in p.debts))
        for p in promises
    ]


def judge_promises(session: Session, *, today: date) -> list[Promise]:
    """Judge every open promise whose grace is over: kept, partly kept, broken or released. Returns those judged now.

    One that was not kept is released where a hold stopped us from asking for it meanwhile, or where so little is left
    to pay (recalled, settled, corrected) that it could not be kept. A payment that arrives later with a value date in
    time still mends the judgement.
    """
    judged: list[Promise] = []
    due = session.scalars(
        select(Promise).where(Promise.status == PromiseStatus.OPEN, Promise.due_on < today)
        .order_by(Promise.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for promise in due:
        if promise.due_on + timedelta(days=promise.grace_days) < today:
            promise.judged_on = today
            promise.received, status = promise_count(session, promise)
            if status in (PromiseStatus.BROKEN, PromiseStatus.PARTLY_KEPT) and (
                    _was_held(session, promise) or _cannot_be_kept(session, promise)):
                promise.released_on = today
            count_promise(session, promise, datetime.combine(today, time(), UTC))
            judged.append(promise)
    session.flush()
    return judged


def release_promises(session: Session, debt_id: DebtId, *, today: date) -> None:
    """Release the open promises that cannot be kept any more now that ``debt_id`` was taken back or closed."""
    debt = session.get_one(Debt, debt_id)
    promises = session.scalars(
        select(Promise).where(Promise.debtor_id == debt.debtor_id, Promise.status == PromiseStatus.OPEN)
        .order_by(Promise.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for promise in promises:
        named = {share.debt_id for share in promise.debts}
        if (not named or debt_id in named) and _cannot_be_kept(session, promise):
            promise.released_on = today
            count_promise(session, promise, datetime.combine(today, time(), UTC))
    session.flush()


def _was_held(session: Session, promise: Promise) -> bool:
    """Whether a hold stopped us, on some day that counts for it, from asking for a debt it is on."""
    mine = select(Debt.id).where(Debt.debtor_id == promise.debtor_id)
    debts = [share.debt_id for share in promise.debts] or session.scalars(mine).all()
    first, last = promise_days(promise)
    return bool(days_stopped(session, debts=dict.fromkeys(debts, promise.debtor_id), act=Act.ASK, first=first,
                             last=last))


def _cannot_be_kept(session: Session, promise: Promise) -> bool:
    """Whether less is owed than is missing of it, and not because it was paid late."""
    named = [share.debt_id for share in promise.debts]
    owed = select(
        func.sum(DebtBalance.principal + DebtBalance.interest + DebtBalance.fees + DebtBalance.costs)
    ).join(Debt, Debt.id == DebtBalance.debt_id).where(
        Debt.debtor_id == promise.debtor_id, Debt.currency == promise.currency, Debt.status == DebtStatus.OPEN)
    if named:
        owed = owed.where(Debt.id.in_(named))
    last = promise.due_on + timedelta(days=promise.grace_days)
    late = paid_between(session, debtor_id=promise.debtor_id, currency=promise.currency, debt_ids=named,
                        first=last + timedelta(days=1), last=date.max)
    return (session.scalar(owed) or 0) + late < promise.amount - promise.received


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """How a debtor's promises went. Superseded and released ones say nothing of them."""

    kept: int = 0
    partly_kept: int = 0
    broken: int = 0
    open: int = 0


def promise_record(session: Session, debtor_id: DebtorId, *, since: date | None = None) -> PromiseRecord:
    """How many promises of a debtor were kept, partly kept and broken, of those due from ``since`` on."""
    query = select(Promise.status, func.count()).where(Promise.debtor_id == debtor_id).group_by(Promise.status)
    if since is not None:
        query = query.where(Promise.due_on >= since)
    count = {status: number for status, number in session.execute(query)}
    return PromiseRecord(count.get(PromiseStatus.KEPT, 0), count.get(PromiseStatus.PARTLY_KEPT, 0),
                         count.get(PromiseStatus.BROKEN, 0), count.get(PromiseStatus.OPEN, 0))


def broken_promises(session: Session, debtor_id: DebtorId, *, since: date | None = None) -> int:
    """How many promises of a debtor were broken outright, of those due from ``since`` on."""
    return promise_record(session, debtor_id, since=since).broken
