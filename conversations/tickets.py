"""Tickets: what a person must look at, and the alert that brings it to one at once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.models import Ticket
from conversations.outbox import put
from runtime.cards import mask_cards
from runtime.ids import ConversationId, DebtorId
from runtime.settings import settings


def open_ticket(session: Session, *, key: str, conversation_id: ConversationId | None, debtor_id: DebtorId | None,
                kind: str, urgent: bool, summary: str, now: datetime) -> Ticket:
    """Open a ticket and alert staff. The same ``key`` gives the same ticket and no second alert.

    ``summary`` is for staff only. An alert leaves the house by e-mail or webhook, so it carries the kind and the
    ticket's number, never what the debtor wrote.
    """
    if found := session.scalar(select(Ticket).where(Ticket.key == key)):
        return found
    ticket = Ticket(key=key, conversation_id=conversation_id, debtor_id=debtor_id, kind=kind, urgent=urgent,
                    summary=mask_cards(summary), opened_at=now)
    session.add(ticket)
    session.flush()
    alert = {"ticket": ticket.number, "kind": kind, "urgent": urgent, "opened_at": now.isoformat(),
             "console": f"{settings().site}/console/tickets/{ticket.number}"}
    for medium, target in (("alert_webhook", settings().alert_webhook), ("alert_email", settings().alert_email)):
        if target:
            put(session, key=f"{key}:{medium}", kind=medium, payload=alert, now=now)
    return ticket
