"""Every address of the console: a visitor reaches none, staff without the right are refused, and that is logged.

What each deed does by role is in ``console/test_deeds``; here nothing may be left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import delete, func, select
from starlette.routing import Mount

import tests.console.conftest as office
from compliance.models import Level
from console.deeds import DEEDS
from console.models import StaffAct, What
from conversations.models import Conversation, Message, Owner, Ticket
from conversations.tickets import open_ticket
from ledger.holds import HoldReason, place_hold
from ledger.models import Approval, Hold, Plan, Settlement, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.receipts import receive
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.ids import ConversationId
from tests.attacks.conftest import every_route
from tests.console.conftest import Browser, Debtors, Hands
from tests.console.test_deeds import Account, hidden

hands, site, browser, staff, debtors = office.hands, office.site, office.browser, office.staff, office.debtors
ana, ben, mia, quick_hashes = office.ana, office.ben, office.mia, office.quick_hashes
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in")}
"""What a visitor may ask for."""
ON = {
    **dict.fromkeys(("write-off", "adjust", "settle", "refund-overpayment", "stage", "age", "place-hold"), "debt"),
    **dict.fromkeys(("change-plan", "pause-plan", "resume-plan", "catch-up", "cancel-plan"), "plan"),
    **dict.fromkeys(("lift-hold", "end-moratorium"), "hold"), **dict.fromkeys(("refund", "reverse"), "payment"),
    **dict.fromkeys(("budget", "support", "moratorium"), "the account"),
}
"""What each deed is done on. One that is not here fails the tests."""


@dataclass
class Office:
    """A desk with one of everything: Mia, the manager, holds the conversation."""

    db: Database
    account: Account
    other: Account
    conversation: ConversationId
    ticket: str
    approval: int
    payment: int
    plan: int
    hold: int

    def address(self, path: str, deed: str = "pause-plan") -> str:
        """An address with ids that there are."""
        target = {"debt": self.account.debt.id, "plan": self.plan, "hold": self.hold, "payment": self.payment,
                  "the account": 0}[ON[deed]]
        return path.format(conversation_id=self.conversation, number=self.ticket, debtor_id=self.account.debtor.id,
                           name=deed, target=target, approval_id=self.approval)

    def state(self) -> list[object]:
        """All that a form could change."""
        with self.db.read() as session:
            counted = [session.scalar(select(func.count()).select_from(table))
                       for table in (Txn, Message, Settlement, Approval)]
            return [*counted, *(tuple(row) for query in (
                select(Conversation.owner, Conversation.staff_id), select(Ticket.state), select(Approval.status),
                select(Hold.lifted_at), select(Plan.status, Plan.version)) for row in session.execute(query))]

    def refusals(self) -> list[tuple[int, str]]:
        """Who was refused what, as the log has it."""
        with self.db.read() as session:
            return [(act.staff_id, act.detail or "") for act in session.scalars(
                select(StaffAct).where(StaffAct.what == What.REFUSED).order_by(StaffAct.id))]


@pytest.fixture
def desk(db: Database, debtors: Debtors, hands: Hands, ana: Browser, mia: Browser) -> Office:
    account, other = (Account(db, debtors.debtor(ref, name=name), hands)
                      for ref, name in (("NG-4471", "Maya Patel"), ("NG-9000", "Omar Reed")))
    talk = debtors.conversation()
    debtors.verify(talk, account.debtor, level=Level.VERIFIED)
    debtors.says(talk, "NG-4471", masked="[reference]", factors={"references": ["NG-4471"]})
    with db.write() as session:
        ticket = open_ticket(session, key="t", conversation_id=talk, debtor_id=account.debtor.id, kind="complaint",
                             urgent=True, summary="Unhappy", now=hands.now).number
        hold = place_hold(session, key="h", debtor_id=account.debtor.id, debt_id=None, reason=HoldReason.FRAUD,
                          now=hands.now, until=None, actor="bot", cause="t").id
        plan = agree_plan(session, key="plan", debtor_id=other.debtor.id, debt_ids=[other.debt.id], actor="debtor",
                          offer=Offer(Money(31_200, "GBP"), Money(5_000, "GBP"), MONTHLY,
                                      hands.now.date() + timedelta(days=1)), now=hands.now).id
        payment = receive(session, key="p", split={account.debt.id: Money(1_000, "GBP")}, actor="test", cause="t",
                          effective_on=hands.now.date(), posted_at=hands.now).id
    checked = account.check(ana, "write-off", account.debt.id, reason="hardship", why="letter")
    assert account.do(ana, "write-off", account.debt.id, checked, "ask").status_code == 303
    assert mia.post(f"/conversations/{talk}/take", seen_version=0).status_code == 303
    with db.read() as session:
        approval = session.scalars(select(Approval.id)).one()
    return Office(db, account, other, talk, ticket, approval, payment, plan, hold)


def routes(site: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of the console."""
    (mounted,) = [route.app for route in site.routes if isinstance(route, Mount) and route.path == "/console"]
    assert isinstance(mounted, FastAPI)
    found = [(method, route.path) for route in every_route(mounted) if isinstance(route, APIRoute)
             for method in sorted(route.methods)]
    assert len(found) > 20
    return found


