"""How plans were kept: counted from what was recorded of each instalment, replaced ones included."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.kinds import InstalmentState
from ledger.models import InstalmentEvent, Plan
from runtime.ids import DebtorId


@dataclass(frozen=True, slots=True)
class Record:
    """Instalments by what became of them; those not due yet are in none of these."""

    kept: int = 0
    kept_late: int = 0
    part_paid: int = 0
    missed: int = 0

    @property
    def behind(self) -> int:
        """Missed or part paid, and not mended by a payment since."""
        return self.part_paid + self.missed

    @property
    def judged(self) -> int:
        """All of them."""
        return self.kept + self.kept_late + self.behind

    @property
    def rate(self) -> Decimal | None:
        """The part kept in time, from 0 to 1, to three decimals; None when nothing was due yet."""
        return None if not self.judged else (Decimal(self.kept) / self.judged).quantize(Decimal("0.001"))


def record_of(session: Session, plan_id: int, *, since: int = 1) -> Record:
    """How one plan was kept so far; of instalments made by version ``since`` or later."""
    return _record(session, [plan_id], since)


def kept_rate(session: Session, debtor_id: DebtorId) -> Record:
    """How a debtor kept all plans so far."""
    return _record(session, session.scalars(select(Plan.id).where(Plan.debtor_id == debtor_id)).all())


def _record(session: Session, plan_ids: Iterable[int], since: int = 1) -> Record:
    latest = (
        select(func.max(InstalmentEvent.id))
        .where(InstalmentEvent.plan_id.in_(list(plan_ids)), InstalmentEvent.since >= since)
        .group_by(InstalmentEvent.plan_id, InstalmentEvent.since, InstalmentEvent.number)
    )
    counted: dict[InstalmentState, int] = {
        state: number for state, number in session.execute(
            select(InstalmentEvent.state, func.count()).where(InstalmentEvent.id.in_(latest))
            .group_by(InstalmentEvent.state)
        )
    }
    return Record(*(counted.get(state, 0) for state in (
        InstalmentState.KEPT, InstalmentState.KEPT_LATE, InstalmentState.PART_PAID, InstalmentState.MISSED)))
