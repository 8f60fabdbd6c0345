"""Whoever is verified gets nothing by another's ids: the answer is that to an id there is not, and nothing happens."""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

import tests.payments.conftest as paying
from actions.registry import ACTIONS
from actions.running import run
from bot.app import create_app
from compliance.models import Level, Verification
from compliance.placing import dispute
from conversations.models import Button, Message, Ticket, Turn, TurnState
from conversations.open import ask, open_conversation
from conversations.say import Choice, Say, say
from conversations.turns import Heard, receive
from ledger.models import Creditor, DebtBalance, Hold, Plan, Promise
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import open_debt
from ledger.plans import agree_plan
from ledger.schedule import MONTHLY
from payments.links import make_pay_link
from payments.models import PayLink
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, DebtId, DebtorId, new_token, token_hash
from tests.attacks.conftest import FACTORS, Visitor, every_route, personal_link
from tests.compliance.conftest import Household

configure, paid_in_test = paying.configure, paying.test_mode
HERS = ("Jane", "Northern Gas", "NG-0001", "PC-0002", "100.00", "200.00")
"""What nobody but Jane may read."""
HIS = "John Doe 2/1/1950 M1 1AE DD-2001"


@dataclass
class Pair:
    """John, who looks for what is Jane's, and Jane. ``ids`` are hers, of every kind."""

    client: httpx.Client
    db: Database
    now: datetime
    john: Visitor
    jane: Visitor
    ids: dict[str, str]
    buttons: list[str]
    pay: str

    def bearing(self, token: str, method: str, path: str, **more: Any) -> httpx.Response:
        """A call by whoever holds ``token``."""
        return self.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)

    def refused_alike(self, method: str, path: str, **more: Any) -> None:
        """Each of her ids, as a token, opens as much as one that there is not: nothing."""
        nobody = self.bearing(new_token(), method, path, **more)
        assert nobody.status_code == 401
        for kind, theirs in self.ids.items():
            alike(self.bearing(theirs, method, path, **more), nobody, kind)


def alike(answer: httpx.Response, nobody: httpx.Response, kind: str) -> None:
    """The same answer, to the letter."""
    assert answer.status_code == nobody.status_code, kind
    assert answer.text == nobody.text, kind
    assert {**answer.headers, "date": ""} == {**nobody.headers, "date": ""}, kind


def silent(text: str) -> None:
    """Nothing of hers is said."""
    assert [word for word in HERS if word in text] == []


def books(db: Database, debtor_id: DebtorId, debts: Iterable[DebtId]) -> list[object]:
    """All that another could change for her."""
    with db.read() as session:
        rows = [*session.execute(select(DebtBalance.debt_id, DebtBalance.principal, DebtBalance.version)
                                 .where(DebtBalance.debt_id.in_(debts)).order_by(DebtBalance.debt_id))]
        for table, columns in ((Plan, (Plan.id, Plan.status, Plan.version)), (Hold, (Hold.id, Hold.lifted_at)),
                               (Ticket, (Ticket.id, Ticket.state)), (PayLink, (PayLink.id,)),
                               (Promise, (Promise.id, Promise.status))):
            rows += session.execute(select(*columns).where(table.debtor_id == debtor_id).order_by(columns[0]))
        return [tuple(row) for row in rows]


@pytest.fixture
def offer(now: datetime) -> Offer:
    """Jane's plan, as it was offered."""
    return Offer(Money(10_000, "GBP"), Money(2_500, "GBP"), MONTHLY, now.date() + timedelta(days=7))


@pytest.fixture
def owing(db: Database, home: Household, now: datetime, offer: Offer) -> Household:
    """Both Johns owe something as well; Jane has a plan."""
    with db.write() as session:
        water = Creditor(ref="WATER", name="Town Water", country="GB", currency="GBP", policy="uk-standard")
        session.add(water)
        session.flush()
        none = Money(0, "GBP")
        for debtor_id, ref in ((home.father, "TW-0009"), (home.son, "TW-0010")):
            open_debt(session, key=f"open:{ref}", ref=ref, debtor_id=debtor_id, creditor_id=water.id, kind="energy",
                      opened_on=date(2025, 6, 1), principal=Money(4_321, "GBP"), interest=none, fees=none, costs=none,
                      effective_on=now.date(), now=now, actor="test")
        agree_plan(session, key="plan", debtor_id=home.jane, debt_ids=[home.gas], offer=offer, actor="debtor", now=now)
    return home


