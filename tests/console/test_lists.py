"""The list of conversations, the queue of tickets, the alarm, the activity log."""

import re

import pytest
from sqlalchemy import select

from console import listing, tickets
from console.models import StaffAccount, StaffAct, What
from conversations.models import Ticket
from conversations.tickets import open_ticket
from runtime.database import Database
from runtime.ids import ConversationId
from tests.console.conftest import Browser, Debtors, Hands


def order(page: str) -> list[str]:
    return re.findall(r'<li id="c-([\w-]+)"', page)


def ticket(db: Database, hands: Hands, conversation: ConversationId | None, *, kind: str = "request_human",
           urgent: bool = False, summary: str = "Wants to talk to somebody.") -> Ticket:
    with db.write() as session:
        return open_ticket(session, key=f"{conversation}:{kind}:{hands.now}:{summary}", conversation_id=conversation,
                           debtor_id=None, kind=kind, urgent=urgent, summary=summary, now=hands.now)


def test_newest_activity_first_and_filters(db: Database, debtors: Debtors, ana: Browser, ben: Browser,
                                           hands: Hands) -> None:
    made = []
    for channel in ("web", "telegram", "web"):
        made.append(debtors.conversation(channel))
        hands.on(minutes=1)
    debtors.says(made[0], "hello again")
    first, second, third = made
    ana.post(f"/conversations/{second}/take", seen_version=0)
    ticket(db, hands, third)
    assert order(ana.get("/conversations").text) == [first, third, second]
    assert order(ana.get("/conversations?channel=telegram").text) == [second]
    assert order(ana.get("/conversations?view=mine").text) == [second]
    assert order(ben.get("/conversations?view=mine").text) == []
    assert order(ben.get("/conversations?view=staff").text) == [second]
    assert order(ben.get("/conversations?view=bot").text) == [first, third]
    assert order(ben.get("/conversations?view=needs").text) == [third]
    assert "hello again" in ana.get("/conversations").text
    assert order(ana.get("/conversations?view=x&channel=y&after=z").text) == [first, third, second]


def test_urgent_ones_come_first_where_a_person_is_needed(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for number in range(5):
        made.append(debtors.conversation())
        ticket(db, hands, made[-1], urgent=number in (0, 2))
        hands.on(minutes=1)
    wanted = [made[2], made[0], made[4], made[3], made[1]]
    assert order(ana.get("/conversations?view=needs").text) == wanted
    monkeypatch.setattr(listing, "PAGE", 2)
    monkeypatch.setattr("console.conversation_pages.PAGE", 2)
    found: list[str] = []
    path = "/conversations?view=needs"
    for _ in range(3):
        page = ana.get(path).text
        found += order(page)
        older = re.search(r'href="/console([^"]+)">Older', page)
        path = older.group(1).replace("&amp;", "&") if older else ""
    assert found == wanted
    assert path == ""


def test_pages_go_on_where_the_last_one_ended(debtors: Debtors, ana: Browser, hands: Hands) -> None:
    made = [debtors.conversation() for _ in range(listing.PAGE + 5)]  # all at the same instant
    page = ana.get("/conversations").text
    older = re.search(r'href="/console([^"]+)">Older', page)
    assert older
    rest = ana.get(older.group(1).replace("&amp;", "&")).text
    assert sorted(order(page) + order(rest)) == sorted(made)
    assert len(order(rest)) == 5


def test_who_waits_for_staff_is_marked(debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    debtors.says(conversation, "anybody?")
    assert "Waiting for a reply" in ana.get("/conversations").text
    ana.post(f"/conversations/{conversation}/reply", words="Yes, I am here.")
    assert "Waiting for a reply" not in ana.get("/conversations").text


def test_a_ticket_leads_to_its_conversation_with_the_reason(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    made = ticket(db, hands, conversation, kind="fraud", urgent=True, summary="Says <b>somebody</b> used their name.")
    answer = ana.get(f"/tickets/{made.number}")
    assert answer.headers["location"] == f"/console/conversations/{conversation}?ticket={made.number}"
    page = ana.get(f"/conversations/{conversation}?ticket={made.number}").text
    assert "Says &lt;b&gt;somebody&lt;/b&gt; used their name." in page
    assert ana.get(f"/tickets/{made.number.lower()}").status_code == 303
    with db.read() as session:
        assert What.VIEWED_TICKET in session.scalars(select(StaffAct.what)).all()


def test_closing_says_what_was_done_and_happens_once(
    db: Database, debtors: Debtors, ana: Browser, ben: Browser, staff: dict[str, StaffAccount], hands: Hands
) -> None:
    conversation = debtors.conversation()
    made = ticket(db, hands, conversation)
    refused = ana.post(f"/tickets/{made.number}/close", done="  ")
    assert refused.status_code == 409
    assert "what was done" in refused.text
    assert ana.post(f"/tickets/{made.number}/close", done="Called back, all clear.").status_code == 303
    again = ben.post(f"/tickets/{made.number}/close", done="Me too.")
    assert again.status_code == 409
    assert "was closed meanwhile" in again.text
    with db.read() as session:
        stored = session.get_one(Ticket, made.id)
        act = session.scalars(select(StaffAct).where(StaffAct.what == What.CLOSED_TICKET)).one()
    assert (stored.state, stored.closed_by, stored.closed_at) == ("closed", staff["ana"].id, hands.now)
    assert act.detail == "Called back, all clear."
    assert made.number in ana.get("/tickets?state=closed").text
    assert "No open tickets" in ana.get("/tickets").text


def test_a_ticket_without_a_conversation_has_a_page_of_its_own(db: Database, ana: Browser, hands: Hands) -> None:
    made = ticket(db, hands, None, kind="payment_problem", summary="A payment could not be posted.")
    page = ana.get(f"/tickets/{made.number}")
    assert page.status_code == 200
    assert "A payment could not be posted." in page.text
    assert ana.post(f"/tickets/{made.number}/close", done="Posted by hand.").headers["location"] == "/console/tickets"


def test_the_queue_puts_urgent_tickets_on_top(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [ticket(db, hands, None, summary=str(n), urgent=n in (1, 3)) for n in range(5)]
    wanted = [made[1].number, made[3].number, made[0].number, made[2].number, made[4].number]
    assert re.findall(r">(D-\d+)</a></td>", ana.get("/tickets").text) == wanted
    monkeypatch.setattr(tickets, "PAGE", 2)
    monkeypatch.setattr("console.ticket_pages.PAGE", 2)
    found: list[str] = []
    path = "/tickets"
    for _ in range(3):
        page = ana.get(path).text
        found += re.findall(r">(D-\d+)</a></td>", page)
        more = re.search(r'href="/console([^"]+)">More', page)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert found == wanted


def test_urgent_tickets_sound_until_somebody_is_on_them(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    assert "data-urgent" not in ana.refresh("/alerts").text
    conversation = debtors.conversation()
    made = ticket(db, hands, conversation, kind="self_harm", urgent=True)
    ticket(db, hands, conversation)
    alarm = ana.refresh("/alerts").text
    assert 'data-urgent="1"' in alarm
    assert made.number in alarm
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    assert "data-urgent" not in ana.refresh("/alerts").text


def test_the_activity_log_is_for_managers(debtors: Debtors, ana: Browser, mia: Browser) -> None:
    conversation = debtors.conversation()
    ana.get(f"/conversations/{conversation}")
    assert ana.get("/activity").status_code == 403
    page = mia.get("/activity").text
    assert "Opened a transcript" in page
    assert f"/console/conversations/{conversation}" in page
