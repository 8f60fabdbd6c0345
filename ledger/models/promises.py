"""Promises to pay."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.kinds import PromiseStatus
from ledger.models.columns import BigId, Currency, Key, coded
from runtime.database import Base, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Promise(Base):
    """A debtor's word to pay ``amount`` by ``due_on``. Without PromiseDebt rows it is for all their debts."""

    __tablename__ = "promise"
    __table_args__ = (
        CheckConstraint("amount > 0", name="something"),
        Index("ix_promise_debtor_id_status", "debtor_id", "status"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    currency: Mapped[str] = mapped_column(Currency)
    amount: Mapped[int] = mapped_column(BigInteger)
    made_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    """Calendar days after ``due_on`` until it is judged, with the weekends and holidays the policy leaves out."""
    status: Mapped[PromiseStatus] = mapped_column(coded(PromiseStatus), default=PromiseStatus.OPEN)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """What came in for it, by value date."""
    paid_before: Mapped[int] = mapped_column(BigInteger, default=0)
    """What had come in on the same day before it was made, and so does not count."""
    judged_on: Mapped[date | None] = mapped_column(Date)
    released_on: Mapped[date | None] = mapped_column(Date)
    """When it was found that it could not be kept for a reason that is not the debtor's."""
    actor: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    debts: Mapped[list["PromiseDebt"]] = relationship()


class PromiseDebt(Base):
    """A debt a promise is for."""

    __tablename__ = "promise_debt"
    promise_id: Mapped[int] = mapped_column(BigId, ForeignKey("promise.id"), primary_key=True)
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, index=True)
