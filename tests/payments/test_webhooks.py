"""The inbox: only Stripe gets in, everything is stored, and money counts once."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from conversations.models import Ticket
from ledger.check import check
from ledger.holds import HoldReason, place_hold
from ledger.kinds import CreditorAccount
from ledger.models import Account, Entry, Txn
from payments.models import CheckoutSession, EventState, PayLink, PaymentStatus, StripeEvent
from payments.standin_address import webhook_secret
from payments.webhooks import BadWebhook, WebhooksOff, accept, handle, store, verify
from tests.payments.conftest import Desk
from tests.payments.stripe_says import event, open_row, paid_session, signed


def _deliver(desk: Desk, body: dict[str, object]) -> str:
    raw, signature = signed(body, webhook_secret())
    return accept(desk.db, raw, signature, now=desk.book.now).outcome


def _checkout(desk: Desk, link: PayLink, **changes: object) -> CheckoutSession:
    with desk.db.write() as session:
        row = open_row(link, **changes)
        session.add(row)
    return row


def _tickets(desk: Desk) -> list[str]:
    with desk.db.read() as session:
        return list(session.scalars(select(Ticket.kind).order_by(Ticket.id)))


def _events(desk: Desk) -> int:
    with desk.db.read() as session:
        return session.scalar(select(func.count()).select_from(StripeEvent)) or 0


def _signature(**changes: object) -> tuple[bytes, str]:
    return signed(event("checkout.session.completed", paid_session()), "whsec_right", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("raw", "signature"), [
    pytest.param(b"{}", None, id="no signature"),
    pytest.param(b"{}", "", id="empty signature"),
    pytest.param(b"{}", "nonsense", id="nonsense signature"),
    pytest.param(b"{}", "t=1,v1=" + "0" * 64, id="wrong signature"),
    pytest.param(b"{}", "t=" + "9" * 5000 + ",v1=0", id="absurd timestamp"),
    pytest.param(b"{}", "t=1,v1=\u00e9", id="signature that is not ASCII"),
    pytest.param(b"\xff\xfe\x00", "t=1,v1=0", id="not UTF-8"),
    pytest.param(*signed(event("a", paid_session()), "whsec_wrong"), id="another secret"),
    pytest.param(*signed(b"not json", "whsec_right"), id="not JSON"),
    pytest.param(*signed(b"[1]", "whsec_right"), id="not an object"),
    pytest.param(*signed(b"[" * 100_000, "whsec_right"), id="deeply nested"),
    pytest.param(*signed({"object": "event"}, "whsec_right"), id="not an event"),
    pytest.param(*signed(event("a b", {}), "whsec_right"), id="kind with a space"),
    pytest.param(*signed(event("a", {}, identifier="evt_\u0000"), "whsec_right"), id="null byte in the id"),
])
def test_what_is_not_from_stripe_is_refused(raw: bytes, signature: str | None) -> None:
    with pytest.raises(BadWebhook) as refusal:
        verify(raw, signature, "whsec_right", real_time=time.time())
    assert "\n" not in str(refusal.value)
    assert "whsec" not in str(refusal.value)


@pytest.mark.parametrize("off", [pytest.param(-3600, id="old"), pytest.param(3600, id="from the future")])
def test_a_signature_of_another_time_is_refused(off: int) -> None:
    raw, signature = _signature(timestamp=int(time.time()) + off)
    with pytest.raises(BadWebhook):
        verify(raw, signature, "whsec_right", real_time=time.time())


def test_a_changed_body_is_refused() -> None:
    raw, signature = _signature()
    with pytest.raises(BadWebhook):
        verify(raw.replace(b"5000", b"9000"), signature, "whsec_right", real_time=time.time())


def test_a_refused_webhook_leaves_no_trace(desk: Desk) -> None:
    with pytest.raises(BadWebhook):
        accept(desk.db, b"{}", "t=1,v1=0", now=desk.book.now)
    assert _events(desk) == 0


def test_without_a_secret_nothing_is_accepted(desk: Desk, configure: Callable[..., None]) -> None:
    configure(STRIPE_API_KEY="sk_test_1")
    raw, signature = _signature()
    with pytest.raises(WebhooksOff):
        accept(desk.db, raw, signature, now=desk.book.now)


def test_with_a_key_the_stand_ins_signature_is_worth_nothing(desk: Desk, configure: Callable[..., None]) -> None:
    configure(STRIPE_API_KEY="sk_live_1", STRIPE_WEBHOOK_SECRET="whsec_real")
    raw, signature = signed(event("checkout.session.completed", paid_session()), webhook_secret())
    with pytest.raises(BadWebhook):
        accept(desk.db, raw, signature, now=desk.book.now)


def test_a_paid_session_is_posted_and_said(desk: Desk) -> None:
    row = _checkout(desk, desk.link(gas=5000, parcel=1000))
    assert _deliver(desk, event("checkout.session.completed", paid_session(row))) == "posted"
    assert (desk.owed(desk.gas), desk.owed(desk.parcel)) == (26200, 16420)
    (payment,) = desk.payments()
    assert (payment.status, payment.livemode, payment.object_key) == (PaymentStatus.POSTED, False, "pi_1:succeeded")
    (said,) = desk.said
    assert said.name == "payment_received"
    assert said.values["amount"] == {"minor": 6000, "currency": "GBP"}
    assert said.values["left"] == {"minor": 42620, "currency": "GBP"}


def test_the_same_event_again_changes_nothing(desk: Desk) -> None:
    body = event("checkout.session.completed", paid_session(_checkout(desk, desk.link())))
    assert [_deliver(desk, body) for _ in range(3)] == ["posted", "duplicate", "duplicate"]
    assert desk.owed(desk.gas) == 26200
    assert len(desk.said) == 1


def test_two_events_about_the_same_money_count_once(desk: Desk) -> None:
    body = paid_session(_checkout(desk, desk.link()))
    assert _deliver(desk, event("checkout.session.async_payment_succeeded", body, identifier="evt_a")) == "posted"
    assert _deliver(desk, event("checkout.session.completed", body, identifier="evt_b")) == "duplicate"
    assert _deliver(desk, event("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"},
                                identifier="evt_c")) == "noted"
    assert desk.owed(desk.gas) == 26200
    assert _events(desk) == 3


def test_concurrent_duplicates_are_posted_once(desk: Desk) -> None:
    body = paid_session(_checkout(desk, desk.link()))
    bodies = [event("checkout.session.completed", body, identifier=f"evt_{place % 3}") for place in range(9)]
    outcomes: list[str] = []
    start = threading.Barrier(len(bodies))

    def deliver(one: dict[str, object]) -> None:
        start.wait()
        outcomes.append(_deliver(desk, one))

    threads = [threading.Thread(target=deliver, args=(one,)) for one in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate"] * 8 + ["posted"]
    assert desk.owed(desk.gas) == 26200
    assert len(desk.payments()) == len(desk.said) == 1
    with desk.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Txn).where(Txn.kind == "payment")) == 1


def test_complete_but_unpaid_is_not_credited_until_paid(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    assert _deliver(desk, event("checkout.session.completed", paid_session(row, payment_status="unpaid"))) == "complete"
    assert desk.owed(desk.gas) == 31200
    assert _deliver(desk, event("checkout.session.async_payment_succeeded", paid_session(row),
                                identifier="evt_2")) == "posted"
    assert desk.owed(desk.gas) == 26200


@pytest.mark.parametrize(("changes", "problem"), [
    ({"amount_total": 4999}, "amount"), ({"currency": "usd"}, "currency"),
    ({"id": "cs_test_other", "metadata": {}}, "unmatched")])
def test_money_that_does_not_match_goes_to_staff(desk: Desk, changes: dict[str, object], problem: str) -> None:
    row = _checkout(desk, desk.link())
    assert _deliver(desk, event("checkout.session.completed", paid_session(row, **changes))) == "for_staff"
    (payment,) = desk.payments()
    assert (payment.status, payment.problem, payment.txn_id) == (PaymentStatus.FOR_STAFF, problem, None)
    assert desk.owed(desk.gas) == 31200
    assert _tickets(desk) == ["payment_to_place"]
    assert [said.name for said in desk.said] == ([] if problem == "unmatched" else ["payment_with_staff"])


def test_a_session_whose_making_crashed_is_known_by_its_key(desk: Desk) -> None:
    row = _checkout(desk, desk.link(), stripe_id=None, status="making")
    body = paid_session(row, id="cs_test_9")
    assert _deliver(desk, event("checkout.session.completed", body)) == "posted"
    assert desk.owed(desk.gas) == 26200


def test_money_never_goes_to_a_disputed_debt(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    with desk.db.write() as session:
        place_hold(session, key="h", debtor_id=desk.book.debtor_id, debt_id=desk.gas, reason=HoldReason.DISPUTE,
                   now=desk.book.now, until=None, actor="test", cause="test")
    assert _deliver(desk, event("checkout.session.completed", paid_session(row))) == "for_staff"
    assert desk.owed(desk.gas) == 31200
    assert desk.payments()[0].problem == "held"


def test_a_test_event_is_never_posted_to_a_live_portfolio(desk: Desk, configure: Callable[..., None]) -> None:
    row = _checkout(desk, desk.link())
    configure(DEBTDESK_PAYMENTS="auto", STRIPE_API_KEY="sk_live_1", STRIPE_WEBHOOK_SECRET="whsec_live")
    raw, signature = signed(event("checkout.session.completed", paid_session(row)), "whsec_live")
    assert accept(desk.db, raw, signature, now=desk.book.now).outcome == "wrong_mode"
    assert desk.owed(desk.gas) == 31200
    assert desk.payments() == []
    assert _events(desk) == 1


def test_a_live_event_is_never_posted_to_test_data(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    body = event("checkout.session.completed", paid_session(row, livemode=True), livemode=True)
    assert _deliver(desk, body) == "wrong_mode"
    assert desk.owed(desk.gas) == 31200


def test_the_raw_event_is_not_readable_in_the_database(desk: Desk) -> None:
    _deliver(desk, event("customer.created", {"object": "customer", "email": "maya@example.org"}))
    with desk.db.engine.connect() as connection:
        (raw,) = connection.exec_driver_sql("SELECT raw FROM stripe_event").one()
    assert "maya" not in raw


def test_a_failure_keeps_the_event_and_tells_staff_at_the_third(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _checkout(desk, desk.link())
    body = event("checkout.session.completed", paid_session(row))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr("payments.posting.receive", broken)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                _deliver(desk, body)
    assert (_events(desk), desk.payments()) == (1, [])
    assert _tickets(desk) == ["payment_event_failed"]
    assert _deliver(desk, body) == "posted"
    assert desk.owed(desk.gas) == 26200


def _refund(**changes: object) -> dict[str, object]:
    return {"id": "re_1", "object": "refund", "amount": 5000, "currency": "gbp", "payment_intent": "pi_1",
            "status": "succeeded"} | changes


def test_a_full_refund_is_reversed_and_told_to_staff(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    _deliver(desk, event("checkout.session.completed", paid_session(row)))
    assert _deliver(desk, event("refund.created", _refund(), identifier="evt_2")) == "refunded"
    assert _deliver(desk, event("refund.updated", _refund(), identifier="evt_3")) == "duplicate"
    assert desk.owed(desk.gas) == 31200
    assert desk.payments()[0].status is PaymentStatus.REFUNDED
    assert _tickets(desk) == ["card_refund"]


def test_a_refund_that_fails_is_posted_again(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    _deliver(desk, event("checkout.session.completed", paid_session(row)))
    _deliver(desk, event("refund.created", _refund(), identifier="evt_2"))
    failed = event("refund.failed", _refund(status="failed"), identifier="evt_3")
    assert [_deliver(desk, failed) for _ in range(2)] == ["refund_failed", "duplicate"]
    assert desk.owed(desk.gas) == 26200
    assert desk.payments()[0].status is PaymentStatus.POSTED


def test_refunds_of_a_part_are_posted_until_nothing_is_left(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    _deliver(desk, event("checkout.session.completed", paid_session(row)))
    assert _deliver(desk, event("refund.created", _refund(amount=1000), identifier="evt_2")) == "refunded"
    assert (desk.owed(desk.gas), desk.payments()[0].status) == (27200, PaymentStatus.POSTED)
    assert _deliver(desk, event("refund.created", _refund(id="re_2", amount=4001), identifier="evt_3")) == "for_staff"
    assert _deliver(desk, event("refund.created", _refund(id="re_3", amount=4000), identifier="evt_4")) == "refunded"
    assert (desk.owed(desk.gas), desk.payments()[0].status) == (31200, PaymentStatus.REFUNDED)
    failed = event("refund.failed", _refund(amount=1000, status="failed"), identifier="evt_5")
    assert _deliver(desk, failed) == "refund_failed"
    assert (desk.owed(desk.gas), desk.payments()[0].status) == (30200, PaymentStatus.POSTED)
    with desk.db.read() as session:
        assert check(session) == []


def test_a_refund_that_overtakes_its_payment_waits_for_it(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    assert _deliver(desk, event("refund.created", _refund(), identifier="evt_2")) == "waiting"
    assert _deliver(desk, event("checkout.session.completed", paid_session(row))) == "posted"
    assert desk.owed(desk.gas) == 31200
    with desk.db.read() as session:
        assert session.get_one(StripeEvent, "evt_2").state is EventState.HANDLED


def _dispute(step: str, number: int, **changes: object) -> dict[str, object]:
    body = {"id": "du_1", "object": "dispute", "amount": 5000, "currency": "gbp", "payment_intent": "pi_1",
            "reason": "fraudulent", "status": "needs_response"} | changes
    return event(f"charge.dispute.{step}", body, identifier=f"evt_d{number}")


def _account(desk: Desk, kind: CreditorAccount) -> int:
    with desk.db.read() as session:
        return session.scalar(select(func.sum(Entry.amount)).join(Account, Account.id == Entry.account_id)
                              .where(Account.kind == kind.value)) or 0


def test_a_card_dispute_is_followed_step_by_step_and_told_to_staff(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    _deliver(desk, event("checkout.session.completed", paid_session(row)))
    moved = {"id": "txn_w", "object": "balance_transaction", "amount": -5000, "currency": "gbp", "fee": 2000}
    assert _deliver(desk, _dispute("created", 0)) == "for_staff"
    for number in (1, 2):
        assert _deliver(desk, _dispute("funds_withdrawn", number, balance_transactions=[moved])) == "posted"
    assert desk.owed(desk.gas) == 26200  # nobody knows yet
    assert [_account(desk, kind) for kind in (
        CreditorAccount.DISPUTE_HOLD, CreditorAccount.PROCESSOR_FEES, CreditorAccount.PROCESSOR_CLEARING
    )] == [5000, 2000, -2000]
    assert _deliver(desk, _dispute("closed", 3, status="lost")) == "posted"
    assert (desk.owed(desk.gas), _account(desk, CreditorAccount.DISPUTE_HOLD)) == (31200, 0)
    assert _deliver(desk, _dispute("funds_reinstated", 4, status="won")) == "posted"  # won on appeal
    assert (desk.owed(desk.gas), _account(desk, CreditorAccount.DISPUTE_HOLD)) == (26200, 0)
    assert _tickets(desk) == ["card_dispute"] * 4
    with desk.db.read() as session:
        assert check(session) == []


def test_the_end_of_a_dispute_waits_for_its_beginning(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    _deliver(desk, event("checkout.session.completed", paid_session(row)))
    assert _deliver(desk, _dispute("closed", 1, status="lost")) == "waiting"
    assert _deliver(desk, _dispute("funds_withdrawn", 2)) == "posted"
    assert (desk.owed(desk.gas), _account(desk, CreditorAccount.DISPUTE_HOLD)) == (31200, 0)


def test_the_value_date_is_the_day_it_was_paid_where_the_debtor_lives(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    paid = desk.book.now - timedelta(days=3)
    _deliver(desk, event("checkout.session.completed", paid_session(row), created=int(paid.timestamp())))
    with desk.db.read() as session:
        txn = session.scalars(select(Txn).where(Txn.kind == "payment")).one()
    assert txn.effective_on == paid.date()


def test_a_stored_event_can_be_handled_later(desk: Desk) -> None:
    row = _checkout(desk, desk.link())
    raw, signature = signed(event("checkout.session.completed", paid_session(row)), webhook_secret())
    seen = verify(raw, signature, webhook_secret(), real_time=time.time())
    with desk.db.write() as session:
        assert store(session, seen, raw, now=desk.book.now)
        assert not store(session, seen, raw, now=desk.book.now)
    with desk.db.write() as session:
        assert handle(session, seen.id, now=desk.book.now) == "posted"
    assert desk.owed(desk.gas) == 26200
