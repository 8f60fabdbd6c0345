"""Tickets: the queue, one of them, closing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from console.activity import note
from console.models import StaffAccount, What
from conversations.models import Conversation, Owner, Ticket
from ledger.models import Debtor
from runtime.errors import StaffError

PAGE = 50
NUMBERED_FROM = 2000


@dataclass(frozen=True)
class TicketLine:
    """A ticket as the queue shows it: whose it is, and who is on it already."""

    ticket: Ticket
    debtor: Debtor | None
    owner: str | None
    closer: str | None


def ticket_numbered(session: Session, number: str) -> Ticket | None:
    """The ticket a debtor quotes as ``D-2041``, in any case; None when there is none."""
    digits = number.strip().upper().removeprefix("D-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return None
    return session.get(Ticket, int(digits) - NUMBERED_FROM)


def queue(session: Session, *, closed: bool, after: tuple[bool, int] | None = None) -> list[TicketLine]:
    """A page of tickets. Open: urgent ones on top, the oldest first. Closed: the newest first.

    ``after`` is (urgent, id) of the last line of the page before.
    """
    query = (
        select(Ticket, Debtor, StaffAccount.name).outerjoin(Debtor, Debtor.id == Ticket.debtor_id)
        .outerjoin(Conversation, (Conversation.id == Ticket.conversation_id) & (Conversation.owner == Owner.STAFF))
        .outerjoin(StaffAccount, StaffAccount.id == Conversation.staff_id).limit(PAGE)
    )
    if closed:
        query = query.where(Ticket.state == "closed").order_by(Ticket.id.desc())
        if after:
            query = query.where(Ticket.id < after[1])
    else:
        query = query.where(Ticket.state == "open").order_by(Ticket.urgent.desc(), Ticket.id)
        if after and after[0]:
            query = query.where(Ticket.urgent.is_(False) | (Ticket.id > after[1]))
        elif after:
            query = query.where(Ticket.urgent.is_(False), Ticket.id > after[1])
    rows = session.execute(query).all()
    names: dict[int, str] = {row.id: row.name for row in session.execute(
        select(StaffAccount.id, StaffAccount.name).where(
            StaffAccount.id.in_([r[0].closed_by for r in rows if r[0].closed_by])))}
    return [TicketLine(row[0], row[1], row[2], names.get(row[0].closed_by or 0)) for row in rows]


def open_tickets(session: Session, conversation_id: str) -> Sequence[Ticket]:
    """The open tickets of a conversation, urgent ones on top."""
    return session.scalars(select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.state == "open")
                           .order_by(Ticket.urgent.desc(), Ticket.id)).all()


def close_ticket(session: Session, *, staff: StaffAccount, ticket: Ticket, what_was_done: str, now: datetime) -> None:
    """Close a ticket, saying what was done. Raises StaffError when it was closed meanwhile or nothing is said."""
    done = " ".join(what_was_done.split())
    if not 1 <= len(done) <= 500:
        raise StaffError("Say in a few words what was done (500 characters at most), then close the ticket.")
    changed = session.execute(
        update(Ticket).where(Ticket.id == ticket.id, Ticket.state == "open")
        .values(state="closed", closed_at=now, closed_by=staff.id).execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        raise StaffError(f"{ticket.number} was closed meanwhile.")
    session.refresh(ticket)
    note(session, staff_id=staff.id, what=What.CLOSED_TICKET, now=now, conversation_id=ticket.conversation_id,
         ticket_id=ticket.id, detail=done)


def alarming(session: Session) -> Sequence[Ticket]:
    """The urgent tickets nobody is on yet, newest first. A taken conversation takes its tickets out of the alarm."""
    return session.scalars(
        select(Ticket).outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
        .where(Ticket.state == "open", Ticket.urgent,
               Conversation.id.is_(None) | (Conversation.owner == Owner.BOT)).order_by(Ticket.id.desc())
    ).all()