def test_a_visitor_reaches_nothing(site: FastAPI, browser: Callable[[], Browser], desk: Office) -> None:
    stranger, before = browser(), desk.state()
    with desk.db.read() as session:
        acts = session.scalar(select(func.count()).select_from(StaffAct))
    closed = [route for route in routes(site) if route not in OPEN]
    for cookie in (None, "A" * 43):
        if cookie is not None:
            stranger.client.cookies.set("desk-session", cookie, domain="127.0.0.1", path="/")
        for method, path in closed:
            for deed in DEEDS if "{name}" in path else ("pause-plan",):
                for form in ({"csrf": ""}, {"csrf": "x" * 43, "step": "do", "once": "1"}):
                    answer = stranger.client.request(method, f"/console{desk.address(path, deed)}", data=form,
                                                     follow_redirects=False)
                    assert answer.status_code == 303, (method, path)
                    assert answer.headers["location"].startswith("/console/sign-in"), (method, path)
                    assert answer.text == ""
                    htmx = stranger.client.request(method, f"/console{desk.address(path, deed)}", data=form,
                                                   headers={"HX-Request": "true"}, follow_redirects=False)
                    assert (htmx.status_code, htmx.text) == (401, ""), (method, path)
    assert desk.state() == before
    with desk.db.read() as session:
        assert session.scalar(select(func.count()).select_from(StaffAct)) == acts


def test_no_form_is_taken_without_its_token(site: FastAPI, desk: Office, mia: Browser) -> None:
    forms, before = [path for method, path in routes(site) if method == "POST" and path != "/sign-in"], desk.state()
    for number, path in enumerate(forms):
        for csrf in ("", "x" * 43):
            assert mia.post(desk.address(path), csrf=csrf, step="do", words="hi", done="x").status_code == 403, path
        assert len(desk.refusals()) == 2 * (number + 1), path
    assert desk.state() == before
    assert mia.get("/conversations").status_code == 200, "and she is still signed in"


def _deed_of_another(desk: Office, ana: Browser) -> Any:
    """Each deed on what is not this debtor's; what needs a role is in the tests of the deeds."""
    of_the_other = {"debt": desk.other.debt.id, "plan": desk.plan}
    of_this = {"hold": desk.hold, "payment": desk.payment}
    answer = None
    for number, deed in enumerate(sorted(name for name in DEEDS if ON[name] != "the account")):
        whose = desk.account if ON[deed] in of_the_other else desk.other
        target = (of_the_other | of_this)[ON[deed]]
        filled = {"why": "because", "amount": "1", "reason": "hardship", "bucket": "fees", "way": "lower", "seen": "1",
                  "until": "2026-12-30", "rhythm": "monthly", "first_on": "2026-12-30", "payments": "1"}
        for step in ("check", "ask", "do"):
            answer = ana.post(f"{whose.path}/{deed}/{target}", step=step, once=f"{deed}{step}", **filled)
            assert answer.status_code == 409, (deed, step)
        assert ana.get(f"{whose.path}/{deed}/{target}").status_code == 409
        assert len(desk.refusals()) == 3 * (number + 1), deed
    return answer


