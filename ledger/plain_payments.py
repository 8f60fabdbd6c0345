"""A payment on one debt with which nothing else waits: the rows ``ledger.receipts`` writes, in few statements.

Most payments are of this kind, and an object for every row takes far longer than the rows. What is left out is what
would find nothing to do: no plan, promise or settlement counts on the debt, it stays open, and no interest is added.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ledger.allocation import over_buckets
from ledger.feed import posting_rows, tell_rows
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PlanStatus, PostingKind, PromiseStatus
from ledger.models import Account, Debt, DebtBalance, Entry, Plan, PlanDebt, Promise, Seal, Settlement, Txn
from ledger.money import Money, total
from ledger.posting import on_creditor, on_debt
from runtime.ids import CreditorId, DebtId, DebtorId

_balance: Any = DebtBalance.__table__
_LOCKED = select(_balance).where(_balance.c.debt_id == bindparam("debt")).with_for_update()
_WAITED_FOR = or_(
    exists().where(PlanDebt.debt_id == bindparam("debt"), Plan.id == PlanDebt.plan_id,
                   Plan.status != PlanStatus.CANCELLED),
    exists().where(Promise.debtor_id == bindparam("debtor"), Promise.status != PromiseStatus.SUPERSEDED),
    exists().where(Settlement.debt_id == bindparam("debt")),
)
_STATUS = select(Debt.status).where(Debt.id == bindparam("debt")).scalar_subquery()
_ACCOUNTS = select(
    Account.kind, Account.id, _STATUS.label("status"), _WAITED_FOR.label("waited_for")
).where(or_(
    Account.debt_id == bindparam("debt"),
    and_(Account.creditor_id == bindparam("creditor"), Account.kind == bindparam("through"),
         Account.currency == bindparam("currency")),
))
_MOVE = update(_balance).where(_balance.c.debt_id == bindparam("debt")).values(
    {bucket.value: bindparam(f"new_{bucket.value}") for bucket in Bucket} | {"version": _balance.c.version + 1})
_ENTRIES, _SEAL = insert(Entry.__table__), insert(Seal.__table__)  # type: ignore[arg-type]
# Made once: to make a statement takes longer than to run it.


def post_plain(
    session: Session, txn: Txn, *, debt_id: DebtId, debtor_id: DebtorId, creditor_id: CreditorId, amount: Money,
    buckets: Sequence[Bucket], through: CreditorAccount,
) -> bool:
    """Finish the new posting ``txn`` of ``amount`` on one debt. False, with nothing written, when it is not so plain.

    The balance is locked first and the rest asked for afterwards, so that what another transaction agreed is seen.
    """
    run = session.connection().execute
    row = run(_LOCKED, {"debt": debt_id}).one_or_none()
    if row is None:
        return False
    before = DebtBalance(**row._mapping)
    found = run(_ACCOUNTS, {"debt": debt_id, "debtor": debtor_id, "creditor": creditor_id, "through": through.value,
                            "currency": amount.currency}).all()
    parts = over_buckets(before, amount, buckets)
    accounts = {kind: account for kind, account, _, _ in found}
    if (
        not found or found[0].waited_for or found[0].status is not DebtStatus.OPEN or amount.minor >= before.owed
        or through.value not in accounts or any(bucket.value not in accounts for bucket in parts)
    ):
        return False
    after = {f"new_{bucket.value}": getattr(before, bucket.value) - (parts[bucket].minor if bucket in parts else 0)
             for bucket in OWED}
    run(_MOVE, {"debt": debt_id, **after, f"new_{Bucket.OVERPAYMENT.value}": before.overpayment})
    lines = [*(on_debt(debt_id, bucket, -part) for bucket, part in parts.items()),
             on_creditor(creditor_id, through, amount)]
    run(_ENTRIES, [{"txn_id": txn.id, "account_id": accounts[line.kind.value], "currency": amount.currency,
                    "amount": line.amount.minor} for line in lines])
    run(_SEAL, {"txn_id": txn.id})
    if (held := session.identity_map.get(identity_key(DebtBalance, debt_id))) is not None:
        session.expire(held)
    owed = total((Money(minor, amount.currency) for minor in after.values()), amount.currency)
    tell_rows(session, posting_rows(
        PostingKind.PAYMENT, posting_id=txn.id, key=txn.idem_key, reverses_id=None, at=txn.posted_at,
        effective_on=txn.effective_on, lines=lines, after={debt_id: (debtor_id, owed, before.overpayment)}))
    return True
