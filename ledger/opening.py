"""A debt comes and goes: opened with what is owed on it, recalled by its creditor.

Fees and costs enter the ledger only here, as part of what was handed to us, or by an adjustment of staff; interest
also by accrual.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import KeyReused, NotFound, ReferenceTaken, WrongCurrency
from ledger.kinds import Bucket, CreditorAccount, DebtStatus, PlanStatus, PostingKind
from ledger.models import Debt, Plan, PlanDebt, Txn
from ledger.money import Money, total, zero
from ledger.plans import cancel_plan
from ledger.posting import all_owed, begin_posting, finish_posting, lock_balances, on_creditor, on_debt
from ledger.promises import release_promises
from ledger.settlements import withdraw_all
from runtime.ids import CreditorId, DebtId, DebtorId


def open_debt(
    session: Session, *, key: str, ref: str, debtor_id: DebtorId, creditor_id: CreditorId, kind: str, opened_on: date,
    principal: Money, interest: Money | None = None, fees: Money | None = None, costs: Money | None = None,
    effective_on: date, now: datetime, actor: str, cause: str = "opening", description: str = "",
    original_creditor: str | None = None, due_on: date | None = None, last_acknowledged_on: date | None = None,
    time_barred: bool | None = None, stage: str | None = None,
) -> Debt:
    """A new debt with what is owed on it. ``principal`` sets its currency. The same key again returns the same debt.

    A debt on which nothing is owed is ``paid`` from the start and has no posting; its reference is then its key.
    Raises KeyReused, ReferenceTaken, WrongCurrency; ValueError for negative parts.
    """
    currency = principal.currency
    parts = {
        Bucket.PRINCIPAL: principal, Bucket.INTEREST: interest or zero(currency),
        Bucket.FEES: fees or zero(currency), Bucket.COSTS: costs or zero(currency),
    }
    if any(part.currency != currency for part in parts.values()):
        raise WrongCurrency(f"the parts of debt {ref!r} are of several currencies")
    if any(part.minor < 0 for part in parts.values()):
        raise ValueError("no part of a debt is negative")
    owed = total(parts.values(), currency)
    debt = Debt(
        ref=ref, debtor_id=debtor_id, creditor_id=creditor_id, currency=currency, kind=kind, description=description,
        original_creditor=original_creditor, opened_on=opened_on, due_on=due_on,
        last_acknowledged_on=last_acknowledged_on, time_barred=time_barred, stage=stage, as_of=now,
        status=DebtStatus.PAID if owed.is_zero else DebtStatus.OPEN,
    )
    session.flush()
    earlier = session.scalars(select(Debt).where(Debt.ref == debt.ref)).one_or_none()
    recorded = session.scalars(select(Txn).where(Txn.idem_key == key)).one_or_none()
    if earlier is None and recorded is not None:
        raise KeyReused(key)
    if earlier is not None and recorded is None and not (owed.is_zero and earlier.debtor_id == debtor_id):
        raise ReferenceTaken(f"there is a debt {debt.ref} already")
    if earlier is None:
        session.add(debt)
        session.flush()
        lock_balances(session, [debt.id])
    debt = earlier or debt
    if owed.is_zero:
        return debt
    txn, fresh = begin_posting(
        session, key=key, kind=PostingKind.OPENING, effective_on=effective_on, posted_at=now, actor=actor, cause=cause,
        content=[debt.ref, debtor_id, creditor_id, {b.value: m.json() for b, m in parts.items()}],
    )
    if fresh:
        lines = [on_debt(debt.id, bucket, part) for bucket, part in parts.items()]
        finish_posting(session, txn, [*lines, on_creditor(creditor_id, CreditorAccount.PLACED, -owed)])
    return debt


def recall_debt(
    session: Session, *, key: str, debt_id: DebtId, effective_on: date, now: datetime, actor: str,
    cause: str = "recalled by the creditor",
) -> Debt:
    """The creditor takes a debt back: nothing is owed to us any more, its plans and settlements end, promises rest.

    An overpayment stays. The same key again changes nothing, not even when the recall was reversed meanwhile.
    Raises NotFound, KeyReused.
    """
    balance = lock_balances(session, [debt_id])[debt_id]
    debt = session.get(Debt, debt_id, populate_existing=True)
    if debt is None:
        raise NotFound(f"there is no debt {debt_id}")
    if debt.status is DebtStatus.RECALLED:
        return debt
    if not balance.owed:
        debt.status = DebtStatus.RECALLED
    else:
        txn, fresh = begin_posting(session, key=key, kind=PostingKind.RECALL, effective_on=effective_on, posted_at=now,
                                   actor=actor, cause=cause, content=debt.ref)
        if not fresh:  # recalled under this key, and that was reversed since: it takes another key to recall it again
            return debt
        debt.status = DebtStatus.RECALLED
        session.flush()
        finish_posting(session, txn, all_owed(debt, balance, CreditorAccount.PLACED), {debt_id: balance})
    session.flush()
    end_arrangements(session, key=key, debt_id=debt_id, actor=actor, now=now)
    return debt


def end_arrangements(session: Session, *, key: str, debt_id: DebtId, actor: str, now: datetime) -> None:
    """End what was arranged on a debt that is owed no more: its plans, its settlement, promises that cannot be kept."""
    plans = select(Plan.id).join(PlanDebt).where(PlanDebt.debt_id == debt_id, Plan.status == PlanStatus.ACTIVE)
    for plan_id in session.scalars(plans).all():
        cancel_plan(session, key=f"{key}:plan:{plan_id}", plan_id=plan_id, actor=actor, now=now)
    withdraw_all(session, key=key, debt_id=debt_id, actor=actor, now=now)
    release_promises(session, debt_id, today=now.date())
