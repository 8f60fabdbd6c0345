"""Fixtures of the payments tests: test mode, a debtor with debts, and the whole way to a running stand-in."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

import payments.notices
from bot import pay_pages, stripe_webhook
from compliance.standing import Standing
from conversations.models import Conversation
from conversations.say import Say
from ledger.money import Money
from payments import standin_address, stripe_api
from payments.links import make_pay_link
from payments.models import PayLink, Payment
from payments.standin.app import make_app
from payments.standin.sessions import Till
from payments.standin.store import Store
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, DebtId
from runtime.settings import settings
from tests.ledger.portfolio import Portfolio, found_portfolio

CONVERSATION = ConversationId("conversation-of-maya")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets environment variables and has the settings read again."""
    def setting(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        stripe_api._client.cache_clear()

    yield setting
    monkeypatch.undo()
    settings.cache_clear()
    stripe_api._client.cache_clear()


@pytest.fixture
def test_mode(configure: Callable[..., None]) -> None:
    """Test data and the stand-in."""
    configure(DEBTDESK_PAYMENTS="test", STRIPE_API_KEY="", STRIPE_WEBHOOK_SECRET="", DEBTDESK_DEMO="0",
              DEBTDESK_PORT=str(free_port()), DEBTDESK_STRIPE_STANDIN_PORT=str(free_port()))


@dataclass
class Desk:
    """A debtor with two debts and a conversation, and what was said in it."""

    book: Portfolio
    gas: DebtId
    parcel: DebtId
    said: list[Say] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.book.db

    def link(self, key: str = "1:pay", *, gas: int = 5000, parcel: int = 0, now: datetime | None = None) -> PayLink:
        """A pay link over one or both debts, amounts in pence."""
        split = {debt: Money(minor, "GBP") for debt, minor in ((self.gas, gas), (self.parcel, parcel)) if minor}
        with self.db.write() as session:
            return make_pay_link(session, key=key, debtor_id=self.book.debtor_id, conversation_id=CONVERSATION,
                                 amount=Money(gas + parcel, "GBP"), split=split, now=now or self.book.now)

    def owed(self, debt_id: DebtId) -> int:
        """What is owed on a debt, in pence."""
        return self.book.balance(debt_id).owed

    def payments(self) -> list[Payment]:
        """All recorded payments."""
        with self.db.read() as session:
            return list(session.scalars(select(Payment).order_by(Payment.id)))


@pytest.fixture
def desk(db: Database, test_mode: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Maya owes Northern Gas £312.00 and Parcel & Co £174.20; her conversation is verified."""
    present = datetime.now(timezone.utc)
    with db.write() as session:
        debtor_id, gas, parcel = found_portfolio(session, present)
        session.add(Conversation(id=CONVERSATION, channel="web", created_at=present, last_activity_at=present))
    book = Portfolio(db, debtor_id, gas, parcel, present)
    made = Desk(book, book.debt("NG-1", 31200), book.debt("PC-1", 17420, creditor=parcel))

    def who(*_: object, **__: object) -> Standing:
        return Standing(verified=debtor_id, identified=debtor_id)

    def say(_session: object, *, text: Say, **_: object) -> None:
        made.said.append(text)

    monkeypatch.setattr(payments.notices, "who", who)
    monkeypatch.setattr(payments.notices, "say", say)
    return made


class Served:
    """An application served over HTTP by a thread of this process."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error",
                                                    access_log=False, ws="none"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 15
        while not self.server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut down in order."""
        self.server.should_exit = True
        self.thread.join(timeout=15)


def gateway(db: Database) -> FastAPI:
    """The payment routes of the gateway alone."""
    app = FastAPI()
    app.state.database, app.state.clock = db, Clock(db)
    app.include_router(pay_pages.router)
    app.include_router(stripe_webhook.router)
    return app


@dataclass
class Street:
    """The gateway and the stand-in, both running, and a browser without scripts."""

    desk: Desk
    browser: httpx.Client
    till: Till
    site: str
    standin: str

    def hooks(self, **wanted: Any) -> None:
        """Set how the stand-in sends its webhooks."""
        self.browser.post(f"{self.standin}/test/webhooks", json=wanted).raise_for_status()

    def press(self, link: PayLink) -> str:
        """Press the button on our page; gives the address of the stand-in's page."""
        answer = self.browser.post(f"{self.site}/pay/{link.token}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def card(self, page: str, number: str = "4242 4242 4242 4242") -> httpx.Response:
        """Type a card on the stand-in's page."""
        return self.browser.post(page, data={"number": number, "expiry": "12/40", "code": "123"})

    def settled(self, *, payments: int = 1) -> None:
        """Wait until all webhooks have got through."""
        deadline = time.monotonic() + 15
        while self.till.store.undelivered() or len(self.desk.payments()) < payments:
            assert time.monotonic() < deadline, "the webhooks did not get through"
            time.sleep(0.02)


@pytest.fixture
def street(desk: Desk) -> Iterator[Street]:
    """Everything running."""
    given = settings()
    standin = make_app(Store(":memory:"), address=standin_address.url(),
                       webhook_url=f"http://127.0.0.1:{given.port}/webhooks/stripe", api_key=standin_address.API_KEY,
                       webhook_secret=standin_address.webhook_secret(), now=lambda: datetime.now(timezone.utc),
                       pauses=(0.05,))
    served = [Served(gateway(desk.db), given.port), Served(standin, given.stripe_standin_port)]
    with httpx.Client(trust_env=False, timeout=20) as browser:
        yield Street(desk, browser, standin.state.till, given.site, standin_address.url())
    for server in reversed(served):
        server.stop()
