"""What the accrual of interest remembers of a debt. The amounts follow from it and from the entries."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kinds import DayCount, Frozen, InterestBase, InterestMethod
from ledger.models.columns import BigId, ExactDecimal, coded
from runtime.database import Base
from runtime.ids import DebtId


class Accrual(Base):
    """How far interest on a debt has been worked out, and what has been added in all, in minor units."""

    __tablename__ = "accrual"
    __table_args__ = (CheckConstraint("accrued >= 0 AND (cap IS NULL OR accrued <= cap)", name="within_cap"),)
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, autoincrement=False)
    through: Mapped[date] = mapped_column(Date)
    """The last day worked out."""
    accrued: Mapped[int] = mapped_column(BigInteger)
    cap: Mapped[int | None] = mapped_column(BigInteger)
    """The most that may be added in all, by the policy at the last run."""
    version: Mapped[int] = mapped_column(Integer)
    """The balance's version it was worked out for: when that has risen, a payment may have been back-dated."""


class AccrualSpan(Base):
    """The terms of a stretch of days. Kept, so that a policy changed today leaves the past as it was.

    ``annual_percent`` is None on days that bear no interest; ``frozen`` says why.
    """

    __tablename__ = "accrual_span"
    __table_args__ = (CheckConstraint("first_on <= last_on", name="forwards"),)
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, autoincrement=False)
    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    last_on: Mapped[date] = mapped_column(Date)
    annual_percent: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    frozen: Mapped[Frozen | None] = mapped_column(coded(Frozen))
    method: Mapped[InterestMethod] = mapped_column(coded(InterestMethod))
    day_count: Mapped[DayCount] = mapped_column(coded(DayCount))
    base: Mapped[InterestBase] = mapped_column(coded(InterestBase))

    @property
    def terms(self) -> tuple[object, ...]:
        """What one stretch has in common."""
        return self.annual_percent, self.frozen, self.method, self.day_count, self.base
