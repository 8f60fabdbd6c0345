"""Debts come and go."""

from datetime import date

import pytest
from sqlalchemy import func, select

from ledger.balances import balance_of
from ledger.check import check
from ledger.errors import KeyReused, ReferenceTaken, WrongCurrency
from ledger.kinds import CreditorAccount, DebtStatus, PlanStatus
from ledger.models import Debt, Debtor, Txn
from ledger.money import Money
from ledger.offers import offers
from ledger.opening import open_debt, recall_debt
from ledger.plans import agree_plan, plans_of
from ledger.policy import load_policy
from ledger.posting import lines_of, reverse
from runtime.database import Database
from tests.ledger.portfolio import Portfolio


def test_a_debt_opens_with_all_its_parts(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("ab 12", 10_000, interest=300, fees=200, costs=100)
    balance = portfolio.balance(debt)
    assert (balance.principal, balance.interest, balance.fees, balance.costs, balance.owed) == (
        10_000, 300, 200, 100, 10_600)
    with db.read() as session:
        assert session.get_one(Debt, debt).ref == "AB12"
        placed = [x for x in lines_of(session, 1) if x.kind is CreditorAccount.PLACED]
        assert [(x.owner, x.amount.minor) for x in placed] == [(portfolio.gas, -10_600)]


def test_opening_twice_is_once(db: Database, portfolio: Portfolio) -> None:
    assert portfolio.debt("A1", 10_000) == portfolio.debt("A1", 10_000)
    assert portfolio.debt("A2", 0) == portfolio.debt("A2", 0)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Txn)) == 1
        assert session.scalar(select(func.count()).select_from(Debt)) == 2


def test_a_key_or_reference_for_something_else(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 10_000)
    with pytest.raises(KeyReused):
        portfolio.debt("A1", 10_001)

    def opened(key: str, ref: str, **parts: Money) -> None:
        with db.write() as session:
            open_debt(session, key=key, ref=ref, debtor_id=portfolio.debtor_id, creditor_id=portfolio.gas,
                      kind="energy", opened_on=date(2025, 1, 1), effective_on=date(2025, 1, 1), now=portfolio.now,
                      actor="test", **({"principal": Money(1, "GBP")} | parts))

    with pytest.raises(ReferenceTaken):
        opened("other", "a1")
    with pytest.raises(KeyReused):
        opened("open:A1", "A9")
    with pytest.raises(WrongCurrency):
        opened("k", "A9", fees=Money(1, "USD"))
    with pytest.raises(ValueError, match="negative"):
        opened("k", "A9", fees=Money(-1, "GBP"))
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Debt)) == 1


def test_nothing_owed_is_paid_from_the_start(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 0)
    with db.read() as session:
        assert session.get_one(Debt, debt).status is DebtStatus.PAID
        assert balance_of(session, portfolio.debtor_id, now=portfolio.now).lines == []
        assert check(session) == []


def test_a_recalled_debt_is_owed_no_more_and_its_plan_ends(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 60_000, fees=4_000)
    offer = offers(load_policy("uk-standard"), Money(64_000, "GBP"), today=portfolio.now.date())[0]
    with db.write() as session:
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[debt], offer=offer, actor="test",
                   now=portfolio.now)
    for _ in range(2):
        with db.write() as session:
            recall_debt(session, key="recall", debt_id=debt, effective_on=portfolio.now.date(), now=portfolio.now,
                        actor="creditor")
    assert portfolio.balance(debt).owed == 0
    with db.read() as session:
        assert session.get_one(Debt, debt).status is DebtStatus.RECALLED
        assert [p.status for p in plans_of(session, portfolio.debtor_id, today=portfolio.now.date())] == [
            PlanStatus.CANCELLED]
        assert balance_of(session, portfolio.debtor_id, now=portfolio.now).totals == {}
        assert check(session) == []


def test_a_recall_that_was_reversed_is_not_replayed(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 60_000)
    day = portfolio.now.date()

    def recall(key: str) -> DebtStatus:
        with db.write() as session:
            return recall_debt(session, key=key, debt_id=debt, effective_on=day, now=portfolio.now, actor="c").status
    assert recall("recall") is DebtStatus.RECALLED
    with db.write() as session:
        txn = session.scalars(select(Txn.id).where(Txn.idem_key == "recall")).one()
        reverse(session, key="r", txn_id=txn, effective_on=day, posted_at=portfolio.now, actor="t", cause="by mistake")
    assert recall("recall") is DebtStatus.OPEN  # done once, and undone
    assert portfolio.balance(debt).owed == 60_000
    assert recall("again") is DebtStatus.RECALLED
    with db.read() as session:
        assert check(session) == []


def test_factors_of_identity_are_not_readable_in_the_database(db: Database, portfolio: Portfolio) -> None:
    with db.read() as session:
        raw = session.connection().exec_driver_sql("SELECT date_of_birth, postcode FROM debtor").one()
        assert session.scalars(select(Debtor.date_of_birth)).one() == "1987-05-04"
    assert "1987" not in raw[0]
    assert "1HQ" not in raw[1]
