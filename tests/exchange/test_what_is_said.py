"""What a debtor says reaches the other systems: through the placing functions, and out of the house."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from compliance import placing
from compliance.identity import use_link
from compliance.links import make_link
from compliance.models import Channel
from compliance.preferences import only_channel
from conversations.open import open_conversation
from ledger.models import Debtor
from runtime.database import Database
from runtime.ids import ConversationId
from tests.exchange.conftest import Books, Hand, webhook
from tests.ledger.portfolio import Portfolio

Place = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def place(portfolio: Portfolio, books: Books) -> Place:
    """Places one effect for the debtor and gives what the receiver then got."""
    portfolio.debt("NG-1", 10_000)
    with portfolio.db.write() as session:
        conversation = ConversationId(open_conversation(session, channel="web", now=portfolio.now).id)
        token = make_link(session, reference="M100", verifies=True, created_by="test", now=portfolio.now)
        use_link(session, conversation_id=conversation, token=token, now=portfolio.now)

    def placed(name: str, **more: Any) -> list[dict[str, Any]]:
        with portfolio.db.write() as session:
            getattr(placing, name)(session, key="7:a", conversation_id=conversation, debtor_id=portfolio.debtor_id,
                                   now=portfolio.now, today=portfolio.now.date(), **more)
        Hand(portfolio.db, portfolio.now, webhook(books.url, at_once=50)).go()
        return books.taken

    return placed


def test_a_stop_closes_every_channel(place: Place) -> None:
    got = place("stop_contact")
    assert {event["kind"] for event in got} == {"contact.stopped"}
    assert {event["facts"]["channel"] for event in got} == {str(channel) for channel in Channel}
    assert {event["debtor"] for event in got} == {"M100"}


@pytest.mark.parametrize(("name", "reason", "more"), [
    ("dispute", "dispute", {"debt_id": None}), ("fraud", "fraud", {"debt_id": None}),
    ("represented", "represented", {"contact": "Payne & Co, 020 7946 0001"}), ("bankruptcy", "bankruptcy", {}),
    ("deceased", "deceased", {}), ("wrong_person", "wrong_person", {}), ("third_party", "third_party", {}),
    ("vulnerability", "vulnerability", {}), ("self_harm", "do_not_contact", {}), ("complaint", "complaint", {}),
    ("hardship", "hardship", {"reason": "illness"}), ("breathing_space_request", "advice", {}),
    ("validation", "validation", {}), ("already_paid", "already_paid", {}),
])
def test_what_stops_a_dialler_arrives(place: Place, name: str, reason: str, more: dict[str, Any]) -> None:
    got = place(name, **more)
    (hold,) = [event for event in got if event["kind"] == "hold.placed"]
    assert hold["facts"]["reason"] == reason
    assert "remind" in hold["facts"]["stops"]
    everything = json.dumps(got).lower()
    for hidden in ("self", "harm", "illness", "payne", "maya", "okafor", "1987", "m4 1hq", "conversation"):
        assert hidden not in everything


def test_a_wrong_number_stops_the_number(place: Place) -> None:
    stopped = {event["facts"]["channel"]: event["facts"]["reason"] for event in place("wrong_person")
               if event["kind"] == "contact.stopped"}
    assert stopped == dict.fromkeys(("email", "sms", "phone"), "wrong_person")


def test_wishes_arrive_without_the_words(place: Place) -> None:
    got = place("contact_preference", words="don't ring me before ten, I'm on dialysis")
    assert [(event["kind"], event["facts"]) for event in got] == [
        ("contact.wish", {"preferred_channel": None, "not_before": "10:00", "not_after": None})]


def test_going_back_on_it_is_told_too(db: Database, portfolio: Portfolio, books: Books, now: datetime) -> None:
    for channel in (Channel.EMAIL, Channel.SMS, Channel.SMS):
        with db.write() as session:
            only_channel(session, debtor_id=portfolio.debtor_id, channel=channel, now=now)
    Hand(db, now, webhook(books.url, at_once=50)).go()
    mine = [event["kind"] for event in books.taken if event["facts"].get("channel") == "email"]
    assert mine == ["contact.allowed", "contact.stopped"]


def test_extra_support_is_told_once(place: Place, portfolio: Portfolio, books: Books) -> None:
    for _ in range(2):
        with portfolio.db.write() as session:
            placing.note_vulnerability(session, key="8:a", debtor_id=portfolio.debtor_id, now=portfolio.now)
            assert session.get_one(Debtor, portfolio.debtor_id).vulnerable
    Hand(portfolio.db, portfolio.now, webhook(books.url)).go()
    assert [(event["kind"], event["facts"]) for event in books.taken] == [("debtor.support", {"extra_support": True})]
