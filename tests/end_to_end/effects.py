"""What a dialogue about hardship, rights or contact must have done in the database. See ``test_conversations``.

``kinds``     kinds of all tickets of the conversation, sorted; ``urgent`` those among them that are urgent
``whose``     whether every ticket of the conversation is matched to the debtor
``closed``    channels on which the debtor may not be contacted, sorted; ``hours`` their wish, ``"10:00-"``
``safeguarded`` whether the conversation is marked; ``representative`` words of who acts for the debtor
``changes``   how many changes of details wait for a second factor
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from compliance.models import ContactChange, ContactWish
from compliance.preferences import allowed_channels
from conversations.models import Ticket
from ledger.models import Debtor
from tests.end_to_end.debtor import Chat, Person


def _tickets(chat: Chat) -> list[Ticket]:
    with chat.desk.database.read() as session:
        return list(session.scalars(select(Ticket).where(Ticket.conversation_id == chat.conversation_id)
                                    .order_by(Ticket.id)))


def _kinds(chat: Chat, _person: Person, wanted: list[str], at: str) -> None:
    found = sorted(ticket.kind for ticket in _tickets(chat))
    assert found == sorted(wanted), f"{at}\ntickets {found}"


def _urgent(chat: Chat, _person: Person, wanted: list[str], at: str) -> None:
    found = sorted(ticket.kind for ticket in _tickets(chat) if ticket.urgent)
    assert found == sorted(wanted), f"{at}\nurgent {found}"


def _whose(chat: Chat, person: Person, wanted: bool, at: str) -> None:
    found = {ticket.kind: ticket.debtor_id for ticket in _tickets(chat)}
    assert found, f"{at}\nno ticket"
    assert all(debtor == person.debtor_id for debtor in found.values()) is wanted, f"{at}\n{found}"


def _closed(chat: Chat, person: Person, wanted: list[str], at: str) -> None:
    with chat.desk.database.read() as session:
        found = sorted(str(c) for c, allowed in allowed_channels(session, person.debtor_id).items() if not allowed)
    assert found == sorted(wanted), f"{at}\nclosed {found}"


def _hours(chat: Chat, person: Person, wanted: str, at: str) -> None:
    with chat.desk.database.read() as session:
        wish = session.get(ContactWish, person.debtor_id)
        found = "-".join(f"{t:%H:%M}" if t else "" for t in (wish.not_before, wish.not_after)) if wish else None
    assert found == wanted, f"{at}\nhours {found}"


def _safeguarded(chat: Chat, _person: Person, wanted: bool, at: str) -> None:
    assert (chat.conversation().safeguarded_at is not None) is wanted, at


def _representative(chat: Chat, person: Person, wanted: str, at: str) -> None:
    with chat.desk.database.read() as session:
        found = session.get_one(Debtor, person.debtor_id).representative
    assert wanted in (found or ""), f"{at}\nrepresentative {found}"


def _changes(chat: Chat, person: Person, wanted: int, at: str) -> None:
    with chat.desk.database.read() as session:
        found = list(session.scalars(select(ContactChange.wanted).where(ContactChange.debtor_id == person.debtor_id)))
    assert len(found) == wanted, f"{at}\n{found}"


EFFECTS: dict[str, Callable[[Chat, Person, Any, str], None]] = {
    "kinds": _kinds, "urgent": _urgent, "whose": _whose, "closed": _closed, "hours": _hours,
    "safeguarded": _safeguarded, "representative": _representative, "changes": _changes,
}
