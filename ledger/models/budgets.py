"""Income and expenditure forms: what a household says it can spare."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import BigId, Key
from runtime.database import Base, EncryptedJSON, UTCDateTime
from runtime.ids import DebtorId


class Budget(Base):
    """One version of a debtor's form. Never changed: a new form is a new version."""

    __tablename__ = "budget"
    __table_args__ = (UniqueConstraint("debtor_id", "version", name="uq_budget_debtor_id_version"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    version: Mapped[int] = mapped_column(Integer)
    taken_on: Mapped[date] = mapped_column(Date)
    """The day its figures are of."""
    form: Mapped[Any] = mapped_column(EncryptedJSON)
    """``ledger.affordability.Form`` as JSON, encrypted."""
    actor: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