@pytest.fixture
def pair(paid_in_test: None, client: httpx.Client, db: Database, owing: Household, now: datetime, offer: Offer) -> Pair:
    """Both, each in a session of their own, and what Jane was shown in hers."""
    token = personal_link(db, now)
    jane = Visitor(client, db, link=token)
    jane.type("what do i owe")
    with db.write() as session:
        say(session, conversation_id=jane.id, now=now, text=Say("hello_name", {"name": "Jane"}, [
            Choice("yes_set_up", "confirm_plan", {"offer": offer.json(), "debts": [owing.parcel]}, binding=True),
            Choice("yes_end", "confirm_cancel_plan", {"plan": 1, "version": 1}, {"creditor": "Northern Gas"},
                   binding=True)]))
        link = make_pay_link(session, key="hers", debtor_id=owing.jane, conversation_id=jane.id,
                             amount=Money(5_000, "GBP"), split={owing.parcel: Money(5_000, "GBP")}, now=now)
        pay, reference, number = link.token, link.reference, str(link.id)
    with db.read() as session:
        buttons = list(session.scalars(select(Button.id).where(Button.conversation_id == jane.id)))
        message = str(session.scalars(select(Message.id).where(Message.conversation_id == jane.id)).first())
    bearer = jane.headers["Authorization"].removeprefix("Bearer ")
    ids = {"conversation": jane.id, "hash of the token": token_hash(bearer), "pay token": pay,
           "reference of a payment": reference, "number of a payment": number, "personal link": token,
           "button": buttons[0], "message": message, "debtor": str(owing.jane), "reference": "DD-1042",
           "plan": "P-1001", "hash of the pay token": token_hash(pay), "token cut": bearer[:-1],
           "token in other case": bearer.swapcase()}
    john = Visitor(client, db, link=personal_link(db, now, reference="DD-2001"))
    assert "43.21" in john.type("what do i owe")[-1].text
    assert "200.00" in jane.history().text
    return Pair(client, db, now, john, jane, ids, buttons, pay)


def begin(two: Pair) -> None:
    """An id that is no personal link begins a conversation in which nobody is known."""
    for kind, theirs in two.ids.items():
        if kind == "personal link" or len(theirs) > 64:
            continue
        here = Visitor(two.client, two.db, link=theirs)
        assert [m.say for m in here.messages()] == ["greeting_dead_link"], kind
        assert [m.say for m in here.type("what do i owe")] == ["identity_ask"], kind
        silent(here.history().text)


def end(two: Pair) -> None:
    """Her session is not ended."""
    two.refused_alike("DELETE", "/api/chat/session")
    assert two.jane.history().status_code == 200


def send(two: Pair) -> None:
    """Her buttons are none of his, her messages' ids are as good as any."""
    before, hers = len(two.jane.turns()), two.jane.messages()
    nobody = two.john.post(button="A" * 16)
    assert (nobody.status_code, nobody.json()["detail"]["code"]) == (422, "unknown_button")
    for button in two.buttons:
        alike(two.john.post(button=button), nobody, button)
    sent = next(m.client_id for m in hers if m.client_id)
    assert two.john.post(id=sent, text="what do i owe").status_code == 202
    assert "43.21" in two.john.answer_to(sent)[-1].text
    for body in ({"conversation_id": two.jane.id}, {"debtor_id": two.ids["debtor"]}, {"choice": {"plan": 1}}):
        wanted = str(uuid.uuid4())
        assert two.john.post(id=wanted, text="what do i owe", **body).status_code == 202
        two.john.answer_to(wanted)
    for title in {title["title"] for m in hers for title in m.buttons} | set(two.ids.values()):
        two.john.type(title)
    shown = two.john.history().json()["messages"]
    silent(json.dumps([m for m in shown if m["author"] != "debtor"]))
    two.refused_alike("POST", "/api/chat/messages", json={"id": str(uuid.uuid4()), "text": "hello"})
    assert len(two.jane.turns()) == before
    with two.db.read() as session:
        assert not session.scalars(select(Button.id).where(
            Button.conversation_id == two.jane.id, Button.consumed_by.is_not(None))).all()


