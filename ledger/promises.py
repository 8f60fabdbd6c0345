"""Promises to pay: made, superseded, judged by value date."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.confirming import refuse_stale
from ledger.errors import NotFound, PromiseRefused
from ledger.feed import tell_promise
from ledger.keeping import count_promise, paid_between
from ledger.kinds import DebtStatus, PromiseStatus
from ledger.models import Creditor, Debt, Promise, PromiseDebt
from ledger.money import Money
from ledger.once import found, once
from ledger.policy import policy_for, strictest
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
    policy = strictest([policy_for(creditor) for creditor in {row[1].id: row[1] for row in meant}.values()])
    owed = Money(sum(balance.owed for balance in balances.values()), amount.currency)
    latest = made_on + timedelta(days=policy.promises.within_days)
    if amount.minor <= 0 or amount > owed:
        raise PromiseRefused(f"{amount} cannot be promised on {owed}", owed=owed)
    if not made_on <= due_on <= latest:
        raise PromiseRefused(f"{due_on} is not between today and {latest}", latest=latest)

    def make() -> Promise:
        return Promise(
            key=key, debtor_id=debtor_id, currency=amount.currency, amount=amount.minor, made_on=made_on,
            due_on=due_on, grace_days=policy.promises.grace_days, status=PromiseStatus.OPEN, received=0,
            paid_before=paid_between(session, debtor_id=debtor_id, currency=amount.currency, debt_ids=named,
                                     first=made_on, last=due_on + timedelta(days=policy.promises.grace_days)),
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
    """Judge every open promise whose grace is over: kept, partly kept or broken. Returns those judged now.

    A payment that arrives later with a value date in time still mends the judgement.
    """
    judged: list[Promise] = []
    due = session.scalars(
        select(Promise).where(Promise.status == PromiseStatus.OPEN, Promise.due_on < today)
        .order_by(Promise.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for promise in due:
        if promise.due_on + timedelta(days=promise.grace_days) < today:
            promise.judged_on = today
            count_promise(session, promise, datetime.combine(today, time(), UTC))
            judged.append(promise)
    session.flush()
    return judged