def _refund(desk: Office, ana: Browser) -> Any:
    for deed, filled in (("refund", {"amount": "5", "why": "x"}), ("reverse", {"why": "x"}),
                         ("lift-hold", {"why": "x"}), ("write-off", {"reason": "hardship", "why": "x"})):
        address = desk.address("/debtors/{debtor_id}/{name}/{target}", deed)
        form = hidden(ana.get(address).text)
        answer = ana.post(address, step="do", **(form | filled))
        assert answer.status_code == 409, deed
    return answer


Tried = Callable[[Office, Browser], Any]
WITHOUT_RIGHT: Mapping[str, tuple[Tried, ...]] = {
    "/conversations/{conversation_id}/take": (
        lambda desk, ana: ana.post(f"/conversations/{desk.conversation}/take", seen_version=1),),
    "/conversations/{conversation_id}/hand-back": (
        lambda desk, ana: ana.post(f"/conversations/{desk.conversation}/hand-back", seen_version=1),),
    "/conversations/{conversation_id}/reply": (
        lambda desk, ana: ana.post(f"/conversations/{desk.conversation}/reply", words="pay now", once="1"),),
    "/conversations/{conversation_id}/show": (
        lambda desk, ana: ana.post(f"/conversations/{desk.conversation}/show", message="1", reason=""),
        lambda desk, ana: ana.post(f"/conversations/{desk.conversation}/show", message="1", reason="I am curious")),
    "/tickets/{number}/close": (lambda desk, ana: ana.post(f"/tickets/{desk.ticket}/close", done=""),),
    "/debtors/{debtor_id}/{name}/{target}": (_refund, _deed_of_another),
    "/approvals/{approval_id}": (
        lambda desk, ana: ana.post(f"/approvals/{desk.approval}", step="yes"),
        lambda desk, ana: ana.post(f"/approvals/{desk.approval}", step="no")),
}
"""By each form, what an agent has no right to. A form that is not here fails the test below."""
FOR_EVERYBODY = {"/sign-in", "/sign-out"}


def test_every_form_of_the_console_is_tried(site: FastAPI) -> None:
    assert {path for method, path in routes(site) if method == "POST"} == set(WITHOUT_RIGHT) | FOR_EVERYBODY
    assert {method for method, _path in routes(site)} == {"GET", "POST"}


@pytest.mark.parametrize("path", WITHOUT_RIGHT)
def test_without_the_right_nothing_happens_and_it_is_logged(desk: Office, ana: Browser, path: str) -> None:
    before = desk.state()
    for tried in WITHOUT_RIGHT[path]:
        with desk.db.write() as session:
            session.execute(delete(StaffAct).where(StaffAct.what == What.REFUSED))
        answer = tried(desk, ana)
        assert answer.status_code == 409
        refused = desk.refusals()
        assert refused
        assert {staff_id for staff_id, _ in refused} == {1}
        assert all(detail for _, detail in refused)
        assert desk.state() == before


def test_the_log_itself_is_for_managers(desk: Office, ana: Browser, mia: Browser) -> None:
    assert ana.get("/activity").status_code == 403
    assert desk.refusals() == [(1, "The activity log")]
    assert "Was refused" in mia.get("/activity").text


def test_a_message_of_another_conversation_is_not_shown(desk: Office, debtors: Debtors, mia: Browser) -> None:
    other = debtors.conversation()
    debtors.says(other, "1 January 1970", masked="[date_of_birth]", factors={"dates_of_birth": ["1970-01-01"]})
    with desk.db.read() as session:
        hers = session.scalars(select(Message.id).where(Message.conversation_id == other)).one()
    for message in (hers, 987_654):
        answer = mia.post(f"/conversations/{desk.conversation}/show", message=message, reason="Quality check")
        assert answer.status_code == 404
        assert "1970" not in answer.text
    with desk.db.read() as session:
        assert not session.scalars(select(StaffAct).where(StaffAct.what == What.SHOWED)).all()
        assert session.get_one(Conversation, desk.conversation).owner == Owner.STAFF
