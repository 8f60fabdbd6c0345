"""Reading in batches: so many messages at a time, with everything around them by one query for each table."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, Text, TypeDecorator, or_, select, type_coerce
from sqlalchemy.orm import Session

from audit.books import estates
from audit.case import Case, Did, Opened, Said, Stood
from audit.scope import Scope
from compliance.models import Level, Verification
from conversations.models import Author, Button, Conversation, Message, Ticket, Turn
from ledger.models import Creditor
from runtime import vault
from runtime.errors import OperatorError
from runtime.ids import DebtorId

AUTHORS = {author.value: author for author in Author}
MESSAGES = 4000
"""About so many messages are in memory at a time."""
MOST_NAMES = 3000
"""With more creditors than this their names are not looked for."""


class Reader:
    """Deciphers when asked, and counts what cannot be read any more because its key was destroyed."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.unreadable = 0

    def of(self, column: Any) -> Callable[[Any], Any]:
        """What makes a value of ``column`` readable."""
        kind = column.type
        assert isinstance(kind, TypeDecorator)

        def read(stored: Any) -> Any:
            try:
                return kind.process_result_value(stored, self._dialect)
            except OperatorError:
                self.unreadable += 1
                return None
        return read


    def many(self, values: Sequence[str | None]) -> list[str | None]:
        """What is stored in encrypted columns, readable: texts as they are, structures as JSON; None where erased."""
        sealed = [place for place, value in enumerate(values) if value and value.startswith(_SEALED)]
        found = list(values)
        try:
            plain: Sequence[str | None] = vault.decrypt_many([values[place] or "" for place in sealed])
        except OperatorError:  # one of them, at least: each by itself
            plain = [self._one(values[place] or "") for place in sealed]
        for place, text in zip(sealed, plain, strict=True):
            found[place] = text
        return found

    def _one(self, value: str) -> str | None:
        try:
            return vault.decrypt(value)
        except OperatorError:
            self.unreadable += 1
            return None


_SEALED = "gAAAA"
"""How everything begins that ``runtime.vault`` encrypted; what does not stands as it is."""


def stored(column: Any) -> Any:
    """A column as it is in the database, not deciphered."""
    return type_coerce(column, Text)


def count(session: Session, scope: Scope) -> tuple[int, int]:
    """How many conversations and messages there are to look at."""
    ids = list(_sizes(session, scope))
    return len(ids), sum(size for _, size in ids)


def _sizes(session: Session, scope: Scope) -> Iterator[tuple[str, int]]:
    query = select(Conversation.id, Conversation.next_event).order_by(Conversation.id)
    if scope.conversation is not None:
        query = query.where(Conversation.id == scope.conversation)
    if scope.since is not None:
        query = query.where(Conversation.last_activity_at >= scope.since)
    if scope.until is not None:
        query = query.where(Conversation.created_at < scope.until)
    last = ""
    while page := session.execute(query.where(Conversation.id > last).limit(5000)).all():
        yield from ((row.id, max(1, row.next_event - 1)) for row in page)
        last = page[-1].id


def batches(session: Session, scope: Scope) -> Iterator[list[str]]:
    """Ids of conversations, so many together that they hold about ``MESSAGES`` messages."""
    ids: list[str] = []
    held = 0
    for conversation_id, size in _sizes(session, scope):
        if ids and held + size > MESSAGES:
            yield ids
            ids, held = [], 0
        ids.append(conversation_id)
        held += size
    if ids:
        yield ids


def creditor_names(session: Session) -> re.Pattern[str] | None:
    """A pattern of the names of all creditors, in lower case."""
    names = session.scalars(select(Creditor.name).distinct().limit(MOST_NAMES + 1)).all()
    wanted = sorted({" ".join(name.casefold().split()) for name in names if len(name) > 3}, key=len, reverse=True)
    if not wanted or len(names) > MOST_NAMES:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, wanted)) + r")(?!\w)")


