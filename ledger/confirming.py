"""How fresh a balance is where another system is the master: confirming it, refusing to build on an old one."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from ledger.errors import BalanceStale
from ledger.models import Creditor, Debt
from ledger.policy import policy_for
from runtime.ids import DebtId

AT_ONCE = 500


def confirm(session: Session, debt_ids: Iterable[DebtId], as_of: datetime) -> int:
    """Note that the other system's balance of these debts was the same as ours at ``as_of``. Returns how many changed.

    An older confirmation never takes the place of a newer one, so files may come in any order.
    """
    wanted, changed = sorted(set(debt_ids)), 0
    session.flush()
    for start in range(0, len(wanted), AT_ONCE):
        result = session.execute(
            update(Debt)
            .where(Debt.id.in_(wanted[start:start + AT_ONCE]), or_(Debt.as_of.is_(None), Debt.as_of < as_of))
            .values(as_of=as_of).execution_options(synchronize_session="fetch"))
        changed += result.rowcount  # type: ignore[attr-defined]  # an UPDATE's result has a row count
    return changed


def refuse_stale(session: Session, debt_ids: Collection[DebtId], *, now: datetime) -> None:
    """Raise BalanceStale for the first of the debts whose balance is too old to agree anything on; OperatorError."""
    rows = session.execute(
        select(Debt.id, Debt.ref, Debt.as_of, Creditor).join(Creditor, Creditor.id == Debt.creditor_id)
        .where(Debt.id.in_(debt_ids)).order_by(Debt.id)
    )
    for debt_id, ref, as_of, creditor in rows:
        if policy_for(creditor).master.stale(as_of, now):
            raise BalanceStale(debt_id, ref, as_of)
