"""Settlements: less than all of a debt, taken to close it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.kinds import Authority, SettlementStatus
from ledger.models.columns import BigId, Currency, Key, coded
from runtime.database import Base, UTCDateTime
from runtime.ids import DebtId, DebtorId

_ACCEPTED = text(f"status = '{SettlementStatus.ACCEPTED}'")


class Settlement(Base):
    """``amount`` closes a debt that owed ``balance``, when it is paid in time. ``version`` rises with every change."""

    __tablename__ = "settlement"
    __table_args__ = (
        CheckConstraint("amount > 0 AND amount < balance", name="less_than_all"),
        Index("ix_settlement_debt_id", "debt_id"),
        Index("ix_settlement_status", "status"),
        Index("uq_settlement_debt_id_accepted", "debt_id", unique=True, sqlite_where=_ACCEPTED,
              postgresql_where=_ACCEPTED),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    debt_id: Mapped[DebtId] = mapped_column(ForeignKey("debt.id"))
    currency: Mapped[str] = mapped_column(Currency)
    balance: Mapped[int] = mapped_column(BigInteger)
    """What was owed on the debt when it was offered."""
    amount: Mapped[int] = mapped_column(BigInteger)
    payments: Mapped[int] = mapped_column(SmallInteger)
    """In how many payments it is due once accepted."""
    offered_on: Mapped[date] = mapped_column(Date)
    """The debtor's own date."""
    accept_by: Mapped[date] = mapped_column(Date)
    """Last day on which it may be accepted."""
    pay_by: Mapped[date] = mapped_column(Date)
    """Due date of its last payment."""
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    authority: Mapped[Authority] = mapped_column(coded(Authority))
    """Of whoever offered it."""
    status: Mapped[SettlementStatus] = mapped_column(coded(SettlementStatus), default=SettlementStatus.OFFERED)
    version: Mapped[int] = mapped_column(Integer, default=1)
    actor: Mapped[str] = mapped_column(String(100))
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    accepted_on: Mapped[date | None] = mapped_column(Date)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_by: Mapped[str | None] = mapped_column(String(100))
    accept_key: Mapped[str | None] = mapped_column(Key, unique=True)
    paid_before: Mapped[int] = mapped_column(BigInteger, default=0)
    """All that had been paid on the debt when it was accepted: what comes on top counts."""
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """What came in for it, also what came too late."""
    discount_id: Mapped[int | None] = mapped_column(ForeignKey("txn.id"))
    """The posting of the discount, while it stands."""
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    end_key: Mapped[str | None] = mapped_column(Key)
    dues: Mapped[list["SettlementDue"]] = relationship(order_by="SettlementDue.number")


class SettlementDue(Base):
    """One payment of an accepted settlement. ``paid_on`` is the value date on which it was complete."""

    __tablename__ = "settlement_due"
    __table_args__ = (CheckConstraint("amount > 0 AND paid >= 0 AND paid <= amount", name="paid_within_amount"),)
    settlement_id: Mapped[int] = mapped_column(BigId, ForeignKey("settlement.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    due_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_on: Mapped[date | None] = mapped_column(Date)
