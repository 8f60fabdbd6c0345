"""Plans: agreed instalments over one or several debts."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.kinds import FollowUp, InstalmentState, PlanAct, PlanStatus
from ledger.models.columns import BigId, Currency, Key, coded
from runtime.database import Base, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Plan(Base):
    """An arrangement to pay ``total`` in instalments. ``version`` rises with every change of anything about it.

    Terms and ``instalments`` are those in force; what they were is in PlanVersion.
    """

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
    rule: Mapped[str] = mapped_column(String(30), default="", server_default="")
    """Which day, where the rhythm names one (``ledger.schedule.Frequency``)."""
    first_on: Mapped[date] = mapped_column(Date)
    """Where the rhythm in force began."""
    schedule: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    """The PlanVersion in force."""
    paused_until: Mapped[date | None] = mapped_column(Date)
    """The last day of the latest pause; its instalments are behind it."""
    follow_up: Mapped[FollowUp | None] = mapped_column(coded(FollowUp))
    """What a missed instalment asks for; None while nothing is missed."""
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    """Days after the due date before an instalment counts as missed, by the policy when it was agreed."""
    status: Mapped[PlanStatus] = mapped_column(coded(PlanStatus), default=PlanStatus.ACTIVE)
    version: Mapped[int] = mapped_column(Integer, default=1)
    actor: Mapped[str] = mapped_column(String(100))
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    end_key: Mapped[str | None] = mapped_column(Key)
    instalments: Mapped[list["Instalment"]] = relationship(
        order_by="Instalment.number", cascade="all, delete-orphan")
    versions: Mapped[list["PlanVersion"]] = relationship(order_by="PlanVersion.number")
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
    counted_from: Mapped[int | None] = mapped_column(BigInteger)
    """The latest posting on the debt then. None in plans of earlier versions of the program."""


class Instalment(Base):
    """One instalment in force. ``paid`` grows as payments arrive; ``paid_on`` is the value date that completed it."""

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
    since: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    """The PlanVersion that made it: with plan and number its name for good."""
    carried: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Not an instalment of its own: what had been paid towards replaced ones when the terms changed."""
    judged_on: Mapped[date | None] = mapped_column(Date)
    """The day it was found unpaid after its grace."""
    state: Mapped[InstalmentState] = mapped_column(
        coded(InstalmentState), default=InstalmentState.DUE, server_default=InstalmentState.DUE)


class PlanVersion(Base):
    """The terms of a plan from one change to the next: never changed, so that what was agreed can always be shown."""

    __tablename__ = "plan_version"
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(Key, unique=True)
    content_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of what was asked for: the same key with other content is an error."""
    act: Mapped[PlanAct] = mapped_column(coded(PlanAct))
    total: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    """What had been paid when it was made."""
    instalment: Mapped[int] = mapped_column(BigInteger)
    every: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(30), default="")
    first_on: Mapped[date] = mapped_column(Date)
    actor: Mapped[str] = mapped_column(String(100))
    by_staff: Mapped[bool] = mapped_column(Boolean, default=False)
    why: Mapped[str] = mapped_column(String(300), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dues: Mapped[list["PlanVersionDue"]] = relationship(order_by="PlanVersionDue.number")


class PlanVersionDue(Base):
    """One instalment of a version, as it was agreed."""

    __tablename__ = "plan_version_due"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "version"], ["plan_version.plan_id", "plan_version.number"]),
        CheckConstraint("amount > 0", name="something"),
    )
    plan_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    due_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)


class InstalmentEvent(Base):
    """An instalment came into a state: kept, kept late, part paid, missed, or back to due. Only ever added."""

    __tablename__ = "instalment_event"
    __table_args__ = (Index("ix_instalment_event_plan_id", "plan_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan.id"))
    since: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    due_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[InstalmentState] = mapped_column(coded(InstalmentState))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
