"""The whole way: our page, Checkout, the card form, the webhook, the ledger, the word in the conversation."""

import threading

from sqlalchemy import select

from ledger.check import check
from ledger.holds import HoldReason, place_hold
from ledger.kinds import CreditorAccount
from ledger.models import Account, Entry
from payments.models import CheckoutSession, CheckoutStatus, PayLink, PaymentStatus
from payments.reconcile import reconcile
from payments.stripe_api import client
from tests.payments.conftest import Desk, Street


def _rows(desk: Desk) -> list[CheckoutSession]:
    with desk.db.read() as session:
        return list(session.scalars(select(CheckoutSession).order_by(CheckoutSession.id)))


def _page(street: Street, link: PayLink, tail: str = "") -> str:
    return street.browser.get(f"{street.site}/pay/{link.token}{tail}").text


def _hold(desk: Desk) -> None:
    with desk.db.write() as session:
        place_hold(session, key="hold", debtor_id=desk.book.debtor_id, debt_id=desk.gas, reason=HoldReason.DISPUTE,
                   now=desk.book.now, until=None, actor="test", cause="test")


def test_paying_from_link_to_ledger(street: Street) -> None:
    link = street.desk.link(gas=5000, parcel=17420)
    page = _page(street, link)
    assert "Pay £224.20" in page
    assert "Northern Gas" in page
    assert "TEST MODE" in page
    at_stripe = street.press(link)
    assert at_stripe.startswith(street.standin)
    back = street.card(at_stripe)
    assert back.headers["location"] == f"{link.url}/done"
    street.settled()
    assert (street.desk.owed(street.desk.gas), street.desk.owed(street.desk.parcel)) == (26200, 0)
    assert "has arrived" in _page(street, link, "/done")
    assert "need not pay here again" in _page(street, link)
    (said,) = street.desk.said
    assert (said.name, said.values["reference"]) == ("payment_received", link.reference)
    assert street.browser.post(link.url).status_code == 409


def test_what_the_processor_keeps_is_posted_once(street: Street) -> None:
    link = street.desk.link(gas=5000, parcel=17420)
    street.card(street.press(link))
    street.settled()
    first, second = (reconcile(street.desk.db, now=street.desk.book.now) for _ in range(2))
    assert ([first.fees, second.fees], first.troubles) == ([1, 0], [])
    (payment,) = street.desk.payments()
    assert (payment.fee, payment.fee_currency) == (20 + 22420 * 15 // 1000, "GBP")
    with street.desk.db.read() as session:
        kept = session.execute(
            select(Account.creditor_id, Entry.amount).join(Entry, Entry.account_id == Account.id)
            .where(Account.kind == CreditorAccount.PROCESSOR_FEES.value).order_by(Account.creditor_id)).all()
        assert [minor for _, minor in kept] == [80, 276]  # 356 by 5000 to 17420, the odd penny to the first
        assert check(session) == []


def test_pressing_twice_at_once_opens_one_session(street: Street) -> None:
    link = street.desk.link()
    pages: list[str] = []
    threads = [threading.Thread(target=lambda: pages.append(street.press(link))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(pages)) == 1
    assert len(pages) == 5
    assert len(client().v1.checkout.sessions.list().data) == 1


def test_a_changed_amount_replaces_the_session(street: Street) -> None:
    link = street.desk.link(gas=31200)
    old = street.press(link)
    street.desk.book.pay("elsewhere", {street.desk.gas: 30000})
    new = street.press(link)
    assert new != old
    assert "has expired" in street.browser.get(old).text
    assert "£12.00" in street.browser.get(new).text
    assert [row.status for row in _rows(street.desk)] == [CheckoutStatus.EXPIRED, CheckoutStatus.OPEN]


def test_paid_in_one_tab_pressed_in_another_while_the_webhook_is_late(street: Street) -> None:
    street.hooks(hold=True)
    link = street.desk.link()
    street.card(street.press(link))
    assert "waiting for the card company" in _page(street, link, "/done")
    assert street.browser.post(link.url).status_code == 409
    assert street.desk.owed(street.desk.gas) == 26200
    street.browser.post(f"{street.standin}/test/webhooks/release", json={"reverse": True})
    street.settled()
    assert street.desk.owed(street.desk.gas) == 26200
    assert len(street.desk.said) == 1


def test_duplicated_and_reordered_webhooks_count_once(street: Street) -> None:
    street.hooks(hold=True, duplicates=3)
    street.card(street.press(street.desk.link()))
    street.browser.post(f"{street.standin}/test/webhooks/release", json={"reverse": True})
    street.settled()
    assert street.desk.owed(street.desk.gas) == 26200
    assert (len(street.desk.payments()), len(street.desk.said)) == (1, 1)


def test_a_refund_at_stripe_is_followed(street: Street) -> None:
    link = street.desk.link()
    street.card(street.press(link))
    street.settled()
    client().v1.refunds.create({"payment_intent": street.desk.payments()[0].payment_intent})
    street.settled()
    assert street.desk.owed(street.desk.gas) == 31200
    assert street.desk.payments()[0].status is PaymentStatus.REFUNDED
    assert "was given back" in _page(street, link)


def test_reconciliation_finds_what_no_webhook_told(street: Street) -> None:
    street.hooks(hold=True)
    paid, left = street.desk.link("1:pay"), street.desk.link("2:pay")
    street.card(street.press(paid))
    street.press(left)
    steps: list[tuple[int, int]] = []
    result = reconcile(street.desk.db, now=street.desk.book.now, progress=lambda *step: steps.append(step))
    assert (result.asked, result.posted, result.still_open, result.troubles) == (2, 1, 1, [])
    assert steps == [(1, 2), (2, 2)]
    assert street.desk.owed(street.desk.gas) == 26200
    again = reconcile(street.desk.db, now=street.desk.book.now)
    assert (again.asked, again.posted) == (1, 0)
    assert "1 still open" in str(again)
