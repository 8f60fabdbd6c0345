"""What the check looks at in settlements: their payments, their discounts, and that no plan runs beside them."""

from collections.abc import Iterator

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, selectinload

from ledger.finding import Finding
from ledger.kinds import PlanStatus, PostingKind, SettlementStatus
from ledger.models import Plan, PlanDebt, Settlement, Txn
from ledger.settling import settlement_count, taken_back_by


def settlements_fit(session: Session) -> Iterator[Finding]:
    """Payments add up to the amount and are counted; a discount stands exactly where a settlement is completed."""
    rule = "discounts belong to settlements"
    undo = aliased(Txn)
    standing = {txn.id: txn for txn in session.scalars(select(Txn).where(
        Txn.kind == PostingKind.SETTLEMENT_DISCOUNT, ~exists().where(undo.reverses_id == Txn.id)))}
    corrected = set(session.scalars(select(Txn.cause).where(Txn.kind == PostingKind.ADJUSTMENT)))
    for it in session.scalars(
            select(Settlement).order_by(Settlement.id).options(selectinload(Settlement.dues))).all():
        if it.discount_id is not None:
            if standing.pop(it.discount_id, None) is None:
                yield Finding(rule, f"the discount of settlement {it.id} does not stand")
            if it.status is not SettlementStatus.COMPLETED:
                yield Finding(rule, f"settlement {it.id} is {it.status} and has a discount")
        if it.accepted_on is None:
            continue
        if it.amount != (dues := sum(due.amount for due in it.dues)):
            yield Finding("settlements add up", f"settlement {it.id} is over {it.amount}, its payments are {dues}")
        count = settlement_count(session, it)
        if it.status is SettlementStatus.COMPLETED and not count.complete:
            yield Finding("settlements equal payments", f"settlement {it.id} is completed, its payments are not")
        if it.status is SettlementStatus.ACCEPTED and (count.complete or it.received != count.received):
            has = f"settlement {it.id} counts {it.received}"
            yield Finding("settlements equal payments", f"{has}, its payments are {count.received}")
    for txn in standing.values():
        if taken_back_by(txn.cause) not in corrected:
            yield Finding(rule, f"posting {txn.id} is a discount of no completed settlement")


def settlements_or_plans(session: Session) -> Iterator[Finding]:
    """No debt has an accepted settlement and is in an active plan."""
    rows = session.execute(
        select(Settlement.debt_id, Plan.id).join(PlanDebt, PlanDebt.debt_id == Settlement.debt_id)
        .join(Plan, Plan.id == PlanDebt.plan_id)
        .where(Settlement.status == SettlementStatus.ACCEPTED, Plan.status == PlanStatus.ACTIVE)
    )
    for debt_id, plan_id in rows:
        yield Finding("plan or settlement", f"debt {debt_id} is in plan {plan_id} and has an accepted settlement")