def history(two: Pair) -> None:
    """He reads what is his, whatever he asks for beside it."""
    own = two.john.history().text
    for name in ("conversation_id", "id", "token", "debtor_id", "after"):
        for theirs in two.ids.values():
            got = two.client.get("/api/chat/history", params={name: theirs}, headers={
                **two.john.headers, "X-Conversation-Id": two.jane.id, "Cookie": f"token={theirs}"})
            assert got.text == own
    silent(own)
    two.refused_alike("GET", "/api/chat/history")


def events(two: Pair) -> None:
    """The cursor of her events is a number among his."""
    newest = max(m.event_id for m in two.jane.messages())
    own = [m.event_id for m in two.john.messages()]
    for after in (0, 1, newest - 1):
        left = [number for number in own if number > after]
        with two.john.events(**{"Last-Event-ID": str(after)}) as told:
            got = [next(told) for _ in left]
        assert [m["id"] for m in got] == left
        silent(json.dumps(got))
    two.refused_alike("GET", f"/api/chat/events?conversation_id={two.jane.id}")


def nonce(two: Pair) -> None:
    """No nonce for a session that is not his."""
    two.refused_alike("POST", "/api/chat/session/nonce")


def renew(two: Pair) -> None:
    """Her nonce renews nothing of his, nor his key anything of hers; and she goes on afterwards."""
    jane, john = Visitor(two.client, two.db), Visitor(two.client, two.db)
    jane.type(FACTORS)
    john.type(HIS)
    hers = jane.nonce().json()["nonce"]
    answers = []
    for token, body in ((john, john.key.renewal(john.id, new_token())), (john, john.key.renewal(john.id, hers)),
                        (john, john.key.renewal(jane.id, hers)), (john, jane.key.renewal(jane.id, hers))):
        assert john.nonce().status_code == 201
        answers.append(two.client.post("/api/chat/session/renew", headers=token.headers, json=body))
    for answer in answers:
        assert answer.status_code == 401
        alike(answer, answers[0], "nonce")
    two.refused_alike("POST", "/api/chat/session/renew", json=john.key.renewal(john.id, hers))
    assert two.client.post("/api/chat/session/renew", headers=jane.headers,
                           json=jane.key.renewal(jane.id, hers)).status_code == 201


def pay_page(method: str, tail: str = "") -> Callable[[Pair], None]:
    """A payment's page opens by its whole token and by nothing else of hers."""
    def tried(two: Pair) -> None:
        nobody = two.client.request(method, f"/pay/{new_token()}{tail}")
        assert nobody.status_code == 404
        others = {kind: theirs for kind, theirs in two.ids.items() if kind != "pay token"}
        for kind, theirs in {**others, "cut": two.pay[:-1], "longer": f"{two.pay}A",
                             "other case": two.pay.swapcase()}.items():
            alike(two.client.request(method, f"/pay/{theirs}{tail}", headers=two.john.headers), nobody, kind)
    return tried


def webhook(two: Pair) -> None:
    """Who cannot sign learns nothing of which payments there are."""
    answers = [two.client.post("/webhooks/stripe", headers={"Stripe-Signature": f"t=1,v1={'0' * 64}"}, json={
        "id": f"evt_{theirs}", "object": "event", "type": "checkout.session.completed", "livemode": False,
        "data": {"object": {"id": theirs, "client_reference_id": theirs}}}) for theirs in ("none", *two.ids.values())]
    for answer in answers:
        assert answer.status_code == 400
        alike(answer, answers[0], "webhook")


def watching(path: str) -> Callable[[Pair], None]:
    """What machines ask for names nobody."""
    def tried(two: Pair) -> None:
        got = two.client.get(path, headers=two.john.headers).text
        silent(got)
        assert not [kind for kind, theirs in two.ids.items() if len(theirs) > 7 and theirs in got]
    return tried


