"""A card number that staff type, or are given, goes nowhere (rule 32; PCI DSS 3.3)."""

from collections.abc import Callable

from argon2 import PasswordHasher
from sqlalchemy import select, update

from console.models import StaffAccount, StaffAct
from conversations.models import Message, Ticket
from conversations.tickets import open_ticket
from runtime.database import Database
from tests.console.conftest import Browser, Debtors, Hands

CARD, SPLIT = "4242424242424242", "4242 4242-4242 4242"


def test_in_a_reply(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    sent = ana.post(f"/conversations/{conversation}/reply", words=f"You wrote {SPLIT}, cvv 123", once="1")
    assert sent.status_code == 303
    with db.read() as session:
        assert session.scalars(select(Message.text)).all() == ["You wrote [card], cvv [card]"]


def test_in_what_was_done_about_a_ticket_and_in_its_words(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    with db.write() as session:
        number = open_ticket(session, key="t", conversation_id=conversation, debtor_id=None, kind="human", urgent=False,
                             summary=f"charge {CARD} he says", now=hands.now).number
    assert ana.post(f"/tickets/{number}/close", done=f"rang him, he gave {CARD}").status_code == 303
    with db.read() as session:
        assert session.scalars(select(Ticket.summary)).one() == "charge [card] he says"
        kept = [detail for detail in session.scalars(select(StaffAct.detail)) if detail]
    assert kept == ["rang him, he gave [card]"]


def test_a_password_is_nobodys_card(
    db: Database, browser: Callable[[], Browser], staff: dict[str, StaffAccount]
) -> None:
    """Twelve digits and more may be a password; it is compared as it was typed, and kept as a hash."""
    with db.write() as session:
        session.execute(update(StaffAccount).values(
            password_hash=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(CARD)))
    assert browser().sign_in("ben@desk.example", CARD).status_code == 303
