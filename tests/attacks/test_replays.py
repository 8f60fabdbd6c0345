"""What was delivered before, or was meant for somebody else: it moves no money and says nothing twice."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

import tests.payments.conftest as paying
from bot.engine import Answer
from compliance.models import Level, Verification
from conversations.models import Conversation, Message, Ticket, Turn
from conversations.say import Choice, Say, say
from conversations.turns import OPEN
from ledger.check import check
from ledger.models import Entry, Plan
from ledger.money import Money
from ledger.offers import Offer
from ledger.schedule import MONTHLY
from payments.links import make_pay_link
from payments.models import Payment, StripeEvent
from payments.standin_address import webhook_secret
from runtime.database import Database
from runtime.ids import ConversationId
from runtime.settings import settings
from tests.attacks.conftest import Actions, Visitor, personal_link
from tests.bot.conftest import FakeEngine, until
from tests.compliance.conftest import Household
from tests.end_to_end.telegram_server import TelegramServer
from tests.payments.stripe_says import event, open_row, paid_session, signed

configure, paid_in_test = paying.configure, paying.test_mode
TOKEN = "123456:" + "A" * 35


class Pressing(Actions):
    """An engine that knows what buttons mean."""

    async def answer(self, conversation: Conversation, turn: Turn) -> Answer:
        """By the button's intent."""
        self.action = {"confirm_plan": "action_confirm_plan", "stale_button": "action_stale_button"}.get(
            turn.forced_intent or "", "action_balance")
        return await super().answer(conversation, turn)


