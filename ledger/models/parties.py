"""Who is owed, who owes, and what."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ledger.blind import LENGTH, blind_email, blind_name, blind_phone
from ledger.kinds import DebtStatus
from ledger.models.columns import BigId, Currency, ExactDecimal, coded
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import CreditorId, DebtId, DebtorId


def _reference(value: str) -> str:
    if not (cleaned := "".join(value.split()).upper()):
        raise ValueError("a reference cannot be empty")
    return cleaned


class Creditor(Base):
    """Whom a debt is owed to. ``policy`` names a file in the policy folder, without ``.yml``."""

    __tablename__ = "creditor"
    id: Mapped[CreditorId] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(Currency)
    policy: Mapped[str] = mapped_column(String(100))
    own_collector: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether the creditor collects for itself (its own brand), which changes what the law asks of us."""

    @validates("ref")
    def _clean_ref(self, _key: str, value: str) -> str:
        return _reference(value)


class Debtor(Base):
    """A person who owes. References are upper case without white space.

    Whatever says who it is stands encrypted; ``ledger.blind`` makes the hashes it is found by. ``docs/privacy.md``
    says of each column why it is there, how long, and what becomes of it.
    """

    __tablename__ = "debtor"
    __table_args__ = (Index("ix_debtor_name_hash", "name_hash"), Index("ix_debtor_email_hash", "email_hash"),
                      Index("ix_debtor_phone_hash", "phone_hash"))
    id: Mapped[DebtorId] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    first_name: Mapped[str] = mapped_column(EncryptedText)
    last_name: Mapped[str] = mapped_column(EncryptedText)
    name_hash: Mapped[str | None] = mapped_column(String(LENGTH))
    """Blind index of the last name."""
    date_of_birth: Mapped[str | None] = mapped_column(EncryptedText)
    """ISO 8601, encrypted."""
    postcode: Mapped[str | None] = mapped_column(EncryptedText)
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str | None] = mapped_column(String(50))
    """State (US) or nation (UK: England, Wales, Scotland, Northern Ireland)."""
    timezone: Mapped[str | None] = mapped_column(String(64))
    """IANA name. Unknown means: send nothing proactive."""
    language: Mapped[str | None] = mapped_column(String(10))
    email: Mapped[str | None] = mapped_column(EncryptedText)
    email_hash: Mapped[str | None] = mapped_column(String(LENGTH))
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    phone_hash: Mapped[str | None] = mapped_column(String(LENGTH))
    vulnerable: Mapped[bool] = mapped_column(Boolean, default=False)
    vulnerability_note: Mapped[str | None] = mapped_column(EncryptedText)
    """Kept only with the debtor's yes."""
    deceased_on: Mapped[date | None] = mapped_column(Date)
    representative: Mapped[str | None] = mapped_column(EncryptedText)
    """Contact of a lawyer, adviser or executor who speaks for the debtor."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When everything personal was removed: what is left is a number the ledger's rows are kept under."""

    @validates("ref")
    def _clean_ref(self, _key: str, value: str) -> str:
        return _reference(value)

    @validates("last_name", "email", "phone")
    def _hashed(self, key: str, value: str | None) -> str | None:
        if key == "last_name":
            self.name_hash = blind_name(value)
        elif key == "email":
            self.email_hash = blind_email(value)
        else:
            self.phone_hash = blind_phone(value)
        return value


class Debt(Base):
    """One debt. Its balance is in DebtBalance; what made the balance is in Entry."""

    __tablename__ = "debt"
    __table_args__ = (
        Index("ix_debt_debtor_id_status", "debtor_id", "status"),
        UniqueConstraint("id", "currency", name="uq_debt_id_currency"),
    )
    id: Mapped[DebtId] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"))
    creditor_id: Mapped[CreditorId] = mapped_column(ForeignKey("creditor.id"), index=True)
    currency: Mapped[str] = mapped_column(Currency)
    kind: Mapped[str] = mapped_column(String(50))
    """What sort of debt (``energy``, ``parcel``, ``loan`` …): consequence texts depend on it."""
    stage: Mapped[str | None] = mapped_column(String(50))
    """How far it has come, as the creditor's process calls it; None: not said. Consequence texts depend on it."""
    description: Mapped[str] = mapped_column(String(300), default="")
    original_creditor: Mapped[str | None] = mapped_column(String(200))
    opened_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    last_acknowledged_on: Mapped[date | None] = mapped_column(Date)
    """Last payment or written acknowledgement: limitation runs from it."""
    status: Mapped[DebtStatus] = mapped_column(coded(DebtStatus), default=DebtStatus.OPEN)
    time_barred: Mapped[bool | None] = mapped_column(Boolean)
    """True, False, or None when the age is unknown (then staff decide)."""
    as_of: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the balance was last confirmed by the creditor's or agency's own system; None: never since it was opened."""
    interest_rate: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    """Per cent a year by its contract or judgment; None: by the policy. Interest is added only where that says so."""
    creditor: Mapped[Creditor] = relationship()
    debtor: Mapped[Debtor] = relationship()

    @validates("ref")
    def _clean_ref(self, _key: str, value: str) -> str:
        return _reference(value)
