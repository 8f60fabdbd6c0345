"""Our page in every state, and what happens when a crash, a hold or an outage comes between. SQLite is enough."""

from collections.abc import Callable, Iterator

import pytest
import stripe
from sqlalchemy import select

from ledger.holds import HoldReason, place_hold
from payments.checkout import look_at
from payments.models import CheckoutSession, CheckoutStatus, PayLink
from payments.reconcile import reconcile
from payments.stripe_api import client
from runtime.database import Database
from runtime.settings import settings
from tests.payments.conftest import Desk, Street


@pytest.fixture
def db(make_sqlite: Callable[[], Database]) -> Iterator[Database]:
    """One kind of database will do here."""
    made = make_sqlite()
    yield made
    made.close()


def _rows(desk: Desk) -> list[CheckoutSession]:
    with desk.db.read() as session:
        return list(session.scalars(select(CheckoutSession).order_by(CheckoutSession.id)))


def _page(street: Street, link: PayLink, tail: str = "") -> str:
    return street.browser.get(f"{street.site}/pay/{link.token}{tail}").text


def _hold(desk: Desk) -> None:
    with desk.db.write() as session:
        place_hold(session, key="hold", debtor_id=desk.book.debtor_id, debt_id=desk.gas, reason=HoldReason.DISPUTE,
                   now=desk.book.now, until=None, actor="test", cause="test")


def test_what_stripe_is_told_says_nothing_of_a_debt(street: Street) -> None:
    link = street.desk.link()
    street.press(link)
    (row,) = _rows(street.desk)
    told = str(row.request).lower()
    for word in ("debt", "collect", "northern", "maya", "ng-1"):
        assert word not in told.replace(link.token.lower(), "")
    made = client().v1.checkout.sessions.retrieve(row.stripe_id or "")
    assert made.client_reference_id == link.reference
    assert made.metadata is not None
    assert made.metadata.to_dict() == {"checkout": row.key, "reference": link.reference}
    assert row.request["payment_intent_data"]["statement_descriptor_suffix"] == link.reference


def test_opening_the_page_creates_and_consumes_nothing(street: Street) -> None:
    link = street.desk.link()
    first = _page(street, link)
    assert all(_page(street, link) == first for _ in range(3))
    assert _rows(street.desk) == []
    assert client().v1.checkout.sessions.list().data == []


def test_the_page_is_private_and_neutral(street: Street) -> None:
    answer = street.browser.get(street.desk.link().url)
    assert "<title>Payment</title>" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert '<meta property="og:description" content="A private page.">' in answer.text


def test_an_unknown_link_is_a_kind_page(street: Street) -> None:
    for token in ("nothing", "a" * 43, "%00" * 20, "..%2f" * 9, "a" * 5000, "<script>alert(1)"):
        for call in (street.browser.get, street.browser.post):
            answer = call(f"{street.site}/pay/{token}")
            assert answer.status_code in (404, 405)
            assert "Traceback" not in answer.text
            assert "<script>" not in answer.text


def test_the_open_session_is_used_again(street: Street) -> None:
    link = street.desk.link()
    assert street.press(link) == street.press(link)
    assert len(_rows(street.desk)) == 1


def test_a_hold_takes_the_page_at_stripe_away(street: Street) -> None:
    link = street.desk.link()
    old = street.press(link)
    _hold(street.desk)
    assert "have to pay this now" in _page(street, link).replace("don&#39;t", "don't")
    assert street.browser.post(link.url).status_code == 409
    assert "has expired" in street.browser.get(old).text


def test_paid_while_the_amount_changes_is_posted_not_paid_twice(street: Street) -> None:
    street.hooks(hold=True)
    link = street.desk.link(gas=31200)
    street.card(street.press(link))
    street.desk.book.pay("elsewhere", {street.desk.gas: 30000})
    assert street.browser.post(link.url).status_code == 409
    assert [row.status for row in _rows(street.desk)] == [CheckoutStatus.COMPLETE]
    assert street.desk.owed(street.desk.gas) == 0
    assert street.desk.book.balance(street.desk.gas).overpayment == 30000


def test_a_declined_card_changes_nothing(street: Street) -> None:
    link = street.desk.link()
    page = street.press(link)
    street.card(page, "4000000000000002")
    street.settled(payments=0)
    assert street.desk.owed(street.desk.gas) == 31200
    assert street.press(link) == page


def test_turning_back_takes_nothing(street: Street) -> None:
    link = street.desk.link()
    assert "Nothing was taken" in _page(street, link, "/done?back=1")
    assert "Pay £50.00" in _page(street, link)


def test_reconciliation_takes_unwanted_pages_away(street: Street) -> None:
    page = street.press(street.desk.link())
    _hold(street.desk)
    assert reconcile(street.desk.db, now=street.desk.book.now).expired == 1
    assert "has expired" in street.browser.get(page).text


def test_a_crash_after_stripe_made_the_session_is_repeated_not_doubled(street: Street) -> None:
    link = street.desk.link()
    page = street.press(link)
    with street.desk.db.write() as session:
        row = session.scalars(select(CheckoutSession)).one()
        row.stripe_id, row.url, row.status = None, None, CheckoutStatus.MAKING
    assert street.press(link) == page
    assert len(client().v1.checkout.sessions.list().data) == 1


def test_a_session_of_another_account_is_let_go(street: Street) -> None:
    link = street.desk.link()
    street.press(link)
    with street.desk.db.write() as session:
        session.scalars(select(CheckoutSession)).one().stripe_id = "cs_test_elsewhere"
    assert "£50.00" in street.browser.get(street.press(link)).text
    assert [row.status for row in _rows(street.desk)] == [CheckoutStatus.EXPIRED, CheckoutStatus.OPEN]


def test_without_stripe_a_kind_page_and_nothing_lost(desk: Desk, street: Street,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    link = desk.link()

    def gone(*_: object, **__: object) -> None:
        raise stripe.APIConnectionError("no route")

    with monkeypatch.context() as patched:
        patched.setattr("stripe.checkout._session_service.SessionService.create", gone)
        answer = street.browser.post(link.url)
    assert answer.status_code == 503
    assert "Nothing was taken" in answer.text
    assert "no route" not in answer.text
    assert "Pay £50.00" in _page(street, link)
    assert "£50.00" in street.browser.get(street.press(link)).text
    assert len(_rows(desk)) == 1


def test_a_webhook_over_http_is_answered_plainly(street: Street) -> None:
    address = f"{street.site}/webhooks/stripe"
    for body, signature in ((b"{}", "t=1,v1=0"), (b"\xff\xfe", "t=1,v1=0"), (b"", "")):
        answer = street.browser.post(address, content=body, headers={"Stripe-Signature": signature})
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert street.browser.post(address, content=b"x" * 1_000_001).status_code == 413
    assert street.browser.get(address).status_code == 405


def test_with_cards_off_the_page_says_so(street: Street, configure: Callable[..., None]) -> None:
    link = street.desk.link()
    configure(DEBTDESK_PAYMENTS="off")
    assert settings().stripe_mode == "off"
    assert "Card payment is not available" in _page(street, link)
    assert street.browser.post(link.url).status_code == 409


def test_looking_at_a_session_learns_its_state(street: Street) -> None:
    street.press(street.desk.link())
    (row,) = _rows(street.desk)
    assert look_at(street.desk.db, row.id, now=street.desk.book.now).status == "open"
