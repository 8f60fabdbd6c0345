"""How far a debt has come, by staff's word: what may be said to follow from not paying depends on it (rule 16)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.evidence.models import Evidence
from compliance.operator import Operator
from ledger.models import Debt
from runtime.ids import DebtId

NOT_SAID = "default"
"""What the operator file calls every stage that has no text of its own; in the ledger such a debt has none."""


def stages_for(office: Operator, debt: Debt) -> list[str]:
    """The stages a debt may be put to: those that the operator file has texts for, and the one it is in."""
    named = {one.stage for one in office.consequences if one.kind in (debt.kind, "default")}
    return [NOT_SAID, *sorted((named | {debt.stage or NOT_SAID}) - {NOT_SAID})]


def set_stage(session: Session, *, key: str, debt_id: DebtId, stage: str, actor: str, why: str, now: datetime) -> None:
    """Put a debt to a stage; recorded as evidence with the reason. The same ``key`` again changes nothing."""
    kept = f"stage:{key}"[:200]
    if session.scalar(select(Evidence.id).where(Evidence.key == kept)) is not None:
        return
    debt = session.get_one(Debt, debt_id, with_for_update=True, populate_existing=True)
    before, debt.stage = debt.stage, None if stage == NOT_SAID else stage
    session.flush()
    record(session, key=kept, kind="debt.stage", now=now, debtor_id=debt.debtor_id, debt_id=debt.id, actor=actor,
           subject=f"debt:{debt.id}", facts={"stage": debt.stage, "before": before}, content={"why": why})
