"""Files of changes that were taken in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import BigId
from runtime.database import Base, UTCDateTime
from runtime.ids import CreditorId


class DeltaImport(Base):
    """A delta file as far as it spoke of one creditor: how the other system's books stood at ``as_of``."""

    __tablename__ = "delta_import"
    __table_args__ = (Index("ix_delta_import_creditor_id_as_of", "creditor_id", "as_of"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    creditor_id: Mapped[CreditorId] = mapped_column(ForeignKey("creditor.id"))
    as_of: Mapped[datetime] = mapped_column(UTCDateTime)
    name: Mapped[str] = mapped_column(String(200))
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)
