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

from compliance.links import make_link
from conversations.models import Conversation, Message, Turn, TurnState
from ledger.models import Creditor, Debtor
from ledger.money import Money
from ledger.opening import open_debt
from runtime.ids import DebtorId
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
    def words(self) -> dict[str, str]:
        """What ``{ref}``, ``{dob}`` … stand for in a scenario's lines."""
        return {"ref": self.ref, "dob": self.date_of_birth.strftime("%d/%m/%Y"), "postcode": self.postcode,
                "last_name": self.last_name, "us_dob": self.date_of_birth.strftime("%m/%d/%Y")}


def make_person(desk: Desk, given: dict[str, Any]) -> Person:
    """Somebody new in the ledger, by the ``given`` of a scenario: names, country, and debts with their amounts."""
    number = next(_numbers)
    country = str(given.get("country", "GB"))
    person = Debtor(
        ref=f"EE-{7000 + number}", first_name=given.get("first_name", "Robin"),
        last_name=given.get("last_name", "Tester"), date_of_birth="1984-05-17",
        postcode=given.get("postcode", "LS1 4AB" if country == "GB" else "78701"), country=country,
        region=given.get("region"), timezone="Europe/London" if country == "GB" else "America/Chicago",
        language=given.get("language"), email=None, phone=None, vulnerable=False, created_at=desk.now)
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
                opened_on=date.today() - timedelta(days=200), effective_on=date.today() - timedelta(days=30),
                principal=Money.from_decimal(Decimal(str(debt["amount"])), creditor.currency), now=desk.now,
                actor="test")
            debts[ref] = int(made.id)
    return Person(DebtorId(person.id), person.ref, date(1984, 5, 17), str(person.postcode), person.last_name, debts)


class Chat:
    """One conversation as its debtor's browser sees it."""

    def __init__(self, desk: Desk, *, link: str | None = None, locale: str = "en-GB") -> None:
        self.desk = desk
        reply = desk.client.post("/api/chat/session", json={"locale": locale, **({"link": link} if link else {})})
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

    def press(self, title: str) -> list[Message]:
        """Press the newest button whose title begins so; returns what the desk answered."""
        shown = [b for m in self.messages() for b in m.buttons]
        found = [b for b in shown if b["title"].startswith(title)]
        assert found, f"no button {title!r}; there are {[b['title'] for b in shown]}"
        return self._send({"button": found[-1]["id"]})

    def send(self, body: dict[str, Any]) -> httpx.Response:
        """Post a message as it stands."""
        return self.desk.client.post("/api/chat/messages", json=body, headers=self.headers)

    def _send(self, body: dict[str, Any]) -> list[Message]:
        wanted = str(uuid.uuid4())
        reply = self.send({"id": wanted, **body})
        assert reply.status_code == 202, reply.text
        self.last = self.answer_to(f"web:{self.conversation_id}:{wanted}")
        return self.last

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

    def wait_for(self, say: str) -> Message:
        """Wait for a message that comes by itself."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := [m for m in self.messages() if m.say == say]:
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
