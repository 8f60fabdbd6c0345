"""What people did to holds and to the age of debts, and what was refused them. Rows are never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.errors import KeyReused
from ledger.kinds import Authority, HoldReason
from ledger.models import Hold
from ledger.models.columns import BigId, Key, coded
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import DebtId, DebtorId


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, as the log names them, and with which right. A debtor acts through the bot: ``Authority.BOT``."""

    name: str
    right: Authority


@dataclass(frozen=True, slots=True)
class Refused:
    """What staff are told when they may not. It has been logged."""

    why: str


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
    """The decision, where a debt's age was decided; None: it is reckoned from a date that staff put right."""
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


def log(session: Session, key: str, asked: str, by: By, what: Deed, why: str, now: datetime, *, debtor_id: DebtorId,
        debt_id: DebtId | None, hold: Hold | None = None, reason: HoldReason | None = None,
        too_old: bool | None = None) -> Refused:
    """Write a line. What it gives is for whoever refuses: ``why`` as they are told."""
    session.add(HoldAct(
        key=key, what=what, actor=by.name, authority=by.right, debtor_id=debtor_id, debt_id=debt_id, why=why.strip(),
        hold_id=hold.id if hold else None, reason=hold.reason if hold else reason, too_old=too_old, asked_hash=asked,
        at=now))
    session.flush()
    return Refused(why)
