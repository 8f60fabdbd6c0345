"""The stand-in, driven by stripe-python as the real API would be."""

from collections.abc import Callable, Iterator

import pytest
import stripe

from payments.standin.__main__ import main
from payments.stripe_api import client
from runtime.database import Database
from runtime.errors import OperatorError
from tests.payments.conftest import Street

_REQUEST = {
    "mode": "payment", "success_url": "http://127.0.0.1:1/done", "cancel_url": "http://127.0.0.1:1/back",
    "line_items": [{"quantity": 1, "price_data": {"currency": "gbp", "unit_amount": 5000,
                                                  "product_data": {"name": "Payment P1"}}}],
    "adaptive_pricing": {"enabled": False}, "metadata": {"checkout": "x"},
}


@pytest.fixture
def db(make_sqlite: Callable[[], Database]) -> Iterator[Database]:
    """These tests are about the stand-in: one kind of database will do."""
    made = make_sqlite()
    yield made
    made.close()


def test_the_same_key_gives_the_same_session(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    first = sessions.create(_REQUEST, {"idempotency_key": "k1"})
    again = sessions.create(_REQUEST, {"idempotency_key": "k1"})
    other = sessions.create(_REQUEST, {"idempotency_key": "k2"})
    assert first.id == again.id != other.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert (first.status, first.payment_status, first.amount_total, first.livemode) == ("open", "unpaid", 5000, False)
    assert first.expires_at - first.created == 86400


def test_a_key_stands_for_one_request(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    sessions.create(_REQUEST, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        sessions.create(_REQUEST | {"client_reference_id": "other"}, {"idempotency_key": "k1"})


@pytest.mark.parametrize(("changes", "param"), [
    ({"mode": "pay"}, "mode"), ({"mode": None}, "mode"), ({"success_url": None}, "success_url"),
    ({"success_url": "javascript:1"}, "success_url"), ({"line_items": []}, "line_items"),
    ({"payment_method_types": ["card"]}, "payment_method_types"), ({"colour": "blue"}, "colour"),
    ({"metadata": {"a" * 41: "b"}}, "metadata[" + "a" * 41 + "]"), ({"expires_at": 5}, "expires_at"),
    ({"client_reference_id": "a" * 201}, "client_reference_id"), ({"submit_type": "give"}, "submit_type"),
    ({"adaptive_pricing": {"enabled": "no"}}, "adaptive_pricing[enabled]"),
    ({"payment_intent_data": {"statement_descriptor": "X"}}, "payment_intent_data[statement_descriptor]"),
    ({"payment_intent_data": {"statement_descriptor_suffix": "123"}},
     "payment_intent_data[statement_descriptor_suffix]")])
def test_what_stripe_refuses_is_refused(street: Street, changes: dict[str, object], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client().v1.checkout.sessions.create(_REQUEST | changes)
    assert refusal.value.param == param


def test_too_little_is_refused(street: Street) -> None:
    item = {"quantity": 1, "price_data": {"currency": "gbp", "unit_amount": 29, "product_data": {"name": "P"}}}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client().v1.checkout.sessions.create(_REQUEST | {"line_items": [item]})
    assert refusal.value.code == "amount_too_small"


def test_another_key_opens_nothing(street: Street) -> None:
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_test_other", base_addresses={"api": street.standin}).v1.checkout.sessions.list()


def test_unknown_things_are_answered_as_stripe_does(street: Street) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client().v1.checkout.sessions.retrieve("cs_test_nothing")
    assert refusal.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError):
        client().v1.customers.create({"name": "Maya"})


def test_only_an_open_session_can_be_expired(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    made = sessions.create(_REQUEST)
    assert sessions.expire(made.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        sessions.expire(made.id)
    page = street.browser.get(made.url or "")
    assert "has expired" in page.text
    assert "has expired" in street.card(made.url or "").text


def test_listing_pages_through(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    made = [sessions.create(_REQUEST).id for _ in range(5)]
    sessions.expire(made[0])
    assert [one.id for one in sessions.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert [one.id for one in sessions.list({"status": "expired"}).data] == [made[0]]


def test_the_page_says_test_mode_and_takes_test_cards_only(street: Street) -> None:
    made = client().v1.checkout.sessions.create(_REQUEST)
    page = street.browser.get(made.url or "")
    assert "TEST MODE" in page.text
    assert "£50.00" in page.text
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    real = street.card(made.url or "", "4539 5787 6362 1486")
    assert real.status_code == 422
    assert "4539" not in real.text
    assert client().v1.checkout.sessions.retrieve(made.id).status == "open"


@pytest.mark.parametrize("body", [{"number": "4242424242424242", "expiry": "01/20", "code": "123"},
                                  {"number": "4242424242424242", "expiry": "12/40", "code": "x"},
                                  {"number": "4242424242424242"}, {}, {"number": "4" * 41}])
def test_a_wrong_form_takes_nothing(street: Street, body: dict[str, str]) -> None:
    made = client().v1.checkout.sessions.create(_REQUEST)
    assert street.browser.post(made.url or "", data=body).status_code == 422
    assert client().v1.checkout.sessions.retrieve(made.id).status == "open"


def test_a_declined_card_can_be_followed_by_another(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    made = sessions.create(_REQUEST)
    declined = street.card(made.url or "", "4000000000000002")
    assert declined.status_code == 402
    assert "Nothing was taken" in declined.text
    assert street.card(made.url or "").headers["location"] == "http://127.0.0.1:1/done"
    done = sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (done.status, done.payment_status) == ("complete", "paid")
    assert done.payment_intent is not None
    intent = client().v1.payment_intents.retrieve(done.to_dict()["payment_intent"]["id"])
    assert (intent.status, intent.amount_received) == ("succeeded", 5000)


def test_the_banks_confirmation_decides(street: Street) -> None:
    sessions = client().v1.checkout.sessions
    made = sessions.create(_REQUEST)
    assert "Confirm with your bank" in street.card(made.url or "", "4000 0025 0000 3155").text
    bank = (made.url or "").replace("/c/pay/", "/c/bank/")
    assert street.browser.post(bank, data={"confirmed": "no"}).status_code == 402
    assert sessions.retrieve(made.id).payment_status == "unpaid"
    street.card(made.url or "", "4000002500003155")
    assert street.browser.post(bank, data={"confirmed": "yes"}).status_code == 303
    assert sessions.retrieve(made.id).payment_status == "paid"


@pytest.mark.parametrize("path", ["/c/pay/cs_test_nothing", "/c/pay/%00", "/c/bank/x", "/nothing"])
def test_pages_that_do_not_exist(street: Street, path: str) -> None:
    assert street.browser.get(street.standin + path).status_code in (404, 405)


@pytest.mark.parametrize("body", [b"\xff", b"mode=a&mode=b", b"a[b", b"mode[x]=1&mode=2", b"a=1" * 100_000])
def test_garbage_is_answered_with_an_error(street: Street, body: bytes) -> None:
    answer = street.browser.post(f"{street.standin}/v1/checkout/sessions", content=body,
                                 headers={"Authorization": "Bearer sk_test_local_standin"})
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("given", [{"DEBTDESK_PAYMENTS": "auto"}, {"STRIPE_API_KEY": "sk_live_1"},
                                   {"DEBTDESK_PAYMENTS": "off"}])
def test_it_does_not_start_where_it_must_not(test_mode: None, configure: Callable[..., None],
                                             given: dict[str, str]) -> None:
    configure(**given)
    with pytest.raises(OperatorError):
        main()
