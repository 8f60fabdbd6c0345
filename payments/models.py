"""Tables of the payments room. Amounts are minor units of the row's currency."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.columns import BigId, Currency, Key, coded
from ledger.money import Money
from runtime.database import Base, EncryptedText, PlainJSON, UTCDateTime
from runtime.ids import ConversationId, DebtId, DebtorId
from runtime.settings import settings

StripeId = String(255)
"""An object's id at Stripe (docs.stripe.com: at most 255 characters)."""


class PayLink(Base):
    """A link to our own page. What it asks for is worked out anew each time it is opened.

    The token is kept hashed, to find the link, and encrypted, so that the same key gives the same address.
    """

    __tablename__ = "pay_link"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(Key, unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token: Mapped[str] = mapped_column(EncryptedText)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    """What the debtor sees on page, receipt and card statement. Says nothing of a debt."""
    debtor_id: Mapped[DebtorId] = mapped_column(ForeignKey("debtor.id"), index=True)
    conversation_id: Mapped[ConversationId | None] = mapped_column(ForeignKey("conversation.id"))
    currency: Mapped[str] = mapped_column(Currency)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    parts: Mapped[list["PayLinkPart"]] = relationship(order_by="PayLinkPart.debt_id", lazy="selectin")

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"{settings().site}/pay/{self.token}"

    @property
    def amount(self) -> Money:
        """What the debtor chose to pay when the link was made."""
        return Money(sum(part.amount for part in self.parts), self.currency)


class PayLinkPart(Base):
    """How much of a link is for which debt, as the debtor directed."""

    __tablename__ = "pay_link_part"
    __table_args__ = (CheckConstraint("amount > 0", name="something"),)
    pay_link_id: Mapped[int] = mapped_column(BigId, ForeignKey("pay_link.id"), primary_key=True)
    debt_id: Mapped[DebtId] = mapped_column(BigId, ForeignKey("debt.id"), primary_key=True, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class CheckoutStatus(StrEnum):
    """Where a Checkout Session stands, as far as we know. ``making`` and ``open`` are the live ones."""

    MAKING = "making"
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    FAILED = "failed"


class CheckoutSession(Base):
    """One Checkout Session at Stripe, stored before it is asked for.

    ``request`` and ``key`` (the idempotency key at Stripe) never change, so asking again gives the same session.
    """

    __tablename__ = "checkout_session"
    __table_args__ = (UniqueConstraint("pay_link_id", "number"), Index("ix_checkout_session_status", "status"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pay_link_id: Mapped[int] = mapped_column(ForeignKey("pay_link.id"))
    number: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(Key, unique=True)
    stripe_id: Mapped[str | None] = mapped_column(StripeId, unique=True)
    status: Mapped[CheckoutStatus] = mapped_column(coded(CheckoutStatus), default=CheckoutStatus.MAKING)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of amount, debts and holds: while it is the same, the session is used again."""
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    split: Mapped[dict[str, int]] = mapped_column(PlainJSON)
    """Debt id → minor units, as the page showed it."""
    request: Mapped[dict[str, Any]] = mapped_column(PlainJSON)
    url: Mapped[str | None] = mapped_column(EncryptedText)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pay_link: Mapped[PayLink] = relationship()

    @property
    def money(self) -> Money:
        """What it asks for."""
        return Money(self.amount, self.currency)

    def by_debt(self) -> dict[DebtId, Money]:
        """The split as amounts per debt."""
        return {DebtId(int(debt_id)): Money(minor, self.currency) for debt_id, minor in self.split.items()}


class EventState(StrEnum):
    """Where an event stands. ``waiting``: it speaks of a payment we do not know yet."""

    STORED = "stored"
    WAITING = "waiting"
    HANDLED = "handled"


class StripeEvent(Base):
    """An event exactly as it arrived, stored once under Stripe's id after its signature was checked."""

    __tablename__ = "stripe_event"
    __table_args__ = (Index("ix_stripe_event_state", "state"),)
    id: Mapped[str] = mapped_column(StripeId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(100))
    payment_intent: Mapped[str | None] = mapped_column(StripeId, index=True)
    livemode: Mapped[bool] = mapped_column(Boolean)
    raw: Mapped[str] = mapped_column(EncryptedText)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When it happened at Stripe."""
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[EventState] = mapped_column(coded(EventState), default=EventState.STORED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str | None] = mapped_column(String(40))
    handled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PaymentStatus(StrEnum):
    """What became of the money. ``for_staff``: received, but a person must say where it goes."""

    POSTED = "posted"
    FOR_STAFF = "for_staff"
    REFUNDED = "refunded"


class Payment(Base):
    """Money that Stripe says was paid. ``object_key`` (``pi_…:succeeded``) lets it count once."""

    __tablename__ = "payment"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    object_key: Mapped[str] = mapped_column(StripeId, unique=True)
    payment_intent: Mapped[str] = mapped_column(StripeId, index=True)
    checkout_session_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    pay_link_id: Mapped[int | None] = mapped_column(ForeignKey("pay_link.id"), index=True)
    debtor_id: Mapped[DebtorId | None] = mapped_column(ForeignKey("debtor.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    livemode: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[PaymentStatus] = mapped_column(coded(PaymentStatus))
    problem: Mapped[str | None] = mapped_column(String(40))
    """Why staff must look at it."""
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("txn.id"))
    fee: Mapped[int | None] = mapped_column(BigInteger)
    """What the processor keeps of it, in minor units of ``fee_currency``, as posted; None until we have asked."""
    fee_currency: Mapped[str | None] = mapped_column(Currency)
    paid_at: Mapped[datetime] = mapped_column(UTCDateTime)
    pay_link: Mapped[PayLink | None] = relationship()
    checkout_session: Mapped[CheckoutSession | None] = relationship()

    @property
    def money(self) -> Money:
        """What was paid."""
        return Money(self.amount, self.currency)


class Refund(Base):
    """Money given back by us at Stripe. ``failed``: the bank sent it back, so the debtor has paid after all."""

    __tablename__ = "refund"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    stripe_id: Mapped[str] = mapped_column(StripeId, unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("txn.id"))
    """The posting of it; None when a person must post it."""
    failed: Mapped[bool] = mapped_column(Boolean, default=False)
    refunded_at: Mapped[datetime] = mapped_column(UTCDateTime)
