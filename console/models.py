"""Tables of the console: accounts, sessions, sign-in attempts, and what staff did."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.columns import coded
from runtime.database import Base, EncryptedText, UTCDateTime
from runtime.ids import DebtorId, StaffId


class Role(StrEnum):
    """What an account may do. A manager may also take or hand back what others hold, and read the activity log."""

    AGENT = "agent"
    MANAGER = "manager"


class What(StrEnum):
    """What a member of staff did, as the activity log names it."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    VIEWED = "viewed"
    SHOWED = "showed"
    TOOK = "took"
    REPLIED = "replied"
    HANDED_BACK = "handed_back"
    VIEWED_TICKET = "viewed_ticket"
    CLOSED_TICKET = "closed_ticket"
    VIEWED_DEBTOR = "viewed_debtor"
    DID = "did"
    """Something with a debtor's money, plan or holds."""
    REFUSED = "refused"
    """Wanted to, and was not let."""
    ASKED = "asked"
    """Asked for somebody's approval."""
    APPROVED = "approved"
    DECLINED = "declined"


class StaffAccount(Base):
    """A member of staff. ``email`` is lower case; ``password_hash`` is argon2id."""

    __tablename__ = "staff_account"
    id: Mapped[StaffId] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role] = mapped_column(coded(Role))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StaffSession(Base):
    """One signed-in browser. Only the hash of its token is kept; setting ``revoked_at`` ends it at once."""

    __tablename__ = "staff_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[StaffId] = mapped_column(ForeignKey("staff_account.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    active_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInAttempt(Base):
    """A sign-in that failed, by whose address and from where, both hashed. Forgotten after a day."""

    __tablename__ = "staff_sign_in_attempt"
    __table_args__ = (Index("ix_staff_sign_in_attempt_who", "email_hash", "address_hash", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email_hash: Mapped[str] = mapped_column(String(64))
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class StaffAct(Base):
    """One line of the activity log: who did what, to which conversation or ticket, when. Never changed."""

    __tablename__ = "staff_act"
    __table_args__ = (Index("ix_staff_act_shown", "conversation_id", "staff_id", "what", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[StaffId] = mapped_column(ForeignKey("staff_account.id"), index=True)
    what: Mapped[What] = mapped_column(coded(What))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    debtor_id: Mapped[DebtorId | None] = mapped_column(ForeignKey("debtor.id"), index=True)
    detail: Mapped[str | None] = mapped_column(EncryptedText)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
