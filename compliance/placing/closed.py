"""Conversations in which no word about a debt may be said any more, whoever proves to be whom (rules 3, 20).

Somebody who has said that they are not the debtor may well know the reference, the date of birth and the postcode.
So factors are not even compared until staff have closed the ticket, or the person says that they write for
themselves after all; a personal link made by staff still works.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.placing.effect import Placed, effect
from conversations.models import Ticket
from runtime.ids import ConversationId, DebtorId

CLOSING = ("wrong_person", "third_party", "deceased")
_REOPENING = "for_themselves"


def closed_by(session: Session, conversation_id: ConversationId) -> str | None:
    """The kind of the ticket that closes this conversation, one of ``CLOSING``; None when it is open."""
    latest = session.scalar(
        select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.kind.in_((*CLOSING, _REOPENING)))
        .order_by(Ticket.id.desc()).limit(1))
    return latest.kind if latest is not None and latest.kind in CLOSING and latest.state == "open" else None


def for_themselves(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                   now: datetime, today: date) -> Placed:
    """They write for themselves after all: they may prove who they are. Staff see both things that were said."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    return what.placed(what.ticket(_REOPENING, "Says now that they write for themselves. Compare with what was said "
                                               "before; lift the hold if it was a misunderstanding.", always_new=True))
