"""Approvals: what somebody asked for beyond the bounds of a policy, and who said yes or no."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kinds import ApprovalStatus, Authority, BoundedAct
from ledger.models.columns import BigId, Key, coded
from runtime.database import Base, EncryptedJSON, UTCDateTime
from runtime.ids import DebtId, DebtorId


class Approval(Base):
    """One act past a bound of a policy. ``key`` is the idempotency key of the posting, plan or settlement it is for."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_debtor_id", "debtor_id"), Index("ix_approval_status", "status"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    act: Mapped[BoundedAct] = mapped_column(coded(BoundedAct))
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    debt_id: Mapped[DebtId | None] = mapped_column(ForeignKey("debt.id"))
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of what was asked for: what differs was not approved."""
    minor: Mapped[int | None] = mapped_column(BigInteger)
    """Up to this much, in minor units, where the act is bounded by an amount."""
    needed: Mapped[Authority] = mapped_column(coded(Authority))
    status: Mapped[ApprovalStatus] = mapped_column(coded(ApprovalStatus), default=ApprovalStatus.ASKED)
    form: Mapped[Any] = mapped_column(EncryptedJSON)
    """What whoever asked filled in, so that it can be shown and done; encrypted."""
    asked_by: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    authority: Mapped[Authority | None] = mapped_column(coded(Authority))
    """Of whoever decided."""
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was made use of."""
