"""What of everything is audited: a time, one conversation, some rules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from compliance.models import Verification
from conversations.models import Ticket
from runtime.ids import ConversationId, DebtorId


@dataclass(frozen=True, slots=True)
class Scope:
    """Limits of an audit. ``now`` is the present; what is due by a day is judged by it.

    ``since`` and ``until`` (not included) are compared with the moment of a message, a posting, a hold. With
    ``conversation``, outbox and ledger are looked at for the debtors of that conversation only.
    """

    now: datetime
    since: datetime | None = None
    until: datetime | None = None
    conversation: ConversationId | None = None
    rules: frozenset[int] = frozenset()
    debtors: frozenset[DebtorId] | None = None

    def holds(self, at: datetime | None) -> bool:
        """Whether a moment is within the limits; what has no moment is."""
        return at is None or ((self.since is None or at >= self.since) and (self.until is None or at < self.until))

    def within(self, column: Any) -> ColumnElement[bool]:
        """The same as a condition on a column."""
        limits = [column >= self.since] if self.since is not None else []
        limits += [column < self.until] if self.until is not None else []
        return and_(true(), *limits)

    def of_debtors(self, column: Any) -> ColumnElement[bool]:
        """The condition that a row is of a debtor who is audited."""
        return true() if self.debtors is None else column.in_(self.debtors)


def debtors_of(session: Session, conversation_id: ConversationId) -> frozenset[DebtorId]:
    """Everybody who was ever taken to write in a conversation."""
    found: Collection[DebtorId | None] = [
        *session.scalars(select(Verification.debtor_id).where(Verification.conversation_id == conversation_id)),
        *(DebtorId(i) for i in session.scalars(select(Ticket.debtor_id).where(
            Ticket.conversation_id == conversation_id)) if i is not None)]
    return frozenset(debtor_id for debtor_id in found if debtor_id is not None)
