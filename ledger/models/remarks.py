"""Staff's own words about a posting or a change of a plan: beside the books, which never change, for words must go."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import Key
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import DebtorId


class Remark(Base):
    """Why, as staff said it. ``key`` is the idempotency key of the posting or the plan's version it is about."""

    __tablename__ = "remark"
    key: Mapped[str] = mapped_column(Key, primary_key=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    words: Mapped[str] = mapped_column(EncryptedText)
    actor: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
