"""A debtor in the tests: somebody of their own in the ledger, and a conversation through the chat API."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.client_key import ClientKey
from compliance.links import make_link
from conversations.models import Conversation, Message, Turn, TurnState
from ledger.holds import HoldReason, place_hold
from ledger.models import Creditor, DebtBalance, Debtor
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import open_debt
from ledger.plans import agree_plan
from ledger.receipts import receive
from ledger.schedule import Frequency
from runtime.ids import DebtId, DebtorId
from tests.end_to_end.conftest import Desk

_numbers = count(1)
FINAL = (TurnState.DONE, TurnState.FAILED, TurnState.DISCARDED)
PATIENCE_SECONDS = 40.0


@dataclass
class Person:
    """Who a scenario is about, with what they would type to say who they are."""

    debtor_id: DebtorId
    ref: str
    date_of_birth: date
    postcode: str
    last_name: str
    debts: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Their own internet address, of the range for documentation: failures lock by address as well."""
        return f"198.51.100.{self.debtor_id % 255}"

    @property
    def words(self) -> dict[str, str]:
        """What ``{ref}``, ``{dob}`` … stand for in a scenario's lines."""
        return {"ref": self.ref, "dob": self.date_of_birth.strftime("%d/%m/%Y"), "postcode": self.postcode,
                "last_name": self.last_name, "us_dob": self.date_of_birth.strftime("%m/%d/%Y")}


def make_person(desk: Desk, given: dict[str, Any]) -> Person:
    """Somebody new in the ledger, by the ``given`` of a scenario: names, country, and debts with their amounts."""
    number = next(_numbers)
    today = desk.now.date()
    country = str(given.get("country", "GB"))
    person = Debtor(
        ref=f"EE-{7000 + number}", first_name=given.get("first_name", "Robin"),
        last_name=given.get("last_name", "Tester"), date_of_birth="1984-05-17",
        postcode=given.get("postcode", "LS1 4AB" if country == "GB" else "78701"), country=country,
        region=given.get("region"), timezone="Europe/London" if country == "GB" else "America/Chicago",
        language=given.get("language"), email=given.get("email"), phone=None, vulnerable=False, created_at=desk.now)
    with desk.database.write() as session:
        session.add(person)
        session.flush()
        debts = {}
        for place, debt in enumerate(given.get("debts", [{"creditor": "DEMO-NG", "amount": "640.00"}])):
            creditor = session.scalar(select(Creditor).where(Creditor.ref == debt["creditor"]))
            assert creditor is not None, f"the demo portfolio has no creditor {debt['creditor']}"
            ref = f"EE-{7000 + number}-{place + 1}"
            made = open_debt(
                session, key=f"test:{ref}", ref=ref, debtor_id=DebtorId(person.id), creditor_id=creditor.id,
                kind=debt.get("kind", "energy"), description=debt.get("description", ""),
                opened_on=today - timedelta(days=200 - place), effective_on=today - timedelta(days=30),
                original_creditor=debt.get("original"), time_barred=debt.get("time_barred"),
                principal=_money(debt["amount"], creditor), interest=_money(debt.get("interest", 0), creditor),
                now=desk.now, actor="test")
            debts[ref] = int(made.id)
            if debt.get("hold"):
                place_hold(session, key=f"test:{ref}:hold", debtor_id=DebtorId(person.id), debt_id=DebtId(int(made.id)),
                           reason=HoldReason(debt["hold"]), now=desk.now, until=None, actor="test", cause="test")
        for step, payment in enumerate(given.get("paid", ())):
            receive(session, key=f"test:{person.ref}:paid:{step}", actor="test", cause="test", posted_at=desk.now,
                    split={DebtId(next(iter(debts.values()))): _money(payment["amount"], creditor)},
                    effective_on=today - timedelta(days=payment["days_ago"]))
        if plan := given.get("plan"):
            _agree(session, DebtorId(person.id), [DebtId(i) for i in debts.values()], plan, creditor, desk)
    return Person(DebtorId(person.id), person.ref, date(1984, 5, 17), str(person.postcode), person.last_name, debts)


def _money(amount: Any, creditor: Creditor) -> Money:
    return Money.from_decimal(Decimal(str(amount)), creditor.currency)


def _agree(session: Session, debtor_id: DebtorId, debts: list[DebtId], given: dict[str, Any], creditor: Creditor,
           desk: Desk) -> None:
    """A plan with its first ``kept`` payments made on their days. ``first``: days from today, so mostly negative."""
    owed = sum(session.get_one(DebtBalance, debt_id).owed for debt_id in debts)
    first = desk.now + timedelta(days=given["first"])
    offer = Offer(Money(owed, creditor.currency), _money(given["instalment"], creditor),
                  Frequency(int(given.get("every", 1)), given.get("unit", "month")), first.date())
    agree_plan(session, key=f"test:{debtor_id}:plan", debtor_id=debtor_id, debt_ids=debts, offer=offer, actor="test",
               now=first - timedelta(days=7))
    for number, due in enumerate(offer.dues[:int(given.get("kept", 0))]):
        receive(session, key=f"test:{debtor_id}:instalment:{number}", split={debts[0]: due.amount},
                effective_on=due.on, posted_at=desk.now, actor="test", cause="test")


