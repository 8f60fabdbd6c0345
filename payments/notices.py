"""Telling the debtor what became of a payment, in the conversation the link was asked for in.

Service messages, not reminders. Amounts are named only while the conversation is verified for this debtor
(rule 3), and nothing is said after a safeguarding stop (rule 35: nothing about money). A collector who has not said so
for a day says so first, as before any other word about a debt (rule 1).
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from compliance.disclosing import disclosure_due
from compliance.standing import who
from conversations.models import Conversation
from conversations.say import Say, lock, say
from conversations.texts import TextError
from ledger.balances import balance_of
from ledger.confirming import refuse_stale
from ledger.errors import BalanceStale
from ledger.money import Money, zero
from payments.models import PayLink, Payment, PaymentStatus
from runtime.ids import ConversationId

log = logging.getLogger("debtdesk.payments")


def payment_confirmed(session: Session, *, payment: Payment, now: datetime) -> None:
    """Say that the money arrived, in the transaction that records it."""
    if (told := _listener(session, payment)) is None:
        return
    link, conversation_id = told
    if not _verified(session, link, conversation_id, now):
        _tell(session, told, "payment_received_private", {}, now)
    elif payment.status is PaymentStatus.FOR_STAFF:
        _tell(session, told, "payment_with_staff", {"amount": payment.money.json()}, now)
    elif _unsure(session, link, now):
        _tell(session, told, "payment_received_unsure", {"amount": payment.money.json()}, now)
    else:
        totals = balance_of(session, link.debtor_id, now=now).totals
        left = totals.get(payment.currency, zero(payment.currency))
        other = any(not owed.is_zero for currency, owed in totals.items() if currency != payment.currency)
        values = {"amount": payment.money.json(), "left": left.json(), "other": other}
        _tell(session, told, "payment_received", values, now)


def _unsure(session: Session, link: PayLink, now: datetime) -> bool:
    """Whether what is left cannot be said, for another system keeps the books and has not confirmed them of late."""
    try:
        refuse_stale(session, [part.debt_id for part in link.parts], now=now)
    except BalanceStale:
        return True
    return False


def payment_returned(session: Session, *, payment: Payment, amount: Money, now: datetime) -> None:
    """Say that ``amount`` of the payment was given back."""
    if (told := _listener(session, payment)) is None:
        return
    named = _verified(session, *told, now)
    _tell(session, told, "payment_returned", {"amount": amount.json() if named else None}, now)


def _listener(session: Session, payment: Payment) -> tuple[PayLink, ConversationId] | None:
    link = payment.pay_link
    if link is None or link.conversation_id is None:
        return None
    conversation = session.get(Conversation, link.conversation_id)
    return (link, link.conversation_id) if conversation and not conversation.safeguarded_at else None


def _verified(session: Session, link: PayLink, conversation_id: ConversationId, now: datetime) -> bool:
    return who(session, conversation_id, now=now).verified == link.debtor_id


def _tell(session: Session, told: tuple[PayLink, ConversationId], name: str, values: Mapping[str, object],
          now: datetime) -> None:
    """Say it. A text that does not fit never costs the posting."""
    link, conversation_id = told
    text = Say(name, {"reference": link.reference, **values})
    try:
        with session.begin_nested():
            if _verified(session, link, conversation_id, now) and (first := disclosure_due(
                    session, conversation=lock(session, conversation_id), debtor_id=link.debtor_id, now=now,
                    key=f"{link.reference}:{name}:{now.isoformat()}", subject=f"payment link:{link.reference}")):
                say(session, conversation_id=conversation_id, text=first, now=now, seed=link.reference)
            say(session, conversation_id=conversation_id, text=text, now=now, seed=link.reference)
    except TextError:
        log.exception("the notice %s of payment link %s could not be written", name, link.reference)
