"""Pages of conversations: the list, one transcript, and what staff do in it."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.activity import note
from console.listing import CHANNELS, PAGE, Place, View, conversations, counts
from console.models import What
from console.panel import panel_of
from console.sessions import SignedIn
from console.takeover import MAX_REPLY, hand_back, reply, take_over
from console.tickets import ticket_numbered
from console.transcript import transcript
from console.web import Desk, Form, NotThere, Someone, by_htmx, desk, field, go, live, version
from conversations.models import Conversation, Message
from runtime.errors import StaffError
from runtime.ids import ConversationId, new_token

router = APIRouter()
Act = Callable[[Session, datetime], None]
REASONS = ("The debtor asked me to check it", "Identity could not be confirmed by the bot",
           "Quality check", "Complaint or investigation")


@router.get("/")
def start(request: Request, _who: Someone) -> Response:
    """The console opens with the conversations."""
    return go(request, "/conversations")


@router.get("/conversations")
def listing(request: Request, who: Someone, view: str = "all", channel: str = "", after: str = "") -> Response:
    """The list; refreshes itself."""
    place = desk(request)
    wanted = View(view) if view in set(View) else View.ALL
    on_channel = channel if channel in CHANNELS else None
    with place.db.read() as session:
        lines = conversations(session, view=wanted, staff_id=who.staff.id, channel=on_channel,
                              after=Place.parse(after))
        numbers = counts(session, staff_id=who.staff.id)
    return live(request, "conversations.html", who=who, part="_conversations.html", lines=lines, counts=numbers,
                view=wanted, views=View, channel=on_channel, channels=CHANNELS, after=after,
                refresh=f"/conversations?{urlencode({'view': wanted, 'channel': on_channel or '', 'after': after})}",
                next_page=str(lines[-1].place) if len(lines) == PAGE else None)


@router.get("/conversations/{conversation_id}")
def one(request: Request, who: Someone, conversation_id: str, before: int | None = None,
        ticket: str = "") -> Response:
    """One transcript; refreshes itself. Opening it is written to the activity log, refreshing is not."""
    place = desk(request)
    if not by_htmx(request):
        now = place.clock.now()
        with place.db.write() as session:
            _find(session, conversation_id)
            note(session, staff_id=who.staff.id, what=What.VIEWED, now=now, conversation_id=conversation_id)
    return _show(request, who, conversation_id, before=before, ticket=ticket)


@router.post("/conversations/{conversation_id}/take")
def take(request: Request, who: Someone, form: Form, conversation_id: str) -> Response:
    """Take it over, as it was when the page was made."""
    def act(session: Session, now: datetime) -> None:
        take_over(session, staff=who.staff, conversation_id=ConversationId(conversation_id),
                  seen_version=version(form), now=now)
    return _act(request, who, conversation_id, act)


@router.post("/conversations/{conversation_id}/hand-back")
def give(request: Request, who: Someone, form: Form, conversation_id: str) -> Response:
    """Hand it back to the bot."""
    def act(session: Session, now: datetime) -> None:
        hand_back(session, staff=who.staff, conversation_id=ConversationId(conversation_id),
                  seen_version=version(form), now=now)
    return _act(request, who, conversation_id, act)


@router.post("/conversations/{conversation_id}/reply")
def answer(request: Request, who: Someone, form: Form, conversation_id: str) -> Response:
    """Send a reply on the debtor's own channel."""
    words = field(form, "words")

    def act(session: Session, now: datetime) -> None:
        reply(session, staff=who.staff, conversation_id=ConversationId(conversation_id), words=words,
              once=field(form, "once"), now=now)
    response = _act(request, who, conversation_id, act, draft=words)
    if response.status_code == 200:
        response.headers["HX-Trigger"] = "reply-sent"
    return response


@router.post("/conversations/{conversation_id}/show")
def show(request: Request, who: Someone, form: Form, conversation_id: str) -> Response:
    """Show one masked message for some minutes; who asked, and why, is written down first."""
    def act(session: Session, now: datetime) -> None:
        chosen, message_id = field(form, "reason"), field(form, "message")
        if chosen not in REASONS:
            raise StaffError("Choose a reason to see what is masked.")
        found = session.get(Message, int(message_id)) if message_id.isascii() and message_id.isdecimal() else None
        if found is None or found.conversation_id != conversation_id:
            raise NotThere
        note(session, staff_id=who.staff.id, what=What.SHOWED, now=now, conversation_id=conversation_id,
             message_id=found.id, detail=chosen)
    return _act(request, who, conversation_id, act)


def _act(request: Request, who: SignedIn, conversation_id: str, act: Act, draft: str = "") -> Response:
    place: Desk = desk(request)
    try:
        with place.db.write() as session:
            _find(session, conversation_id)
            act(session, place.clock.now())
    except StaffError as error:
        with place.db.write() as session:
            note(session, staff_id=who.staff.id, what=What.REFUSED, now=place.clock.now(),
                 conversation_id=conversation_id, detail=str(error))
        return _show(request, who, conversation_id, error=str(error), draft=draft, status=409)
    if by_htmx(request):
        return _show(request, who, conversation_id)
    return go(request, f"/conversations/{conversation_id}")


def _find(session: Session, conversation_id: str) -> Conversation:
    found = session.scalar(select(Conversation).where(Conversation.id == conversation_id))
    if found is None:
        raise NotThere("There is no such conversation.")
    return found


def _show(request: Request, who: SignedIn, conversation_id: str, *, before: int | None = None, ticket: str = "",
          error: str = "", draft: str = "", status: int = 200) -> Response:
    place = desk(request)
    now = place.clock.now()
    with place.db.read() as session:
        found = transcript(session, conversation=_find(session, conversation_id), staff_id=who.staff.id, now=now,
                           before=before)
        person = found.person
        panel = panel_of(session, person.debtor, now=now) if person.debtor and person.named else None
        asked = ticket_numbered(session, ticket) if ticket else None
        if asked is not None and asked.conversation_id != conversation_id:
            asked = None
        tickets = [asked, *(one for one in found.tickets if one.id != asked.id)] if asked else found.tickets
    return live(
        request, "conversation.html", who=who, part="_conversation.html", status=status, every="3s",
        refresh=_refresh(conversation_id, before, asked.number if asked else None),
        here=f"/conversations/{conversation_id}", t=found, panel=panel, asked=asked, tickets=tickets, before=before,
        error=error, draft=draft, reasons=REASONS, max_reply=MAX_REPLY, once="" if by_htmx(request) else new_token(),
    )


def _refresh(conversation_id: str, before: int | None, ticket: str | None) -> str:
    query = {name: value for name, value in (("before", before), ("ticket", ticket)) if value is not None}
    return f"/conversations/{conversation_id}" + (f"?{urlencode(query)}" if query else "")
