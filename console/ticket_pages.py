"""Pages of tickets, the alarm every page carries, and the activity log."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console import activity
from console.activity import note
from console.models import Role, What
from console.tickets import PAGE, alarming, close_ticket, queue, ticket_numbered
from console.web import Form, NotAllowed, NotThere, Someone, desk, field, go, live, page
from conversations.models import Ticket
from ledger.models import Debtor
from runtime.errors import StaffError

router = APIRouter()


@router.get("/tickets")
def listing(request: Request, who: Someone, state: str = "open", after: str = "") -> Response:
    """The queue; refreshes itself."""
    closed = state == "closed"
    with desk(request).db.read() as session:
        lines = queue(session, closed=closed, after=_place(after))
    last = lines[-1].ticket if len(lines) == PAGE else None
    return live(request, "tickets.html", who=who, part="_tickets.html", lines=lines, closed=closed,
                refresh=f"/tickets?{urlencode({'state': 'closed' if closed else 'open', 'after': after})}",
                next_page=f"{int(last.urgent)}~{last.id}" if last else None)


@router.get("/tickets/{number}")
def one(request: Request, who: Someone, number: str) -> Response:
    """A ticket: its conversation with the reason on top, or the ticket alone when there is no conversation."""
    place = desk(request)
    with place.db.write() as session:
        found = ticket_numbered(session, number)
        if found is None:
            raise NotThere(f"There is no ticket {number[:20]}.")
        note(session, staff_id=who.staff.id, what=What.VIEWED_TICKET, now=place.clock.now(),
             conversation_id=found.conversation_id, ticket_id=found.id)
        if found.conversation_id:
            return go(request, f"/conversations/{found.conversation_id}?ticket={found.number}")
        debtor = session.get(Debtor, found.debtor_id) if found.debtor_id else None
    return page(request, "ticket.html", who=who, ticket=found, debtor=debtor, error="")


@router.post("/tickets/{number}/close")
def close(request: Request, who: Someone, form: Form, number: str) -> Response:
    """Close a ticket, saying what was done."""
    place, error = desk(request), ""
    with place.db.write() as session:
        found = ticket_numbered(session, number)
        if found is None:
            raise NotThere(f"There is no ticket {number[:20]}.")
        try:
            close_ticket(session, staff=who.staff, ticket=found, what_was_done=field(form, "done"),
                         now=place.clock.now())
        except StaffError as problem:
            error = str(problem)
            note(session, staff_id=who.staff.id, what=What.REFUSED, now=place.clock.now(),
                 conversation_id=found.conversation_id, ticket_id=found.id, detail=error)
        debtor = session.get(Debtor, found.debtor_id) if found.debtor_id else None
    if error:
        return page(request, "ticket.html", who=who, status=409, ticket=found, debtor=debtor, error=error)
    return go(request, _after_closing(found))


@router.get("/alerts")
def alarm(request: Request, who: Someone) -> Response:
    """The alarm of every page: urgent tickets nobody is on yet."""
    with desk(request).db.read() as session:
        found = alarming(session)
    return live(request, "_live.html", who=who, part="_alerts.html", name="alarm", refresh="/alerts", every="5s",
                urgent=found)


@router.get("/activity")
def log(request: Request, who: Someone, before: int | None = None) -> Response:
    """What staff did. For managers."""
    place = desk(request)
    if who.staff.role is not Role.MANAGER:
        with place.db.write() as session:
            note(session, staff_id=who.staff.id, what=What.REFUSED, now=place.clock.now(), detail="The activity log")
        raise NotAllowed("The activity log is for managers.")
    with place.db.read() as session:
        acts = activity.latest(session, before=before)
    return page(request, "activity.html", who=who, acts=acts,
                next_page=acts[-1][0].id if len(acts) == activity.PAGE else None)


def _after_closing(ticket: Ticket) -> str:
    return f"/conversations/{ticket.conversation_id}" if ticket.conversation_id else "/tickets"


def _place(after: str) -> tuple[bool, int] | None:
    urgent, _, number = after.partition("~")
    return (urgent == "1", int(number)) if number.isascii() and number.isdecimal() and len(number) < 12 else None
