"""Payments: allocated by policy, nothing lost, nothing twice."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ledger import receipts
from ledger.allocation import MoreThanOwed, over_buckets, split_payment
from ledger.balances import balance_of
from ledger.check import check
from ledger.errors import KeyReused, NotFound, WrongCurrency
from ledger.holds import HoldReason, place_hold
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus
from ledger.models import Account, Creditor, Debt, DebtBalance, FeedEvent, Txn
from ledger.money import Money, total
from ledger.posting import lines_of
from ledger.receipts import payments_of, receive
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio


@given(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), st.integers(1, 10**10), st.permutations(OWED))
def test_no_minor_unit_is_lost_over_the_buckets(parts: list[int], amount: int, order: list[Bucket]) -> None:
    balance = DebtBalance(**dict(zip([b.value for b in OWED], parts, strict=True)))
    given_out = over_buckets(balance, Money(amount, "GBP"), order)
    assert total(given_out.values(), "GBP").minor == amount
    assert all(money.minor > 0 for money in given_out.values())
    assert all(given_out[b].minor <= getattr(balance, b.value) for b in OWED if b in given_out)
    if Bucket.OVERPAYMENT in given_out:
        assert all(given_out.get(b, Money(0, "GBP")).minor == getattr(balance, b.value) for b in OWED)


def test_the_policys_order_of_buckets(db: Database, portfolio: Portfolio) -> None:
    with db.write() as session:
        session.get_one(Creditor, portfolio.parcel).policy = "us-standard"  # interest, fees, costs, principal
    debt = portfolio.debt("A1", 10_000, interest=300, fees=200, costs=100)
    other = portfolio.debt("B1", 10_000, interest=300, fees=200, costs=100, creditor=portfolio.parcel)
    portfolio.pay("p1", {debt: 450, other: 450})
    one, two = portfolio.balance(debt), portfolio.balance(other)
    assert (one.principal, one.interest, one.fees, one.costs) == (9_550, 300, 200, 100)
    assert (two.principal, two.interest, two.fees, two.costs) == (10_000, 0, 50, 100)


def test_paying_all_and_more(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000, interest=50)
    portfolio.pay("p1", {debt: 10_100})
    with db.read() as session:
        assert session.get_one(Debt, debt).status is DebtStatus.PAID
        balance = balance_of(session, portfolio.debtor_id, now=portfolio.now)
        assert balance.lines == []
        assert balance.overpaid == {"GBP": Money(50, "GBP")}
        assert check(session) == []
    portfolio.pay("p2", {debt: 100})
    assert portfolio.balance(debt).overpayment == 150


def test_the_same_payment_is_credited_once(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    assert portfolio.pay("p1", {debt: 4_000}).id == portfolio.pay("p1", {debt: 4_000}).id
    assert portfolio.balance(debt).principal == 6_000
    with pytest.raises(KeyReused):
        portfolio.pay("p1", {debt: 4_001})


def test_money_that_came_in_is_credited_whatever_hold_there_is(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=debt, reason=HoldReason.DISPUTE,
                   now=portfolio.now, until=None, actor="test", cause="test")
    portfolio.pay("p1", {debt: 100})
    assert portfolio.balance(debt).principal == 9_900


def test_bad_splits_are_refused_before_anything_is_written(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    cases: list[tuple[dict[DebtId, Money], type[Exception]]] = [
        ({}, ValueError), ({debt: Money(0, "GBP")}, ValueError), ({debt: Money(-5, "GBP")}, ValueError),
        ({DebtId(4711): Money(5, "GBP")}, NotFound), ({debt: Money(5, "USD")}, WrongCurrency),
    ]
    with db.write() as session:
        for split, error in cases:
            with pytest.raises(error):
                receive(session, key="p", split=split, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                        actor="test", cause="test")
    with db.read() as session:
        assert check(session) == []


def test_the_account_the_money_came_in_on(db: Database, portfolio: Portfolio) -> None:
    debts = {portfolio.debt("A1", 10_000): Money(700, "GBP"), portfolio.debt("A2", 500): Money(50, "GBP"),
             portfolio.debt("B1", 500, creditor=portfolio.parcel): Money(500, "GBP")}
    with db.write() as session:
        txn = receive(session, key="p", split=debts, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                      actor="import", cause="before placement", through=CreditorAccount.DIRECT)
    with db.read() as session:
        ours = [(x.owner, x.kind, x.amount.minor) for x in lines_of(session, txn.id) if x.debt_id is None]
        assert ours == [(portfolio.gas, CreditorAccount.DIRECT, 750), (portfolio.parcel, CreditorAccount.DIRECT, 500)]
        assert session.query(Account).filter_by(kind="processor_clearing").count() == 0


def test_payments_the_newest_first(db: Database, portfolio: Portfolio) -> None:
    gas = portfolio.debt("A1", 10_000)
    parcel = portfolio.debt("B1", 300, creditor=portfolio.parcel)
    portfolio.pay("p1", {gas: 5_000}, on=date(2026, 2, 1))
    portfolio.pay("p2", {gas: 100, parcel: 400}, on=date(2026, 1, 1))
    with db.read() as session:
        lines = payments_of(session, portfolio.debtor_id)
    assert [(str(x.on), x.amount.minor, x.debt_ref, x.creditor) for x in lines] == [
        ("2026-02-01", 5_000, "A1", "Northern Gas"), ("2026-01-01", 100, "A1", "Northern Gas"),
        ("2026-01-01", 400, "B1", "Parcel & Co")]


def test_a_payment_is_spread_over_the_oldest_and_never_a_disputed_debt(db: Database, portfolio: Portfolio) -> None:
    young = portfolio.debt("A1", 1_000, opened_on=date(2025, 9, 1))
    old = portfolio.debt("A2", 300, opened_on=date(2024, 9, 1))
    disputed = portfolio.debt("A3", 9_000, opened_on=date(2023, 9, 1))
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=disputed, reason=HoldReason.DISPUTE,
                   now=portfolio.now, until=None, actor="test", cause="test")
    with db.read() as session:
        lines = balance_of(session, portfolio.debtor_id, now=portfolio.now).lines
    assert split_payment(lines, Money(500, "GBP")) == {old: Money(300, "GBP"), young: Money(200, "GBP")}
    assert split_payment(lines, Money(500, "GBP"), only=[young]) == {young: Money(500, "GBP")}
    with pytest.raises(MoreThanOwed) as caught:
        split_payment(lines, Money(1_301, "GBP"))
    assert caught.value.payable == Money(1_300, "GBP")
    with pytest.raises(MoreThanOwed):
        split_payment(lines, Money(1, "GBP"), only=[disputed])


@pytest.mark.parametrize("amount", [700, 1_500])
def test_the_short_way_writes_what_the_long_way_writes(
    db: Database, portfolio: Portfolio, amount: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = (portfolio.debt(ref, 8_000, interest=300, fees=250, costs=70) for ref in ("A1", "A2"))
    with db.write() as session:  # the creditor's account is there; a balance that is known is read again
        receive(session, key="first", split={short: Money(5, "GBP"), long: Money(5, "GBP")}, cause="test",
                effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="test")
        known = session.get_one(DebtBalance, short)
        receive(session, key="A1", split={short: Money(amount, "GBP")}, cause="test",
                effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="test")
        assert known.owed == 8_620 - 5 - amount
    monkeypatch.setattr(receipts, "post_plain", lambda *_, **__: (None, False))
    portfolio.pay("A2", {long: amount})

    def written(debt_id: DebtId, key: str) -> list[object]:
        with db.read() as session:
            txn = session.scalars(select(Txn).where(Txn.idem_key == key)).one()
            told = session.scalars(select(FeedEvent).where(FeedEvent.subject == f"posting:{txn.id}")).one()
            balance = session.get_one(DebtBalance, debt_id)
            facts = {name: value for name, value in told.facts.items() if name not in ("posting", "key")}
            lines = {(line.kind, line.amount) for line in lines_of(session, txn.id)}
            return [txn.kind, txn.effective_on, txn.posted_at, txn.actor, txn.cause, txn.reverses_id, lines, facts,
                    told.kind, told.debtor_id, told.at, told.debt_id == debt_id, told.key.startswith("posting:"),
                    balance.principal, balance.interest, balance.fees, balance.costs, balance.version]

    assert written(short, "A1") == written(long, "A2")
    with db.read() as session:
        assert check(session) == []
