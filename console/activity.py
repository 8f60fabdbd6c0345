"""The activity log: what staff did, written in the transaction in which they did it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.models import StaffAccount, StaffAct, What
from conversations.models import Ticket
from runtime.cards import mask_cards
from runtime.ids import ConversationId, DebtorId, StaffId

SHOWN_FOR = timedelta(minutes=5)
"""How long a message stays unmasked for whoever asked to see it."""
PAGE = 100


def note(session: Session, *, staff_id: StaffId, what: What, now: datetime, conversation_id: str | None = None,
         ticket_id: int | None = None, message_id: int | None = None, debtor_id: DebtorId | None = None,
         detail: str | None = None) -> None:
    """Write one line of the log. ``detail`` is encrypted at rest."""
    session.add(StaffAct(staff_id=staff_id, what=what, at=now, conversation_id=conversation_id, ticket_id=ticket_id,
                         message_id=message_id, debtor_id=debtor_id,
                         detail=mask_cards(detail) if detail else detail))


def shown_to(session: Session, *, staff_id: StaffId, conversation_id: ConversationId, now: datetime) -> frozenset[int]:
    """The ids of the messages this member of staff gave a reason to see unmasked, a moment ago."""
    return frozenset(found for found in session.scalars(
        select(StaffAct.message_id).where(
            StaffAct.staff_id == staff_id, StaffAct.conversation_id == conversation_id,
            StaffAct.what == What.SHOWED, StaffAct.at > now - SHOWN_FOR)
    ) if found is not None)


def latest(session: Session, *, before: int | None = None) -> Sequence[tuple[StaffAct, StaffAccount, Ticket | None]]:
    """A page of the log, newest first, below the id ``before``."""
    query = (
        select(StaffAct, StaffAccount, Ticket).join(StaffAccount, StaffAccount.id == StaffAct.staff_id)
        .outerjoin(Ticket, Ticket.id == StaffAct.ticket_id).order_by(StaffAct.id.desc()).limit(PAGE)
    )
    if before is not None:
        query = query.where(StaffAct.id < before)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
