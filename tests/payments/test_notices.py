"""What the debtor hears of a payment, and when not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

import payments.notices
from compliance.evidence.models import Evidence
from compliance.standing import Standing
from conversations.models import Conversation, Message
from conversations.say import say
from ledger.models import Creditor, Debtor
from payments.standin_address import webhook_secret
from payments.webhooks import accept
from runtime.ids import DebtorId
from tests.payments.conftest import CONVERSATION, Desk
from tests.payments.stripe_says import event, open_row, paid_session, signed


@pytest.fixture
def hear(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Pays, with the real door of what is said, and gives what the debtor sees."""
    monkeypatch.setattr(payments.notices, "say", say)

    def pay(**changes: Any) -> list[str]:
        row = open_row(desk.link())
        with desk.db.write() as session:
            session.add(row)
        bodies = [event("checkout.session.completed", paid_session(row, **changes))]
        if not changes:
            refund = {"id": "re_1", "object": "refund", "amount": 5000, "currency": "gbp", "payment_intent": "pi_1",
                      "status": "succeeded"}
            bodies.append(event("refund.created", refund, identifier="evt_2"))
        for body in bodies:
            accept(desk.db, *signed(body, webhook_secret()), now=desk.book.now)
        with desk.db.read() as session:
            return list(session.scalars(select(Message.text).order_by(Message.event_id)))

    return pay


def _standing(monkeypatch: pytest.MonkeyPatch, debtor_id: DebtorId | None) -> None:
    monkeypatch.setattr(payments.notices, "who", lambda *_, **__: Standing(verified=debtor_id))


def test_the_amount_and_what_is_left_are_named(hear: Callable[..., list[str]]) -> None:
    arrived, returned = hear()
    assert "£50.00" in arrived
    assert "£436.20" in arrived
    assert "£50.00" in returned


@pytest.mark.parametrize("verified", [None, DebtorId(999)])
def test_no_amount_when_it_may_be_somebody_else(hear: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch,
                                                verified: DebtorId | None) -> None:
    _standing(monkeypatch, verified)
    said = hear()
    assert len(said) == 2
    assert all("£" not in text and "Gas" not in text for text in said)


def test_what_staff_must_place_is_said_honestly(hear: Callable[..., list[str]]) -> None:
    (said,) = hear(amount_total=4000)
    assert "£40.00" in said
    assert "colleague" in said


def test_nothing_about_money_after_a_safeguarding_stop(desk: Desk, hear: Callable[..., list[str]]) -> None:
    with desk.db.write() as session:
        session.get_one(Conversation, CONVERSATION).safeguarded_at = desk.book.now
    assert hear() == []
    assert desk.owed(desk.gas) == 31200


def test_a_text_that_fails_never_costs_the_posting(desk: Desk, hear: Callable[..., list[str]],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.texts.Texts._fill", _no_text)
    assert hear(metadata={}) == []
    assert desk.owed(desk.gas) == 26200


def _no_text(*_: object) -> str:
    from conversations.texts import TextError

    raise TextError("broken")


@pytest.fixture
def american(desk: Desk) -> Desk:
    """Maya lives where a collector must say that it is one."""
    with desk.db.write() as session:
        session.execute(update(Debtor).values(country="US", region="Texas", timezone="America/Chicago"))
        session.execute(update(Creditor).values(country="US", own_collector=False))
    return desk


def _disclosed(desk: Desk, **ago: float) -> None:
    with desk.db.write() as session:
        session.get_one(Conversation, CONVERSATION).disclosed_at = desk.book.now - timedelta(**ago)


LATER = "This communication is from a debt collector."


@pytest.mark.parametrize("hours", [24, 24.2, 240])
def test_a_collector_says_so_before_a_notice_when_a_day_is_over(american: Desk, hear: Callable[..., list[str]],
                                                               hours: float) -> None:
    _disclosed(american, hours=hours)
    first, arrived, returned = hear()
    assert first == LATER
    assert "£50.00" in arrived
    assert "£50.00" in returned  # the same day
    with american.db.read() as session:
        assert session.get_one(Conversation, CONVERSATION).disclosed_at == american.book.now
        (row,) = session.scalars(select(Evidence).where(Evidence.kind == "disclosure.made"))
        assert (row.facts["say"], row.facts["words"]) == ("disclosure_later", LATER)


def test_a_collector_who_never_said_so_says_all_of_it(american: Desk, hear: Callable[..., list[str]]) -> None:
    first, *_ = hear()
    assert first.startswith("This is from a debt collector. We are attempting to collect a debt")


def test_within_a_day_the_notice_stands_alone(american: Desk, hear: Callable[..., list[str]]) -> None:
    _disclosed(american, hours=23)
    assert len(hear()) == 2


def test_nobody_unknown_hears_of_a_debt_collector(american: Desk, hear: Callable[..., list[str]],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    _standing(monkeypatch, None)
    said = hear()
    assert len(said) == 2
    assert not any("debt" in text for text in said)
    with american.db.read() as session:
        assert session.get_one(Conversation, CONVERSATION).disclosed_at is None


def test_a_creditor_collecting_its_own_debts_says_nothing_of_it(american: Desk, hear: Callable[..., list[str]]) -> None:
    with american.db.write() as session:
        session.execute(update(Creditor).values(own_collector=True))
    assert len(hear()) == 2
