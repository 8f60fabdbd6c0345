"""Plans: agreed instalments over one or several debts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.kinds import PlanStatus
from ledger.models.columns import BigId, Currency, Key, coded
from runtime.database import Base, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Plan(Base):
    """An arrangement to pay ``total`` in instalments. ``version`` rises with every change."""

    __tablename__ = "plan"
    __table_args__ = (Index("ix_plan_debtor_id", "debtor_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    currency: Mapped[str] = mapped_column(Currency)
    total: Mapped[int] = mapped_column(BigInteger)
    instalment: Mapped[int] = mapped_column(BigInteger)
    every: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str] = mapped_column(String(10))
    first_on: Mapped[date] = mapped_column(Date)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    """Days after the due date before an instalment counts as missed, by the policy when it was agreed."""
    status: Mapped[PlanStatus] = mapped_column(coded(PlanStatus), default=PlanStatus.ACTIVE)
    version: Mapped[int] = mapped_column(Integer, default=1)
    actor: Mapped[str] = mapped_column(String(100))
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    end_key: Mapped[str | None] = mapped_column(Key)
    instalments: Mapped[list["Instalment"]] = relationship(order_by="Instalment.number")
    debts: Mapped[list["PlanDebt"]] = relationship(order_by="PlanDebt.debt_id")


class PlanDebt(Base):
    """A debt's share in a plan."""

    __tablename__ = "plan_debt"
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan.id"), primary_key=True)
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    """What was owed on the debt when the plan was agreed."""
    paid_before: Mapped[int] = mapped_column(BigInteger)
    """All that had been paid on the debt until then: what comes on top counts for the plan."""


class Instalment(Base):
    """One instalment. ``paid`` grows as payments arrive; ``paid_on`` is the value date that completed it."""

    __tablename__ = "instalment"
    __table_args__ = (
        CheckConstraint("amount > 0 AND paid >= 0 AND paid <= amount", name="paid_within_amount"),
        Index("ix_instalment_due_on", "due_on"),
    )
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    due_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_on: Mapped[date | None] = mapped_column(Date)
