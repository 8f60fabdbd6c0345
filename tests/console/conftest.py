"""The console mounted as the gateway mounts it, staff, and a debtor's conversation."""

import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from compliance.models import Level, Verification
from console.app import console
from console.models import Role, StaffAccount
from console.staff import add_staff
from conversations.models import Conversation, Turn
from conversations.open import open_conversation
from conversations.turns import Heard, receive
from ledger.models import Creditor, Debt, DebtBalance, Debtor
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId

with warnings.catch_warnings():  # it asks for another HTTP client than the one the application uses
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PASSWORD = "correct horse battery"


class Hands:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def on(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


class Browser:
    """One browser of a member of staff."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/console{path}", headers=headers, follow_redirects=False)

    def refresh(self, path: str, seen: str = "", **headers: str) -> Any:
        separator = "&" if "?" in path else "?"
        return self.get(f"{path}{separator}seen={seen}", **{"HX-Request": "true"} | headers)

    def token(self, path: str = "/conversations") -> str:
        found = re.search(r'name="csrf" value="([0-9a-zA-Z_-]+)"', self.get(path).text)
        assert found, path
        return found.group(1)

    def post(self, path: str, *, csrf: str | None = None, headers: dict[str, str] | None = None, **data: Any) -> Any:
        data["csrf"] = self.token() if csrf is None else csrf
        return self.client.post(f"/console{path}", data=data, headers=headers or {}, follow_redirects=False)

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> Any:
        return self.post("/sign-in", csrf=self.token("/sign-in"), email=email, password=password, **more)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as they are made in earnest take a tenth of a second each."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("console.staff._hasher", quick)
    monkeypatch.setattr("console.staff._nobody", lambda: quick.hash("nobody"))


@pytest.fixture
def hands(now: datetime) -> Hands:
    return Hands(now)


@pytest.fixture
def site(db: Database, hands: Hands) -> FastAPI:
    app = FastAPI()
    app.mount("/console", console(db, Clock(source=lambda: hands.now)))
    return app


@pytest.fixture
def browser(site: FastAPI) -> Iterator[Callable[[], Browser]]:
    opened: list[Any] = []

    def make() -> Browser:
        client = TestClient(site, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
        opened.append(client)
        return Browser(client)
    yield make
    for client in opened:
        client.close()


@pytest.fixture
def staff(db: Database, now: datetime) -> dict[str, StaffAccount]:
    people = {"ana": Role.AGENT, "ben": Role.AGENT, "mia": Role.MANAGER}
    with db.write() as session:
        return {name: add_staff(session, name=name.title(), email=f"{name}@desk.example", password=PASSWORD, role=role,
                                now=now) for name, role in people.items()}


@pytest.fixture
def ana(browser: Callable[[], Browser], staff: dict[str, StaffAccount]) -> Browser:
    signed = browser()
    assert signed.sign_in("ana@desk.example").status_code == 303
    return signed


@pytest.fixture
def ben(browser: Callable[[], Browser], staff: dict[str, StaffAccount]) -> Browser:
    signed = browser()
    assert signed.sign_in("ben@desk.example").status_code == 303
    return signed


@pytest.fixture
def mia(browser: Callable[[], Browser], staff: dict[str, StaffAccount]) -> Browser:
    signed = browser()
    assert signed.sign_in("mia@desk.example").status_code == 303
    return signed


class Debtors:
    """Makes conversations and what is said in them."""

    def __init__(self, db: Database, hands: Hands) -> None:
        self._db = db
        self._hands = hands
        self._said = 0

    def conversation(self, channel: str = "web") -> ConversationId:
        with self._db.write() as session:
            return ConversationId(open_conversation(session, channel=channel, now=self._hands.now,
                                                    address=f"address-{self._hands.now}").id)

    def says(self, conversation_id: ConversationId, words: str, *, masked: str | None = None,
             factors: dict[str, Any] | None = None) -> Turn:
        self._said += 1
        heard = Heard(raw=words, shown=words, masked=masked if masked is not None else words, terms={},
                      factors=factors or {})
        with self._db.write() as session:
            turn, _ = receive(session, conversation_id=conversation_id, provider_id=f"web:{self._said}", heard=heard,
                              now=self._hands.now)
            return turn

    def debtor(self, ref: str = "NG-4471", *, name: str = "Maya Patel", owed: int = 31200) -> Debtor:
        first, _, last = name.partition(" ")
        with self._db.write() as session:
            creditor = Creditor(ref=f"C-{ref}", name="Northern Gas", country="GB", currency="GBP", policy="uk-standard",
                                own_collector=False)
            debtor = Debtor(ref=ref, first_name=first, last_name=last, date_of_birth="1990-04-12", postcode="LS1 4AB",
                            country="GB", timezone="Europe/London", vulnerable=False, created_at=self._hands.now)
            session.add_all([creditor, debtor])
            session.flush()
            debt = Debt(ref=f"D-{ref}", debtor_id=debtor.id, creditor_id=creditor.id, currency="GBP", kind="energy",
                        description="Gas and electricity", opened_on=date(2025, 6, 1), time_barred=False)
            session.add(debt)
            session.flush()
            session.add(DebtBalance(debt_id=debt.id, principal=owed, interest=0, fees=0, costs=0, overpayment=0,
                                    version=1))
            return debtor

    def verify(self, conversation_id: ConversationId, debtor: Debtor, *, level: Level = Level.VERIFIED) -> None:
        with self._db.write() as session:
            session.add(Verification(conversation_id=conversation_id, debtor_id=debtor.id, level=level,
                                     method="factors", verified_at=self._hands.now, last_used_at=self._hands.now))

    def stored(self, conversation_id: ConversationId) -> Conversation:
        with self._db.read() as session:
            return session.get_one(Conversation, conversation_id)


@pytest.fixture
def debtors(db: Database, hands: Hands) -> Debtors:
    return Debtors(db, hands)
