"""Rule 32: card numbers are never stored, and security codes never asked for."""

import re
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import lexical
from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from conversations.models import Ticket
from conversations.terms.canvas import plain
from conversations.terms.identifiers import cards

DIGITS = re.compile(r"\d(?:[ .,/_\n-]{0,3}\d){12}")
ASKING = lexical.said("card_code", "asks for card data")


def card_in(text: str) -> bool:
    """Whether a card number stands in ``text``."""
    return DIGITS.search(text) is not None and any(end - start >= 13 for start, end in cards(plain(text)))


def check(case: Case) -> Iterator[Found]:
    yield from ASKING(case)
    for said in case.messages:
        if card_in(said.text):
            yield Found("a card number is stored", said)
    for turn in case.turns.values():
        if card_in(turn.words):
            yield Found("a card number is stored with a turn", subject=f"turn {turn.id}", at=turn.received_at)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if card_in(item.text):
        yield Found("a card number is in the outbox")


def books(session: Session, scope: Scope) -> Iterator[Found]:
    """Tickets, in which staff and debtors write freely."""
    rows = session.execute(
        select(Ticket.id, Ticket.summary, Ticket.opened_at, Ticket.conversation_id)
        .where(scope.within(Ticket.opened_at)).order_by(Ticket.id).execution_options(yield_per=500))
    for number, summary, at, conversation_id in rows:
        if scope.conversation in (None, conversation_id) and card_in(summary or ""):
            yield Found("a card number is stored", subject=f"ticket D-{2000 + number}", at=at)


RULE = Rule(32, "No card numbers", "PCI DSS 3.3, 3.4", "every text that is stored, also the debtors', by Luhn's digit",
            "Remove the number from the row and its backups, and find out how it passed the masking.",
            conversation=check, outgoing=outgoing, books=books)
