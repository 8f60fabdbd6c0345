"""Double entry. Rows of ``txn``, ``entry`` and ``seal`` are never changed: the database refuses it.

Amounts are minor units; a debit is positive. ``ledger.enforcement`` holds the triggers.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kinds import PostingKind
from ledger.models.columns import BigId, Currency, Key, coded
from runtime.database import Base, UTCDateTime
from runtime.ids import CreditorId, DebtId


class Account(Base):
    """One bucket of a debt, or one account of a creditor in a currency. Made when first posted to."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(debt_id IS NULL) <> (creditor_id IS NULL)", name="one_owner"),
        ForeignKeyConstraint(["debt_id", "currency"], ["debt.id", "debt.currency"], name="fk_account_debt_id_currency"),
        UniqueConstraint("id", "currency", name="uq_account_id_currency"),
        UniqueConstraint("debt_id", "kind", name="uq_account_debt_id_kind"),
        UniqueConstraint("creditor_id", "kind", "currency", name="uq_account_creditor_id_kind_currency"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    debt_id: Mapped[DebtId | None] = mapped_column(BigId)
    creditor_id: Mapped[CreditorId | None] = mapped_column(ForeignKey("creditor.id"))
    kind: Mapped[str] = mapped_column(String(30))
    """A ``Bucket`` of the debt, or a ``CreditorAccount``."""
    currency: Mapped[str] = mapped_column(Currency)
    exponent: Mapped[int] = mapped_column(SmallInteger)


class Seal(Base):
    """Closes a posting: from here its sum is zero and it takes no more entries.

    ``txn.id`` refers to it by a deferred foreign key, so no posting is committed unsealed.
    """

    __tablename__ = "seal"
    txn_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class Txn(Base):
    """A posting: entries that sum to zero per currency, recorded once under its idempotency key."""

    __tablename__ = "txn"
    id: Mapped[int] = mapped_column(
        BigId, ForeignKey("seal.txn_id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=True
    )
    idem_key: Mapped[str] = mapped_column(Key, unique=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked for, so that the same key with other content is found out."""
    kind: Mapped[PostingKind] = mapped_column(coded(PostingKind))
    effective_on: Mapped[date] = mapped_column(Date)
    """Value date, local to the debtor."""
    posted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(100))
    cause: Mapped[str] = mapped_column(String(200))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("txn.id"), unique=True)


class TakeBack(Base):
    """Says which payment a posting takes a part of back: a refund, a card dispute. Never changed either."""

    __tablename__ = "take_back"
    txn_id: Mapped[int] = mapped_column(BigId, ForeignKey("txn.id"), primary_key=True, autoincrement=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("txn.id"), index=True)
    withdrawal_id: Mapped[int | None] = mapped_column(ForeignKey("txn.id"), index=True)
    """For a lost card dispute: the posting that withdrew the money."""


class Entry(Base):
    """One line of a posting. A debit is positive; the currency is that of the account."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="not_nothing"),
        ForeignKeyConstraint(["account_id", "currency"], ["account.id", "account.currency"],
                             name="fk_entry_account_id_currency"),
        Index("ix_entry_account_id", "account_id"),
        Index("ix_entry_txn_id", "txn_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    txn_id: Mapped[int] = mapped_column(ForeignKey("txn.id"))
    account_id: Mapped[int] = mapped_column(BigId)
    currency: Mapped[str] = mapped_column(Currency)
    amount: Mapped[int] = mapped_column(BigInteger)


class DebtBalance(Base):
    """What the entries of a debt add up to, kept in the same transaction. All columns are zero or more.

    ``overpayment`` is what we hold for the debtor: its account's credit balance.
    """

    __tablename__ = "debt_balance"
    __table_args__ = (
        CheckConstraint(
            "principal >= 0 AND interest >= 0 AND fees >= 0 AND costs >= 0 AND overpayment >= 0", name="not_negative"
        ),
    )
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, autoincrement=False)
    principal: Mapped[int] = mapped_column(BigInteger, default=0)
    interest: Mapped[int] = mapped_column(BigInteger, default=0)
    fees: Mapped[int] = mapped_column(BigInteger, default=0)
    costs: Mapped[int] = mapped_column(BigInteger, default=0)
    overpayment: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(Integer, default=0)

    @property
    def owed(self) -> int:
        """Principal, interest, fees and costs together, in minor units."""
        return self.principal + self.interest + self.fees + self.costs
