"""A creditor's events go to its own receiver, and tell it nothing of the others."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.delivering import Came
from exchange.serving import serving
from ledger.feed import tell
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.schedule import MONTHLY
from runtime.webhooks import creditors_of
from tests.exchange.conftest import Books, Hand, webhook
from tests.ledger.planning import FIRST
from tests.ledger.portfolio import Portfolio


def test_each_gets_its_own(portfolio: Portfolio) -> None:
    own, rest = Books(), Books()
    try:
        gas, parcel = portfolio.debt("G1", 10_000), portfolio.debt("P1", 10_000, creditor=portfolio.parcel)
        portfolio.pay("g", {gas: 100})
        portfolio.pay("p", {parcel: 200})
        with portfolio.db.write() as session:
            agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[gas, parcel], actor="debtor",
                       offer=Offer(Money(19_700, "GBP"), Money(5_000, "GBP"), MONTHLY, FIRST), now=portfolio.now)
            tell(session, kind="contact.stopped", subject="debtor:1", debtor_id=portfolio.debtor_id, at=portfolio.now,
                 facts={"channel": "all"}, key="stop")
        portfolio.pay("p2", {parcel: 200})
        serves = serving(["own", "rest"], {"own": frozenset({"GAS"})})
        hand = Hand(portfolio.db, portfolio.now, replace(webhook(own.url), name="own", serves=serves["own"]),
                    replace(webhook(rest.url), name="rest", serves=serves["rest"]))
        assert Came.FAILED not in hand.go(6)
        assert hand.go(1) == [Came.NOTHING, Came.NOTHING]

        def heard(books: Books) -> list[tuple[str, str | None]]:
            return [(event["kind"], event["debt"]) for event in books.taken]
        assert heard(own) == [("payment.received", "G1"), ("plan.agreed", None), ("contact.stopped", None)]
        assert heard(rest) == [("payment.received", "P1"), ("plan.agreed", None), ("contact.stopped", None),
                               ("payment.received", "P1")]
        plan: dict[str, Any] = own.taken[1]["facts"]
        assert (plan["debts"], plan["partial"]) == (["G1"], True)
        assert not {"total", "instalment"} & plan.keys()
        assert rest.taken[1]["facts"]["total"]["minor"] == 19_700
        assert own.taken[2]["facts"] == {"channel": "all"}
    finally:
        own.close()
        rest.close()


def test_the_setting() -> None:
    assert creditors_of("northern=ng,NG2 files=PARCEL") == {
        "northern": frozenset({"NG", "NG2"}), "files": frozenset({"PARCEL"})}
    for wrong in ("northern", "northern=", "a=X b=x", "a=X a=Y"):
        with pytest.raises(ValueError, match=r"not receivers|named twice"):
            creditors_of(wrong)