@pytest.fixture
def engine(db: Database, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of the gateway."""
    made = Pressing(db)
    monkeypatch.setattr("bot.app.Engine", lambda: made)
    return made


class Till:
    """Jane's payment of £50.00, and Stripe's deliveries about it."""

    def __init__(self, client: httpx.Client, db: Database, home: Household, now: datetime) -> None:
        self.client, self.db = client, db
        jane = Visitor(client, db, link=personal_link(db, now))
        with db.write() as session:
            link = make_pay_link(session, key="hers", debtor_id=home.jane, conversation_id=jane.id,
                                 amount=Money(5_000, "GBP"), split={home.gas: Money(5_000, "GBP")}, now=now)
            row = open_row(link)
            session.add(row)
            session.flush()
            self.paid = paid_session(row)

    def deliver(self, body: dict[str, Any] | bytes, signature: str | None = None) -> str:
        """One delivery; its outcome, or the status of a refusal."""
        raw, own = signed(body, webhook_secret())
        answer = self.client.post("/webhooks/stripe", content=raw, headers={"Stripe-Signature": signature or own})
        return str(answer.json()["outcome"]) if answer.status_code == 200 else str(answer.status_code)

    def books(self) -> list[Any]:
        """Everything that moved or was said."""
        with self.db.read() as session:
            return [session.execute(select(func.count(), func.sum(Entry.amount)).select_from(Entry)).one(),
                    session.scalars(select(Message.say).order_by(Message.id)).all(),
                    session.scalars(select(Ticket.kind).order_by(Ticket.id)).all(),
                    session.execute(select(Payment.object_key, Payment.status).order_by(Payment.id)).all()]

    def events(self) -> int:
        """How many events are kept."""
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(StripeEvent)) or 0


@pytest.fixture
def till(paid_in_test: None, client: httpx.Client, db: Database, home: Household, now: datetime) -> Till:
    return Till(client, db, home, now)


REFUND = {"id": "re_1", "object": "refund", "amount": 5000, "currency": "gbp", "payment_intent": "pi_1",
          "status": "succeeded"}
DISPUTE = {"id": "du_1", "object": "dispute", "amount": 5000, "currency": "gbp", "payment_intent": "pi_1",
           "reason": "fraudulent", "status": "needs_response", "balance_transactions": [
               {"id": "txn_w", "object": "balance_transaction", "amount": -5000, "currency": "gbp", "fee": 2000}]}


def test_a_payment_that_is_told_again_and_again(till: Till) -> None:
    body = event("checkout.session.completed", till.paid)
    raw, signature = signed(body, webhook_secret())
    assert till.deliver(raw, signature) == "posted"
    after = till.books()
    assert "payment_received" in after[1]
    assert [till.deliver(raw, signature) for _ in range(3)] == ["duplicate"] * 3, "byte for byte"
    _, later = signed(raw, webhook_secret(), timestamp=int(time.time()) + 60)
    assert till.deliver(raw, later) == "duplicate", "signed anew, as Stripe does when it tries again"
    moved = signature.replace("t=", "t=1", 1)
    own_time = f"t={int(time.time())},{signature.partition(',')[2]}"
    _, old = signed(raw, webhook_secret(), timestamp=int(time.time()) - 3600)
    early = signed(raw, webhook_secret(), timestamp=int(time.time()) - 1)[1]
    for forged in (moved, own_time if own_time != signature else "t=1,v1=0", old, "v1=0," + old,
                   early.replace(f"t={early[2:12]}", f"t={int(early[2:12]) + 2}")):
        assert till.deliver(raw, forged) == "400", forged
    for number, kind in enumerate(("checkout.session.completed", "checkout.session.async_payment_succeeded")):
        assert till.deliver(event(kind, till.paid, identifier=f"evt_again{number}")) == "duplicate"
    assert till.books() == after
    assert till.events() == 3


@pytest.mark.parametrize(("spoilt", "outcome"), [
    ({"account": "acct_1Else"}, "other_account"), ({"livemode": True}, "wrong_mode"),
    ({"livemode": True, "account": "acct_1Else"}, "other_account"),
])
@pytest.mark.parametrize("live_object", [False, True])
def test_what_is_of_another_account_or_mode_moves_nothing(
        till: Till, db: Database, spoilt: dict[str, Any], outcome: str, live_object: bool) -> None:
    def told(kind: str, body: dict[str, Any], number: int) -> dict[str, Any]:
        return event(kind, {**body, "livemode": live_object}, identifier=f"evt_{number}") | spoilt

    before = till.books()
    for number, kind in enumerate(("checkout.session.completed", "checkout.session.async_payment_succeeded",
                                   "checkout.session.expired", "checkout.session.async_payment_failed")):
        assert till.deliver(told(kind, till.paid, number)) == outcome, kind
    assert till.books() == before
    assert till.deliver(event("checkout.session.completed", till.paid, identifier="evt_ours")) == "posted"
    paid = till.books()
    for number, (kind, body) in enumerate((("refund.created", REFUND), ("refund.updated", REFUND),
                                           ("refund.failed", {**REFUND, "status": "failed"}),
                                           ("charge.dispute.created", DISPUTE),
                                           ("charge.dispute.funds_withdrawn", DISPUTE),
                                           ("charge.dispute.closed", {**DISPUTE, "status": "lost"}),
                                           ("charge.dispute.funds_reinstated", {**DISPUTE, "status": "won"})), 10):
        for _ in range(2):
            assert till.deliver(told(kind, body, number)) in (outcome, "duplicate"), kind
    assert till.books() == paid
    with db.read() as session:
        assert check(session) == []


def test_an_object_of_another_mode_in_an_event_of_ours(till: Till) -> None:
    before = till.books()
    assert till.deliver(event("checkout.session.completed", {**till.paid, "livemode": True})) == "wrong_mode"
    assert till.books() == before


@pytest.fixture
def telegram(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TelegramServer]:
    """Telegram, as the gateway reaches it."""
    with TelegramServer(TOKEN) as running:
        chosen = settings().model_copy(update={"telegram_bot_token": SecretStr(TOKEN),
                                               "telegram_api_url": f"{running.url}/bot"})
        for room in ("bot.app", "bot.telegram"):
            monkeypatch.setattr(f"{room}.settings", lambda: chosen)
        yield running


def said(db: Database, turns: int) -> list[str]:
    """What the bot said, once so many turns have ended."""
    def ended() -> list[str] | None:
        with db.read() as session:
            found = session.scalars(select(Turn.state)).all()
            assert len(found) <= turns
            if len(found) < turns or any(state in OPEN for state in found):
                return None
            return [str(name) for name in session.scalars(
                select(Message.say).where(Message.author == "bot").order_by(Message.id))]
    return until(ended)


def again(telegram: TelegramServer, db: Database, chat: int, turns: int) -> list[str]:
    """Telegram delivers its last update three times more; then somebody else writes, and is answered."""
    telegram.redeliver = 4
    with telegram._changed:
        telegram._changed.notify_all()
    until(lambda: telegram.redeliver == 0 or None)
    telegram.write(chat, "hello")
    return said(db, turns)


def test_a_link_and_a_press_on_telegram_that_are_delivered_again(
        telegram: TelegramServer, client: httpx.Client, db: Database, home: Household, now: datetime) -> None:
    offer = Offer(Money(10_000, "GBP"), Money(2_500, "GBP"), MONTHLY, now.date() + timedelta(days=7))
    telegram.write(7, f"/start {personal_link(db, now)}")
    assert said(db, 1) == ["greeting_verified"]
    first = again(telegram, db, 8, 2)
    assert first.count("greeting_verified") == 1
    with db.write() as session:
        talk = ConversationId(session.scalars(select(Verification.conversation_id).where(
            Verification.level == Level.VERIFIED)).one())
        (button,) = say(session, conversation_id=talk, now=now, text=Say("hello_name", {"name": "Jane"}, [
            Choice("yes_set_up", "confirm_plan", {"offer": offer.json(), "debts": [home.gas]}, binding=True)])).buttons
    telegram.press(7, button["id"])
    assert said(db, 3).count("plan_made") == 1
    assert again(telegram, db, 9, 4).count("plan_made") == 1
    telegram.press(7, button["id"])  # pressed again: a new update, an old button
    telegram.press(8, button["id"])  # and by somebody else, who never had it
    told = said(db, 6)
    assert told.count("plan_made") == 1
    assert told.count("stale_button") == 1
    assert told.count("unknown_button") == 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Plan)) == 1
        assert "Jane" not in json.dumps([m.text for m in session.scalars(
            select(Message).where(Message.conversation_id != talk))])
    assert client.get("/healthz").status_code == 200