class Chat:
    """One conversation as its debtor's browser sees it."""

    def __init__(self, desk: Desk, *, link: str | None = None, locale: str = "en-GB",
                 address: str | None = None) -> None:
        self.desk = desk
        self.key = ClientKey()
        reply = desk.client.post("/api/chat/session", json={"locale": locale, "client_key": self.key.public,
                                                            **({"link": link} if link else {})},
                                 headers={"X-Forwarded-For": address} if address else None)
        assert reply.status_code == 201, reply.text
        self.conversation_id = reply.json()["conversation_id"]
        self.headers = {"Authorization": f"Bearer {reply.json()['token']}"}
        self.last: list[Message] = self.messages()

    def messages(self) -> list[Message]:
        """Every message of the conversation."""
        with self.desk.database.read() as session:
            return list(session.scalars(select(Message).where(Message.conversation_id == self.conversation_id)
                                        .order_by(Message.event_id)))

    def conversation(self) -> Conversation:
        """The conversation's row."""
        with self.desk.database.read() as session:
            return session.get_one(Conversation, self.conversation_id)

    def type(self, text: str) -> list[Message]:
        """Type something; returns what the desk answered."""
        return self._send({"text": text})

    def press(self, title: str, *, oldest: bool = False) -> list[Message]:
        """Press the newest (or oldest) button whose title begins so; returns what the desk answered."""
        shown = [b for m in self.messages() for b in m.buttons]
        found = [b for b in shown if b["title"].startswith(title)]
        assert found, f"no button {title!r}; there are {[b['title'] for b in shown]}"
        return self._send({"button": found[0 if oldest else -1]["id"]})

    def send(self, body: dict[str, Any]) -> httpx.Response:
        """Post a message as it stands."""
        return self.desk.client.post("/api/chat/messages", json=body, headers=self.headers)

    def _send(self, body: dict[str, Any]) -> list[Message]:
        wanted = str(uuid.uuid4())
        if "text" in body:
            body = {**body, "proof": self.key.proof(self.conversation_id, wanted, body["text"])}
        reply = self.send({"id": wanted, **body})
        if reply.status_code == 401:
            self.renew()
            reply = self.send({"id": wanted, **body})
        assert reply.status_code == 202, reply.text
        self.last = self.answer_to(f"web:{self.conversation_id}:{wanted}")
        return self.last

    def renew(self) -> None:
        """A verification has ended the token: prove the key, go on with a new one."""
        asked = self.desk.client.post("/api/chat/session/nonce", headers=self.headers)
        assert asked.status_code == 201, asked.text
        reply = self.desk.client.post("/api/chat/session/renew", headers=self.headers,
                                      json=self.key.renewal(self.conversation_id, asked.json()["nonce"]))
        assert reply.status_code == 201, reply.text
        self.headers = {"Authorization": f"Bearer {reply.json()['token']}"}

    def answer_to(self, provider_id: str) -> list[Message]:
        """Wait until the turn has ended; what the desk said to it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self.desk.database.read() as session:
                turn = session.scalar(select(Turn).where(Turn.provider_id == provider_id))
                if turn is not None and turn.state in FINAL:
                    return list(session.scalars(
                        select(Message).where(Message.turn_id == turn.id, Message.author != "debtor")
                        .order_by(Message.event_id)))
            time.sleep(0.03)
        raise AssertionError(f"no answer within {PATIENCE_SECONDS} s")

    def wait_for(self, say: str, *, besides: int = 0) -> Message:
        """Wait for a message that comes by itself, one more than the ``besides`` that were said already."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = [m for m in self.messages() if m.say == say]
            if len(found) > besides:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"{say!r} was not said; said were {[m.say for m in self.messages()]}")

    def last_turn(self) -> Turn:
        """The newest turn's row."""
        with self.desk.database.read() as session:
            found = session.scalar(select(Turn).where(Turn.conversation_id == self.conversation_id)
                                   .order_by(Turn.id.desc()).limit(1))
            assert found is not None
            return found


def personal_link(desk: Desk, person: Person, *, sent: bool = False) -> str:
    """The token of a personal link: one made by staff, or one we send."""
    with desk.database.write() as session:
        return make_link(session, reference=person.ref, verifies=not sent, created_by="test", now=desk.now)