def cases(session: Session, ids: Sequence[str], reader: Reader, names: re.Pattern[str] | None,
          now: datetime) -> list[Case]:
    """The conversations ``ids`` with all that rules ask about."""
    rows = session.execute(select(
        Conversation.id, Conversation.channel, Conversation.locale, Conversation.language, Conversation.created_at,
        Conversation.last_activity_at, Conversation.next_event, Conversation.contact_stopped_at,
        Conversation.safeguarded_at).where(Conversation.id.in_(ids)).order_by(Conversation.id))
    found = {row.id: Case(
        id=row.id, channel=row.channel, locale=row.locale, language=row.language, created_at=row.created_at,
        last_activity_at=row.last_activity_at, next_event=row.next_event, stopped_at=row.contact_stopped_at,
        safeguarded_at=row.safeguarded_at, now=now, creditors=names) for row in rows}
    _messages(session, ids, reader, found)
    _turns(session, ids, reader, found)
    for row in session.execute(select(Button.conversation_id, Button.message_id, Button.intent)
                               .where(Button.conversation_id.in_(ids))):
        found[row.conversation_id].intents.setdefault(row.message_id, []).append(row.intent)
    debtors = _standings(session, ids, found)
    _tickets(session, ids, debtors, found)
    whose = {debtor_id for mine in debtors.values() for debtor_id in mine}
    whose |= {DebtorId(t.debtor_id) for case in found.values() for t in case.tickets if t.debtor_id is not None}
    books = estates(session, whose)
    for case in found.values():
        mine = debtors.get(case.id, set()) | {t.debtor_id for t in case.tickets if t.debtor_id is not None}
        case.estates = {debtor_id: books[debtor_id] for debtor_id in mine if debtor_id in books}
    return list(found.values())


def _messages(session: Session, ids: Sequence[str], reader: Reader, found: dict[str, Case]) -> None:
    query = select(
        Message.id, Message.conversation_id, Message.event_id, Message.author, Message.at, Message.say,
        Message.turn_id, Message.buttons, stored(Message.__table__.c.text), stored(Message.__table__.c["values"]),
        stored(Message.__table__.c.card)).where(Message.conversation_id.in_(ids)).order_by(Message.event_id)
    rows = session.execute(query).all()
    texts, values, cards = (reader.many([row[place] for row in rows]) for place in (8, 9, 10))
    for row, text, filled, card in zip(rows, texts, values, cards, strict=True):
        found[row[1]].messages.append(Said(
            id=row[0], event_id=row[2], author=AUTHORS[row[3]], at=row[4], name=row[5], turn_id=row[6],
            buttons=row[7] or [], text=text, values=filled, card=card))


def _turns(session: Session, ids: Sequence[str], reader: Reader, found: dict[str, Case]) -> None:
    table = Turn.__table__.c
    read = reader.of(table.terms)
    query = select(
        Turn.id, Turn.conversation_id, Turn.received_at, Turn.done_at, Turn.state, Turn.intent, Turn.confidence,
        Turn.forced_intent, Turn.button_id, Turn.actions, Turn.error, stored(table.raw), stored(table.terms),
        stored(table.choice)).where(Turn.conversation_id.in_(ids)).order_by(Turn.id)
    rows = session.execute(query).all()
    for row, typed in zip(rows, reader.many([row[11] for row in rows]), strict=True):
        found[row[1]].turns[row[0]] = Did(
            id=row[0], received_at=row[2], done_at=row[3], state=str(row[4]), intent=row[5], confidence=row[6],
            forced=row[7], button_id=row[8], actions=row[9] or [], error=row[10], words=typed or "",
            sealed=(row[12], row[13]), read=read)


def _standings(session: Session, ids: Sequence[str], found: dict[str, Case]) -> dict[str, set[DebtorId]]:
    debtors: dict[str, set[DebtorId]] = {}
    query = select(
        Verification.conversation_id, Verification.debtor_id, Verification.level, Verification.method,
        Verification.link_id, Verification.verified_at, Verification.last_used_at, Verification.ended_at,
    ).where(Verification.conversation_id.in_(ids)).order_by(Verification.id)
    for row in session.execute(query):
        found[row.conversation_id].stood.append(Stood(
            DebtorId(row.debtor_id), Level(row.level), row.method, row.link_id is not None, row.verified_at,
            row.last_used_at, row.ended_at))
        debtors.setdefault(row.conversation_id, set()).add(DebtorId(row.debtor_id))
    return debtors


def _tickets(session: Session, ids: Collection[str], debtors: dict[str, set[DebtorId]], found: dict[str, Case]) -> None:
    whose = {debtor_id for mine in debtors.values() for debtor_id in mine}
    query = select(
        Ticket.id, Ticket.kind, Ticket.urgent, Ticket.opened_at, Ticket.closed_at, Ticket.debtor_id,
        Ticket.conversation_id,
    ).where(or_(Ticket.conversation_id.in_(ids), Ticket.debtor_id.in_(whose))).order_by(Ticket.id)
    by_debtor: dict[DebtorId, list[str]] = {}
    for conversation_id, mine in debtors.items():
        for debtor_id in mine:
            by_debtor.setdefault(debtor_id, []).append(conversation_id)
    for row in session.execute(query):
        ticket = Opened(row.id, row.kind, row.urgent, row.opened_at, row.closed_at, row.debtor_id, row.conversation_id)
        about = {row.conversation_id} & set(ids)
        about.update(by_debtor.get(row.debtor_id, ()) if row.debtor_id is not None else ())
        for conversation_id in about:
            found[conversation_id].tickets.append(ticket)
