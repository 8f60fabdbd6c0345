"""Who is behind a conversation, as far as it is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Level, Verification
from compliance.standing import who
from ledger.models import Debtor
from runtime.ids import ConversationId


class Known(StrEnum):
    """How well it is known who is talking."""

    VERIFIED = "verified"
    LAPSED = "lapsed"
    """Was verified in this conversation; for what is said next, that is over."""
    IDENTIFIED = "identified"
    """A link that we sent to this debtor was opened, by whom is not known."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Person:
    """The debtor a conversation is with."""

    debtor: Debtor | None = None
    known: Known = Known.UNKNOWN

    @property
    def named(self) -> bool:
        """Whether what was said is known to be this debtor's."""
        return self.debtor is not None and self.known in (Known.VERIFIED, Known.LAPSED)

    @property
    def name(self) -> str:
        """The debtor's name, else ``Not verified``."""
        return f"{self.debtor.first_name} {self.debtor.last_name}" if self.debtor and self.named else "Not verified"


NOBODY = Person()


def person_in(session: Session, conversation_id: ConversationId, *, now: datetime) -> Person:
    """Who is behind one conversation at this moment."""
    person = people_in(session, [conversation_id])[conversation_id]
    if person.known is Known.VERIFIED and who(session, conversation_id, now=now).verified is None:
        return Person(person.debtor, Known.LAPSED)
    return person


def people_in(session: Session, conversation_ids: Iterable[ConversationId]) -> dict[ConversationId, Person]:
    """Whom each of these conversations was with when last known. Two queries."""
    people = dict.fromkeys(conversation_ids, NOBODY)
    latest: dict[str, Verification] = {}
    for row in session.scalars(
        select(Verification).where(Verification.conversation_id.in_(people)).order_by(Verification.id)
    ):
        latest[row.conversation_id] = row
    known = {key: (row.debtor_id, how) for key, row in latest.items() if (how := _known(row)) is not Known.UNKNOWN}
    debtors = {debtor.id: debtor for debtor in session.scalars(
        select(Debtor).where(Debtor.id.in_({debtor_id for debtor_id, _ in known.values()})))} if known else {}
    for conversation_id, (debtor_id, how) in known.items():
        people[ConversationId(conversation_id)] = Person(debtors[debtor_id], how)
    return people


def _known(row: Verification) -> Known:
    """What a row says. One that was ended for a reason, such as the wrong person, says nothing."""
    if row.ended_at is None:
        return Known.VERIFIED if row.level == Level.VERIFIED else Known.IDENTIFIED
    return Known.LAPSED if row.level == Level.VERIFIED and row.ended_reason == "lapsed" else Known.UNKNOWN
