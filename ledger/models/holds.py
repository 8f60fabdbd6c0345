"""Holds: states that stop what we do. Never a posting."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kinds import HoldReason
from ledger.models.columns import BigId, Key, coded
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Hold(Base):
    """A hold on one debt, or on everything of a debtor when ``debt_id`` is None."""

    __tablename__ = "hold"
    __table_args__ = (Index("ix_hold_debtor_id_lifted_at", "debtor_id", "lifted_at"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    debt_id: Mapped[DebtId | None] = mapped_column(ForeignKey("debt.id"))
    reason: Mapped[HoldReason] = mapped_column(coded(HoldReason))
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[date | None] = mapped_column(Date)
    """Last day of the hold; None: until it is lifted."""
    actor: Mapped[str] = mapped_column(String(100))
    cause: Mapped[str] = mapped_column(String(200))
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lifted_by: Mapped[str | None] = mapped_column(String(100))
    lifted_why: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    """The outcome it waited for, or why it was lifted."""
    also_stops: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """Acts that rest beyond the ledger's own table, by the law where the debtor lived when it was placed; by commas."""
    payable: Mapped[bool | None] = mapped_column(Boolean)
    """False: that law forbids payment where the ledger's own table would not; None: as in the table."""
