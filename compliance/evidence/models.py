"""Tables of the evidence log."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import BigId
from runtime.database import Base, EncryptedText, PlainJSON, UTCDateTime
from runtime.ids import DebtorId

_WAITING = text("position IS NULL")


class Evidence(Base):
    """One record. Ids, codes, amounts and dates only; whatever is personal is in ``content``.

    Written without the last three columns; the sealer fills those once, and nothing is changed or deleted ever after:
    the database refuses it (``compliance.evidence.enforcement``). Ids refer to rows that may be gone, so there are no
    foreign keys.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_debtor_id", "debtor_id", "id"),
        Index("ix_evidence_waiting", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    """What ``record`` was called with; the first with a key stands. Rows of triggers have none."""
    kind: Mapped[str] = mapped_column(String(40))
    debtor_id: Mapped[int | None] = mapped_column(BigInteger)
    debt_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80), default="", server_default="")
    """The thing it is about, such as ``hold:12``."""
    actor: Mapped[str] = mapped_column(String(100), default="", server_default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    facts: Mapped[dict[str, Any]] = mapped_column(PlainJSON)
    content: Mapped[str | None] = mapped_column(Text)
    """JSON, encrypted with the debtor's own key: unreadable once that is destroyed, and the chain still holds."""
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))


class EvidenceKey(Base):
    """The key of a debtor's personal content. ``key`` is None once it was destroyed, and stays so."""

    __tablename__ = "evidence_key"
    debtor_id: Mapped[DebtorId] = mapped_column(BigId, ForeignKey("debtor.id"), primary_key=True, autoincrement=False)
    key: Mapped[str | None] = mapped_column(EncryptedText)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EvidenceHead(Base):
    """One row: the end of the chain. Its lock makes the sealing one after another."""

    __tablename__ = "evidence_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    chain: Mapped[str] = mapped_column(String(43))
    """What the first record follows: random, so that no chain can be mistaken for another."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    hash: Mapped[str] = mapped_column(String(64))
