"""Telling the debtor that a payment arrived, in the conversation the link was asked for in."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from compliance.identity import who
from conversations.models import Conversation
from conversations.say import Say, say
from conversations.texts import TextError
from ledger.balances import balance_of
from ledger.money import zero
from payments.models import Payment, PaymentStatus

log = logging.getLogger("debtdesk.payments")


def payment_confirmed(session: Session, *, payment: Payment, now: datetime) -> None:
    """Say that the money arrived, in the transaction that records it. A service message, not a reminder.

    Amounts are named only while the conversation is verified for this debtor (rule 3), and not at all after a
    safeguarding stop (rule 35: nothing about money). A text that fails never costs the posting.
    """
    link = payment.pay_link
    conversation = session.get(Conversation, link.conversation_id) if link and link.conversation_id else None
    if link is None or conversation is None or link.conversation_id is None or conversation.safeguarded_at:
        return
    values: dict[str, object] = {"reference": link.reference}
    if who(session, link.conversation_id, now=now).verified != link.debtor_id:
        text = Say("payment_received_private", values)
    elif payment.status is PaymentStatus.FOR_STAFF:
        text = Say("payment_with_staff", values | {"amount": payment.money.json()})
    else:
        left = balance_of(session, link.debtor_id, now=now).totals.get(payment.currency, zero(payment.currency))
        text = Say("payment_received", values | {"amount": payment.money.json(), "left": left.json()})
    try:
        with session.begin_nested():
            say(session, conversation_id=link.conversation_id, text=text, now=now, seed=link.reference)
    except TextError:
        log.exception("the notice of payment %s could not be written", payment.object_key)
