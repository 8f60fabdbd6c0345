"""What other systems must hear of, written in the transaction of the thing itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import BigId, Key
from runtime.database import Base, PlainJSON, UTCDateTime
from runtime.ids import DebtId, DebtorId


class FeedEvent(Base):
    """One thing that happened to a debtor or a debt. Without names, identity factors or remarks on health.

    ``id`` is only the order of writing, which on PostgreSQL is not that of committing. ``position`` is what readers
    count by; it is given once the event is committed (docs/decisions/010).
    """

    __tablename__ = "feed_event"
    __table_args__ = (
        Index("ix_feed_event_subject", "subject", "id"),
        Index("ix_feed_event_waiting", "id", postgresql_where=text("position IS NULL"),
              sqlite_where=text("position IS NULL")),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    uid: Mapped[str] = mapped_column(String(40), unique=True)
    """What a receiver knows a repetition by."""
    key: Mapped[str] = mapped_column(Key, unique=True)
    subject: Mapped[str] = mapped_column(String(80))
    """The thing it is about, such as ``plan:12``."""
    kind: Mapped[str] = mapped_column(String(40))
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    debt_id: Mapped[DebtId | None] = mapped_column(ForeignKey("debt.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    facts: Mapped[dict[str, Any]] = mapped_column(PlainJSON)
