"""Requests that a person answers: no hold, a ticket with the debtor's words."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from compliance.placing.effect import Placed, effect
from runtime.ids import ConversationId, DebtorId


def _request(session: Session, kind: str, summary: str, *, key: str, conversation_id: ConversationId,
             debtor_id: DebtorId | None, now: datetime, today: date, urgent: bool = False) -> Placed:
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    return what.placed(what.ticket(kind, summary, urgent=urgent))


def payment_problem(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                    now: datetime, today: date) -> Placed:
    """A link that broke, a card declined, a double charge."""
    return _request(session, "payment_problem", "A payment went wrong. Check link, card and any double charge.",
                    key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)


def language_request(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                     words: str, now: datetime, today: date) -> Placed:
    """A language we do not speak yet."""
    return _request(session, "language", f"Would rather use another language: {words}", key=key,
                    conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)


def settlement_request(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                       words: str, now: datetime, today: date) -> Placed:
    """Would we take less."""
    return _request(session, "settlement", f"Asks for a settlement: {words}", key=key,
                    conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)


def statement_request(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                      now: datetime, today: date) -> Placed:
    """A statement, receipt or paid-in-full letter."""
    return _request(session, "statement", "Asks for a statement, receipt or letter.", key=key,
                    conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)


def not_understood(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                   words: str, now: datetime, today: date) -> Placed:
    """Twice not understood: a person answers (rule 31)."""
    return _request(session, "not_understood", f"The assistant did not understand: {words}", key=key,
                    conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today, urgent=True)


def threat(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None, now: datetime,
           today: date) -> Placed:
    """A threat against people who work here: staff decide what to do about it."""
    return _request(session, "threat", "A threat against staff. Read the conversation.", key=key,
                    conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today, urgent=True)
