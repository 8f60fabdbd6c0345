"""What people did to holds and to the age of debts, and what was refused them. Rows are never changed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.errors import KeyReused
from ledger.kinds import Authority, HoldReason
from ledger.models.columns import BigId, Key, coded
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Deed(StrEnum):
    """What was done, or asked for and refused."""

    PLACED = "placed"
    LIFTED = "lifted"
    DECIDED_AGE = "decided_age"
    REFUSED = "refused"


class HoldAct(Base):
    """One line of the log: who did what to which hold or debt, with which right, and why."""

    __tablename__ = "hold_act"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    what: Mapped[Deed] = mapped_column(coded(Deed))
    actor: Mapped[str] = mapped_column(String(100))
    authority: Mapped[Authority] = mapped_column(coded(Authority))
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    debt_id: Mapped[DebtId | None] = mapped_column(ForeignKey("debt.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    reason: Mapped[HoldReason | None] = mapped_column(coded(HoldReason))
    too_old: Mapped[bool | None]
    """The decision, where a debt's age was decided."""
    why: Mapped[str] = mapped_column(EncryptedText)
    """What they said, or why it was refused."""
    asked_hash: Mapped[str] = mapped_column(String(64))
    """Of what was asked for, to be compared when the key comes again."""
    at: Mapped[datetime] = mapped_column(UTCDateTime)


def logged(session: Session, key: str, asked: str) -> HoldAct | None:
    """The line of ``key``, when there is one. Raises KeyReused when it was for something else than ``asked``."""
    row = session.scalar(select(HoldAct).where(HoldAct.key == key))
    if row is not None and row.asked_hash != asked:
        raise KeyReused(key)
    return row
