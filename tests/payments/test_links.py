"""Links and what they ask for at a given moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger.holds import HoldReason, place_hold
from ledger.money import Money
from payments.link_now import LinkNow, LinkState, link_now
from payments.links import LIFE, find_link, make_pay_link
from payments.mode import CardsUnavailable, TooSmallForCard, card_mode, may_post
from payments.models import PayLink
from runtime.ids import DebtorId
from tests.payments.conftest import Desk


def _now(desk: Desk, link: PayLink, **later: int) -> LinkNow:
    with desk.db.read() as session:
        found = find_link(session, link.token)
        assert found is not None
        return link_now(session, found, now=desk.book.now + timedelta(**later))


def _hold(desk: Desk, reason: HoldReason) -> None:
    with desk.db.write() as session:
        place_hold(session, key=f"hold:{reason}", debtor_id=desk.book.debtor_id, debt_id=desk.gas, reason=reason,
                   now=desk.book.now, until=None, actor="test", cause="test")


def test_the_same_key_gives_the_same_address(desk: Desk) -> None:
    first, again, other = desk.link("1:pay"), desk.link("1:pay", gas=700), desk.link("2:pay")
    assert first.url == again.url != other.url
    assert again.amount == Money(5000, "GBP")
    assert len(first.token) == 43
    assert first.url.endswith(f"/pay/{first.token}")


def test_the_token_is_not_readable_in_the_database(desk: Desk) -> None:
    link = desk.link()
    with desk.db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT token, token_hash FROM pay_link").one()
    assert all(link.token not in value for value in row)


def test_address_and_reference_say_nothing_of_a_debt(desk: Desk) -> None:
    link = desk.link()
    for word in ("debt", "collect"):
        assert word not in link.url.lower().replace(link.token.lower(), "")
        assert word not in link.reference.lower()


def test_a_split_must_add_up_and_be_the_debtors(desk: Desk) -> None:
    for amount, split, debtor in (
            (Money(100, "GBP"), {desk.gas: Money(99, "GBP")}, desk.book.debtor_id),
            (Money(100, "GBP"), {desk.gas: Money(100, "GBP")}, DebtorId(999)),
            (Money(100, "USD"), {desk.gas: Money(100, "USD")}, desk.book.debtor_id),
            (Money(100, "GBP"), {desk.gas: Money(101, "GBP"), desk.parcel: Money(-1, "GBP")}, desk.book.debtor_id)):
        with desk.db.write() as session, pytest.raises(ValueError):  # noqa: PT011
            make_pay_link(session, key="k", debtor_id=debtor, conversation_id=None, amount=amount, split=split,
                          now=desk.book.now)


def test_too_little_for_a_card_is_said_before_a_link_is_made(desk: Desk) -> None:
    with pytest.raises(TooSmallForCard) as refusal:
        desk.link(gas=29)
    assert refusal.value.values == {"smallest": {"minor": 30, "currency": "GBP"}}


def test_it_asks_for_what_was_chosen(desk: Desk) -> None:
    view = _now(desk, desk.link(gas=5000, parcel=17420))
    assert (view.state, view.amount) == (LinkState.PAYABLE, Money(22420, "GBP"))
    shown = [(part.creditor, part.owed.minor) for part in view.parts]
    assert shown == [("Northern Gas", 31200), ("Parcel & Co", 17420)]


def test_it_never_asks_for_more_than_is_owed_by_now(desk: Desk) -> None:
    link = desk.link(gas=31200, parcel=1000)
    before = _now(desk, link)
    desk.book.pay("elsewhere", {desk.gas: 30000})
    after = _now(desk, link)
    assert after.amount == Money(2200, "GBP")
    assert after.fingerprint != before.fingerprint
    desk.book.pay("elsewhere-2", {desk.gas: 1200, desk.parcel: 17420})
    assert _now(desk, link).state is LinkState.NOTHING_OWED


def test_what_little_is_left_may_be_too_small_for_a_card(desk: Desk) -> None:
    link = desk.link(gas=31200)
    desk.book.pay("elsewhere", {desk.gas: 31190})
    assert _now(desk, link).state is LinkState.TOO_SMALL


@pytest.mark.parametrize(("reason", "state"), [
    (HoldReason.DISPUTE, LinkState.HELD), (HoldReason.BANKRUPTCY, LinkState.HELD),
    (HoldReason.REPRESENTED, LinkState.HELD), (HoldReason.FRAUD, LinkState.HELD),
    (HoldReason.WRONG_PERSON, LinkState.HELD), (HoldReason.HARDSHIP, LinkState.PAYABLE)])
def test_a_hold_since_then_counts(desk: Desk, reason: HoldReason, state: LinkState) -> None:
    link = desk.link(gas=5000, parcel=1000)
    before = _now(desk, link)
    _hold(desk, reason)
    after = _now(desk, link)
    assert after.state is state
    assert after.fingerprint != before.fingerprint


def test_it_runs_out(desk: Desk) -> None:
    link = desk.link()
    assert _now(desk, link, days=LIFE.days - 1).state is LinkState.PAYABLE
    assert _now(desk, link, days=LIFE.days).state is LinkState.EXPIRED


@pytest.mark.parametrize(("key", "payments", "demo", "mode"), [
    ("", "auto", "0", "off"), ("", "auto", "1", "test"), ("", "test", "0", "test"), ("", "off", "1", "off"),
    ("sk_live_1", "auto", "0", "live"), ("rk_live_1", "auto", "0", "live"), ("sk_live_1", "auto", "1", "off"),
    ("sk_live_1", "test", "0", "off"), ("sk_test_1", "auto", "0", "off"), ("sk_test_1", "auto", "1", "test"),
    ("sk_test_1", "test", "0", "test"), ("sk_live_1", "off", "0", "off")])
def test_real_money_and_test_data_never_meet(configure: Callable[..., None], key: str, payments: str, demo: str,
                                             mode: str) -> None:
    configure(STRIPE_API_KEY=key, DEBTDESK_PAYMENTS=payments, DEBTDESK_DEMO=demo)
    assert card_mode() == mode
    if mode != "off":
        assert may_post(livemode=mode == "live")
        assert not may_post(livemode=mode != "live")


def test_without_cards_no_link_is_made(desk: Desk, configure: Callable[..., None]) -> None:
    link = desk.link()
    configure(DEBTDESK_PAYMENTS="off")
    assert _now(desk, link).state is LinkState.CARDS_OFF
    with pytest.raises(CardsUnavailable):
        desk.link("2:pay")
