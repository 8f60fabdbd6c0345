"""Whether every promise counts what came in for it. A few thousand at a time, with the payments of their debtors."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, selectinload

from ledger.finding import Finding
from ledger.keeping import promise_days, promise_state, stands
from ledger.kinds import PostingKind, PromiseStatus
from ledger.models import Account, Debt, Entry, Promise, TakeBack, Txn
from runtime.ids import DebtId, DebtorId

_CHUNK = 2_000
Came = dict[tuple[DebtorId, str], dict[DebtId, list[tuple[date, int]]]]


def promises_counted(session: Session) -> Iterator[Finding]:
    """Findings for promises whose state or sum is not what their payments make it."""
    last = 0
    while promises := session.scalars(
            select(Promise).where(Promise.id > last, Promise.status != PromiseStatus.SUPERSEDED)
            .order_by(Promise.id).limit(_CHUNK).options(selectinload(Promise.debts))).all():
        last = promises[-1].id
        came = _came(session, promises)
        for promise in promises:
            first, until = promise_days(promise)
            paid = came.get((promise.debtor_id, promise.currency), {})
            meant = [share.debt_id for share in promise.debts] or list(paid)
            minor = sum(amount for debt_id in meant for day, amount in paid.get(debt_id, ()) if first <= day <= until)
            received, status = promise_state(promise, minor)
            if (promise.received, promise.status) != (received, status):
                has = f"promise {promise.id} is {promise.status} with {promise.received}"
                yield Finding("promises equal payments", f"{has}, its payments make it {status} with {received}")
        session.expunge_all()


def _came(session: Session, promises: Sequence[Promise]) -> Came:
    """What came in from the debtors of these promises: by debt and value date, in minor units."""
    payment = aliased(Txn)
    found: Came = {}
    for debtor_id, currency, debt_id, day, minor in session.execute(
            select(Debt.debtor_id, Entry.currency, Debt.id, payment.effective_on, func.sum(-Entry.amount))
            .join(Account, Account.debt_id == Debt.id).join(Entry, Entry.account_id == Account.id)
            .join(Txn, Txn.id == Entry.txn_id).outerjoin(TakeBack, TakeBack.txn_id == Txn.id)
            .join(payment, payment.id == func.coalesce(TakeBack.payment_id, Txn.id))
            .where(Debt.debtor_id.in_({promise.debtor_id for promise in promises}),
                   payment.kind == PostingKind.PAYMENT, stands())
            .group_by(Debt.debtor_id, Entry.currency, Debt.id, payment.effective_on)):
        found.setdefault((debtor_id, currency), {}).setdefault(debt_id, []).append((day, int(minor)))
    return found
