"""What was said before it was known who said it takes effect once that is known."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.placing.care import self_harm, vulnerability
from compliance.placing.closed import CLOSING
from compliance.placing.contact import contact_preference, stop_contact
from compliance.placing.effect import note
from compliance.placing.rights import bankruptcy, complaint, dispute, fraud, represented, validation
from conversations.models import Ticket, Turn
from runtime.ids import ConversationId, DebtorId

_AGAIN: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "self_harm": (self_harm, {}),
    "vulnerability": (vulnerability, {}),
    "stop_contact": (stop_contact, {}),
    "bankruptcy": (bankruptcy, {}),
    "represented": (represented, {"contact": None}),
    "complaint": (complaint, {}),
    "dispute": (dispute, {"debt_id": None}),
    "fraud": (fraud, {"debt_id": None}),
    "validation": (validation, {}),
}


def take_up(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId, now: datetime, today: date,
            besides: Collection[str] = ()) -> None:
    """Apply to ``debtor_id``, just verified, what the conversation's unmatched tickets are about, and match them.

    The kinds in ``besides`` are left to whoever is about to apply them; those that say that somebody else writes are
    left to staff. Taking up twice changes nothing.
    """
    for ticket in session.scalars(select(Ticket).where(
            Ticket.conversation_id == conversation_id, Ticket.debtor_id.is_(None), Ticket.state == "open")).all():
        if ticket.kind in CLOSING or ticket.kind in besides:
            continue
        key = ticket.key.removesuffix(f":{ticket.kind}")
        given: dict[str, Any] = {"key": key, "conversation_id": conversation_id, "debtor_id": debtor_id, "now": now,
                                 "today": today}
        if ticket.kind in _AGAIN:
            function, more = _AGAIN[ticket.kind]
            function(session, **given, **more)
        elif ticket.kind == "contact_preference" and (turn := _turn(session, key)):
            contact_preference(session, **given, words=turn.raw)
        else:
            ticket.debtor_id = debtor_id
            note(ticket, "Verified since.", now)
    session.flush()


def _turn(session: Session, key: str) -> Turn | None:
    number = key.partition(":")[0]
    return session.get(Turn, int(number)) if number.isdigit() else None
