"""What leaves outside of a conversation: the rows of the outbox, with the books of whoever they go to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.books import estates
from audit.estate import Estate
from audit.lexicon import groups
from audit.lexicon import tokens as words_of
from audit.reading import Reader, stored
from audit.scope import Scope
from audit.values import words
from compliance.models import Verification
from conversations.models import OutboxItem
from runtime.ids import DebtorId

ROWS = 1000
TO_STAFF = frozenset({"alert_webhook", "alert_email"})
ASKED_FOR = frozenset({"code_email", "code_sms", "telegram"})
"""What the debtor's own act caused; ``telegram`` is a message of a conversation, which is looked at there."""
_CHANNELS = {"code_email": "email", "code_sms": "sms"}


@dataclass
class Outgoing:
    """One row of the outbox that goes to a debtor or to somebody taken for one."""

    id: int
    kind: str
    conversation_id: str | None
    at: datetime
    sent_at: datetime | None
    stored: Any
    read: Callable[[Any], Any]
    estate: Estate | None = None
    before: tuple[datetime, ...] = ()
    """When this debtor was sent something unasked before, within a year."""

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """What is to be sent."""
        return dict(self.read(self.stored) or {})

    @cached_property
    def text(self) -> str:
        """Everything that can be read in it, in lower case, without where it goes."""
        parts = (part for name, part in self.payload.items() if name not in ("to", "channel", "language"))
        return " ".join(" ".join(text for part in parts for text in words(part)).casefold().split())

    @property
    def moment(self) -> datetime:
        """When it was sent, or is to be."""
        return self.sent_at or self.at

    @property
    def channel(self) -> str:
        """How it goes out."""
        return str(self.payload.get("channel") or _CHANNELS.get(self.kind) or self.kind)

    @property
    def proactive(self) -> bool:
        """Whether nobody asked for it."""
        return self.kind not in ASKED_FOR

    @property
    def electronic(self) -> bool:
        """Whether it goes by a wire."""
        return self.channel not in ("letter", "phone")

    def found(self, group: str) -> str | None:
        """The first words of a group in it."""
        language = str(self.payload.get("language") or (self.estate.debtor.language if self.estate else None) or "en")
        there = words_of(self.text)
        return next((hit for one in groups(group, language[:2])
                     if one.possible(there) and (hit := one.first(self.text))), None)


def outbox(session: Session, scope: Scope, reader: Reader) -> Iterator[list[Outgoing]]:
    """The outbox in batches, without what goes to staff and what only carries a message of a conversation."""
    table = OutboxItem.__table__.c
    read, last = reader.of(table.payload), 0
    query = select(
        OutboxItem.id, OutboxItem.kind, OutboxItem.conversation_id, OutboxItem.created_at, OutboxItem.sent_at,
        stored(table.payload)).where(
        OutboxItem.kind.not_in((*TO_STAFF, "telegram")), scope.within(OutboxItem.created_at)).order_by(OutboxItem.id)
    if scope.conversation is not None:
        query = query.where(OutboxItem.conversation_id == scope.conversation)
    sent: dict[DebtorId, list[datetime]] = {}
    while rows := session.execute(query.where(OutboxItem.id > last).limit(ROWS)).all():
        last = rows[-1].id
        found = [Outgoing(row[0], row[1], row[2], row[3], row[4], row[5], read) for row in rows]
        whose = _whose(session, found)
        books = estates(session, set(whose.values()))
        for item in found:
            if (debtor_id := whose.get(item.id)) is not None:
                item.estate = books.get(debtor_id)
                item.before = tuple(sent.get(debtor_id, ()))
                if item.proactive:
                    sent.setdefault(debtor_id, []).append(item.moment)
        yield found


def _whose(session: Session, items: list[Outgoing]) -> dict[int, DebtorId]:
    ids = {item.conversation_id for item in items if item.conversation_id is not None}
    talked = {conversation_id: debtor_id for conversation_id, debtor_id in session.execute(
        select(Verification.conversation_id, Verification.debtor_id).where(Verification.conversation_id.in_(ids))
        .order_by(Verification.id))} if ids else {}
    found = {}
    for item in items:
        named = item.payload.get("debtor_id")
        debtor_id = named if isinstance(named, int) else talked.get(item.conversation_id or "")
        if debtor_id is not None:
            found[item.id] = DebtorId(debtor_id)
    return found