TRIES: Mapping[tuple[str, str], Callable[[Pair], None]] = {
    ("POST", "/api/chat/session"): begin, ("DELETE", "/api/chat/session"): end, ("POST", "/api/chat/messages"): send,
    ("GET", "/api/chat/history"): history, ("GET", "/api/chat/events"): events,
    ("POST", "/api/chat/session/nonce"): nonce, ("POST", "/api/chat/session/renew"): renew,
    ("GET", "/pay/{token}"): pay_page("GET"), ("POST", "/pay/{token}"): pay_page("POST"),
    ("GET", "/pay/{token}/done"): pay_page("GET", "/done"), ("POST", "/webhooks/stripe"): webhook,
    ("GET", "/healthz"): watching("/healthz"), ("GET", "/readyz"): watching("/readyz"),
    ("GET", "/metrics"): watching("/metrics"),
}
"""What is tried at every call of the API. A call that is not here fails the test below: say what is tried at it."""
WITHOUT_IDS = {"/", "/chat", "/widget.js", "/static/{room}/{name}", "/openapi.json", "/console"}
"""What the document does not name: the same for everybody. The console is tried in ``test_console_rights``."""


def test_every_call_of_the_api_is_tried(client: httpx.Client, db: Database) -> None:
    described = client.get("/openapi.json").json()["paths"]
    assert set(TRIES) == {(method.upper(), path) for path, calls in described.items() for method in calls}
    assert {str(getattr(route, "path", "")) for route in every_route(create_app(db))} - set(described) == WITHOUT_IDS


@pytest.mark.parametrize("call", TRIES, ids=" ".join)
def test_another_s_ids_get_nothing(pair: Pair, owing: Household, call: tuple[str, str]) -> None:
    before = books(pair.db, owing.jane, (owing.gas, owing.parcel))
    TRIES[call](pair)
    assert books(pair.db, owing.jane, (owing.gas, owing.parcel)) == before
    silent(json.dumps([m for m in pair.john.history().json().get("messages", []) if m["author"] != "debtor"]))


FIRST = ("action_balance", "action_debt_details", "action_plan", "action_plan_answer", "action_confirm_plan",
         "action_cancel_plan", "action_confirm_cancel_plan", "action_pay_debt", "action_pay", "action_promise",
         "action_missed_payment", "action_settlement")
"""Actions that read ids; after them those that put an account on hold."""


def numberless(says: list[dict[str, Any]]) -> list[str]:
    """What was said, without the numbers and tokens that are new each time."""
    return [re.sub(r"/pay/[\w-]+|\d+", "#", json.dumps([one["say"], one["values"]], sort_keys=True)) for one in says]


@pytest.mark.usefixtures("paid_in_test")
@pytest.mark.parametrize("question", [None, "pay_amount", "plan_offer", "plan_confirm", "dispute_which"])
def test_no_action_takes_another_s_debt_plan_or_offer(
        db: Database, owing: Household, now: datetime, offer: Offer, question: str | None) -> None:
    """Two men who owe the same: one is given ids of hers, the other ids that there are not."""
    with db.write() as session:
        hers = ConversationId(open_conversation(session, channel="web", now=now).id)
        dispute(session, key="hers", conversation_id=hers, debtor_id=owing.jane, debt_id=owing.parcel, now=now,
                today=now.date())
    before = books(db, owing.jane, (owing.gas, owing.parcel))

    def did(action: str, debtor: DebtorId, debt: int, plan: int) -> list[str]:
        kept = {"debt": debt, "debts": [debt], "plan": plan, "version": 1, "offer": offer.json(), "amount": 1_000,
                "hold": "hardship", "then": "action_balance"}
        with db.write() as session:
            talk = ConversationId(open_conversation(session, channel="web", now=now).id)
            session.add(Verification(conversation_id=talk, debtor_id=debtor, level=Level.VERIFIED, method="factors",
                                     verified_at=now, last_used_at=now))
            if question:
                ask(session, conversation_id=talk, name=question, data=kept)
            turn, _ = receive(session, conversation_id=talk, provider_id=f"test:{talk}", now=now, heard=Heard(
                raw="yes", shown="yes", masked="yes", terms={}, factors={}, choice=None if question else kept))
            turn.state = TurnState.HANDLING
            number = turn.id
        says = run(db, Clock(source=lambda: now), action=action, turn_id=number)
        with db.write() as session:
            session.get_one(Turn, number).state = TurnState.DONE
        silent(json.dumps(says))
        return numberless(says)

    assert set(FIRST) <= set(ACTIONS)
    for action in (*FIRST, *sorted(set(ACTIONS) - set(FIRST))):
        said = did(action, owing.father, int(owing.gas), 1)
        assert said == did(action, owing.son, 987_654, 987_654), action
        assert books(db, owing.jane, (owing.gas, owing.parcel)) == before, action
