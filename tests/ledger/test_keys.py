"""An idempotency key stands for one thing, in every service that posts."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.card_disputes import lose_dispute, reinstate_disputed, withdraw_disputed
from ledger.corrections import adjust, write_off
from ledger.errors import LedgerError
from ledger.kinds import Authority, Bucket, WriteOffReason
from ledger.models import Txn
from ledger.money import Money
from ledger.opening import recall_debt
from ledger.posting import reverse
from ledger.processor_fees import charge_fee
from ledger.receipts import receive
from ledger.returns import refund_failed, refund_overpayment, refund_payment
from runtime.database import Database
from tests.ledger.portfolio import Portfolio

Service = Callable[..., Any]


def pounds(pence: int) -> Money:
    return Money(pence, "GBP")


@pytest.fixture
def services(portfolio: Portfolio) -> list[tuple[Service, dict[str, Any], dict[str, Any]]]:
    """Each service with what it is asked for, and with something else it is asked for under the same key."""
    one, two, three = (portfolio.debt(f"A{number}", 1_000) for number in range(3))
    debts = [portfolio.debt(f"B{number}", 1_000) for number in range(4)]
    paid, other, bounced, more = (
        portfolio.pay(f"p{number}", {one: 700 if number else 1_200}).id for number in range(4))
    common = {"effective_on": date(2026, 3, 4), "posted_at": portfolio.now, "actor": "test", "cause": "test"}
    given = {name: value for name, value in common.items() if name != "cause"}
    with portfolio.db.write() as session:
        back = [refund_payment(session, key=f"r{number}", payment_id=other, amount=pounds(10), **common).id
                for number in range(2)]
        held = [withdraw_disputed(session, key=f"w{number}", payment_id=more, amount=pounds(10), **common).id
                for number in range(4)]
    recalled = {"effective_on": date(2026, 3, 4), "now": portfolio.now, "actor": "test"}
    return [
        (receive, {"split": {two: pounds(5)}, **common}, {"split": {two: pounds(6)}, **common}),
        (reverse, {"txn_id": bounced, **common}, {"txn_id": paid, **common}),
        (refund_payment, {"payment_id": other, "amount": pounds(5), **common},
         {"payment_id": other, "amount": pounds(6), **common}),
        (refund_failed, {"refund_id": back[0], **common}, {"refund_id": back[1], **common}),
        (refund_overpayment, {"debt_id": one, "amount": pounds(5), **common},
         {"debt_id": one, "amount": pounds(6), **common}),
        (withdraw_disputed, {"payment_id": other, "amount": pounds(5), **common},
         {"payment_id": other, "amount": pounds(6), **common}),
        (lose_dispute, {"withdrawal_id": held[0], **common}, {"withdrawal_id": held[1], **common}),
        (reinstate_disputed, {"withdrawal_id": held[2], **common}, {"withdrawal_id": held[3], **common}),
        (charge_fee, {"payment_id": paid, "fee": pounds(5), **common},
         {"payment_id": paid, "fee": pounds(6), **common}),
        (adjust, {"debt_id": three, "bucket": Bucket.FEES, "amount": pounds(5), "reason": "a", **given},
         {"debt_id": three, "bucket": Bucket.FEES, "amount": pounds(5), "reason": "b", **given}),
        (write_off, {"debt_id": debts[0], "reason": WriteOffReason.GOODWILL, "authority": Authority.LEAD, **given},
         {"debt_id": debts[1], "reason": WriteOffReason.GOODWILL, **given}),
        (recall_debt, {"debt_id": debts[2], **recalled}, {"debt_id": debts[3], **recalled}),
    ]


def test_the_same_again_is_nothing_and_something_else_an_error(
    db: Database, services: list[tuple[Service, dict[str, Any], dict[str, Any]]]
) -> None:
    def count(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(Txn)) or 0

    for service, asked, something_else in services:
        key = f"key of {service.__name__}"
        with db.write() as session:
            service(session, key=key, **asked)
            before = count(session)
        with db.write() as session:
            service(session, key=key, **asked)
            assert count(session) == before, service.__name__
        with pytest.raises(LedgerError, match="used before"), db.write() as session:
            service(session, key=key, **something_else)
        with db.read() as session:
            assert count(session) == before
            txn = session.scalars(select(Txn).where(Txn.idem_key == key)).one()
            assert (bool(txn.actor), bool(txn.cause)) == (True, True), service.__name__
