"""The list of conversations: filters, order, pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from console.masking import masked_words
from console.models import StaffAccount
from console.people import Person, people_in
from conversations.models import Author, Conversation, Message, Owner, Ticket, Turn
from runtime.ids import ConversationId, StaffId

PAGE = 40
PREVIEW = 160
CHANNELS = ("web", "telegram", "terminal")


class View(StrEnum):
    """Which conversations to list."""

    ALL = "all"
    NEEDS = "needs"
    """With an open ticket; urgent ones on top."""
    MINE = "mine"
    STAFF = "staff"
    BOT = "bot"


@dataclass(frozen=True)
class Place:
    """A line's place in the order: where the next page goes on."""

    urgent: bool
    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{int(self.urgent)}~{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The inverse of ``str``; None for anything else."""
        urgent, _, rest = text.partition("~")
        at, _, conversation_id = rest.partition("~")
        try:
            instant = datetime.fromisoformat(at)
        except ValueError:
            return None
        return cls(urgent == "1", instant, conversation_id) if instant.tzinfo and conversation_id else None


@dataclass(frozen=True)
class Line:
    """One conversation in the list."""

    conversation: Conversation
    person: Person
    holder: str | None
    tickets: int
    urgent: bool
    last_author: str | None
    preview: str
    place: Place

    @property
    def waiting(self) -> bool:
        """Whether the debtor said the last word and staff are to answer."""
        return self.conversation.owner == Owner.STAFF and self.last_author == Author.DEBTOR


@dataclass(frozen=True)
class Counts:
    """How many conversations some views hold."""

    needs: int
    mine: int
    staff: int


_TICKETS = (
    select(Ticket.conversation_id, func.count().label("open"),
           func.max(case((Ticket.urgent, 1), else_=0)).label("urgent"))
    .where(Ticket.state == "open", Ticket.conversation_id.is_not(None)).group_by(Ticket.conversation_id).subquery()
)
_urgency: ColumnElement[int] = func.coalesce(_TICKETS.c.urgent, 0)


def conversations(session: Session, *, view: View, staff_id: StaffId, channel: str | None = None,
                  after: Place | None = None) -> list[Line]:
    """A page of conversations, the newest activity first, below the place ``after``."""
    query = (
        select(Conversation, StaffAccount.name, func.coalesce(_TICKETS.c.open, 0), _urgency)
        .outerjoin(_TICKETS, _TICKETS.c.conversation_id == Conversation.id)
        .outerjoin(StaffAccount, and_(StaffAccount.id == Conversation.staff_id, Conversation.owner == Owner.STAFF))
        .limit(PAGE)
    )
    if wanted := _wanted(view, staff_id):
        query = query.where(*wanted)
    if channel:
        query = query.where(Conversation.channel == channel)
    if view is View.NEEDS:
        query = query.order_by(_urgency.desc())
    query = query.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
    if after:
        query = query.where(_below(after, view))
    rows = session.execute(query).all()
    ids = [ConversationId(row[0].id) for row in rows]
    people, said = people_in(session, ids), _last_words(session, ids)
    lines = []
    for conversation, holder, tickets, urgent in rows:
        author, preview = said.get(ConversationId(conversation.id), (None, ""))
        lines.append(Line(
            conversation, people[ConversationId(conversation.id)], holder, int(tickets), bool(urgent), author, preview,
            Place(bool(urgent), conversation.last_activity_at, conversation.id),
        ))
    return lines


def counts(session: Session, *, staff_id: StaffId) -> Counts:
    """How many conversations need a person, are held by this member of staff, and by staff at all."""
    held = select(func.count()).select_from(Conversation).where(Conversation.owner == Owner.STAFF)
    return Counts(
        needs=session.scalar(select(func.count()).select_from(_TICKETS)) or 0,
        mine=session.scalar(held.where(Conversation.staff_id == staff_id)) or 0,
        staff=session.scalar(held) or 0,
    )


def _wanted(view: View, staff_id: StaffId) -> list[ColumnElement[bool]]:
    by_staff = Conversation.owner == Owner.STAFF
    return {
        View.ALL: [], View.NEEDS: [_TICKETS.c.open > 0], View.MINE: [by_staff, Conversation.staff_id == staff_id],
        View.STAFF: [by_staff], View.BOT: [Conversation.owner == Owner.BOT],
    }[view]


def _below(after: Place, view: View) -> ColumnElement[bool]:
    older = or_(Conversation.last_activity_at < after.at,
                and_(Conversation.last_activity_at == after.at, Conversation.id < after.id))
    if view is not View.NEEDS:
        return older
    urgent = int(after.urgent)
    return or_(_urgency < urgent, and_(_urgency == urgent, older))


def _last_words(session: Session, ids: Sequence[ConversationId]) -> dict[ConversationId, tuple[str, str]]:
    """The author and the beginning of the last message of each conversation, masked."""
    rows = session.execute(
        select(Message, Turn)
        .join(Conversation, and_(Conversation.id == Message.conversation_id,
                                 Message.event_id == Conversation.next_event - 1))
        .outerjoin(Turn, Turn.id == Message.turn_id).where(Conversation.id.in_(ids))
    ).all()
    said = {}
    for message, turn in rows:
        words = " ".join((masked_words(message, turn) or message.text).split())
        said[ConversationId(message.conversation_id)] = (
            str(message.author), words if len(words) <= PREVIEW else f"{words[:PREVIEW - 1]}…")
    return said
