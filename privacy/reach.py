"""Which rows are a debtor's. What somebody else said in the same conversation is not.

A conversation may have been with several people one after another: a shared telephone, father and son, somebody who
answered a number that was once the debtor's. Only who was verified counts, from then until it ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, false, or_, select
from sqlalchemy.orm import Session

from compliance.models import Level, Verification
from conversations.models import Author, Message, Turn
from privacy.map import places, tables
from runtime.ids import DebtorId

_NOT_THEIRS = frozenset({"wrong_person", "third_party", "deceased"})
"""Ends of a verification that say that somebody else was writing."""


@dataclass(frozen=True)
class Reach:
    """A debtor's rows. ``conversations`` are theirs alone; of ``shared`` ones only some messages and turns are."""

    debtor_id: DebtorId
    conversations: frozenset[str]
    shared: frozenset[str]
    messages: frozenset[int]
    turns: frozenset[int]
    left_out: int
    """Messages in their conversations that were, or may have been, somebody else's."""

    def rows(self, name: str) -> ColumnElement[bool]:
        """The condition that a row of the table ``name`` is the debtor's."""
        return self._rows(name, ())

    def _rows(self, name: str, above: tuple[str, ...]) -> ColumnElement[bool]:
        table = tables()[name]
        found = [self._way(table, way, (*above, name)) for way in places()[name].of if way.partition("=")[2].partition(
            ".")[0] not in above]
        if name == "message" and self.messages:
            found.append(table.c.id.in_(self.messages))
        if name == "turn" and self.turns:
            found.append(table.c.id.in_(self.turns))
        return or_(false(), *found)

    def _way(self, table: Table, way: str, above: tuple[str, ...]) -> ColumnElement[bool]:
        if way == "debtor":
            return table.c.id == self.debtor_id
        if way == "debtor_id":
            return table.c.debtor_id == self.debtor_id
        if way == "conversation":
            return table.c.id.in_(self.conversations)
        if way == "conversation_id":
            mine = table.c.conversation_id.in_(self.conversations)
            # a ticket, an act or a link that names its debtor itself is that debtor's
            return mine & or_(table.c.debtor_id.is_(None), table.c.debtor_id == self.debtor_id) \
                if "debtor_id" in table.c else mine
        column, _, target = way.partition("=")
        parent, _, key = target.partition(".")
        return table.c[column].in_(select(tables()[parent].c[key]).where(self._rows(parent, above)))


@dataclass(frozen=True)
class _Spell:
    """A time in which somebody was verified."""

    debtor_id: int
    begins: datetime
    ends: datetime | None
    theirs: bool


def reach(session: Session, debtor_id: DebtorId, *, to_erase: bool = False) -> Reach:
    """What belongs to a debtor at this moment.

    ``to_erase``: with what others said in conversations with no other debtor; nobody needs that longer than the rest.
    """
    mine = set(session.scalars(select(Verification.conversation_id).where(Verification.debtor_id == debtor_id)))
    alone, shared = set[str](), set[str]()
    messages, turns, left_out = set[int](), set[int](), 0
    for conversation_id in sorted(mine):
        rows = session.scalars(select(Verification).where(Verification.conversation_id == conversation_id)
                               .order_by(Verification.id)).all()
        spells = [_Spell(row.debtor_id, row.verified_at, row.ended_at, row.ended_reason not in _NOT_THEIRS)
                  for row in rows if _was_verified(row)]
        nobody_else = all(row.debtor_id == debtor_id for row in rows)
        if nobody_else and (to_erase or (spells and all(spell.theirs for spell in spells))):
            alone.add(conversation_id)
            continue
        shared.add(conversation_id)
        said = _Said(session, conversation_id, spells, debtor_id)
        messages |= said.messages
        turns |= said.turns
        left_out += said.left_out
    return Reach(debtor_id, frozenset(alone), frozenset(shared), frozenset(messages), frozenset(turns), left_out)


def _was_verified(row: Verification) -> bool:
    """Also one that has lapsed since: of a link that staff made, only the identification is left."""
    return row.level == Level.VERIFIED or row.ended_reason == "lapsed" or row.method == "link"


class _Said:
    """The messages of a conversation that are one debtor's, by who was verified when they were said."""

    def __init__(self, session: Session, conversation_id: str, spells: Iterable[_Spell], debtor_id: DebtorId) -> None:
        self._spells = list(spells)
        rows = session.execute(select(Message.id, Message.at, Message.author, Message.turn_id)
                               .where(Message.conversation_id == conversation_id).order_by(Message.event_id)).all()
        theirs = [row for row in rows if self._by(row.at, debtor_id, typed=row.author == Author.DEBTOR)]
        self.messages = {row.id for row in theirs}
        typed = {row.turn_id for row in theirs if row.turn_id is not None and row.author == Author.DEBTOR}
        self.turns = set(session.scalars(select(Turn.id).where(Turn.id.in_(typed)))) if typed else set()
        self.left_out = len(rows) - len(theirs)

    def _by(self, at: datetime, debtor_id: DebtorId, *, typed: bool) -> bool:
        """Whether it was said by, or to, the debtor; the words of somebody who turned out to be another are not."""
        for spell in reversed(self._spells):
            if spell.begins <= at:
                within = spell.ends is None or at <= spell.ends
                return within and spell.debtor_id == debtor_id and (spell.theirs or not typed)
        return False
