"""Income and expenditure forms: kept in versions, encrypted, and a cap on what is agreed."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from ledger.affordability import Every, Form, IncomeLine, SpendingLine
from ledger.budgets import forms_of, record_form, spare, surplus_of
from ledger.errors import AboveSurplus, KeyReused, NotFound
from ledger.kinds import Income, Spending
from ledger.models import Budget, Plan
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.policy import load_policy
from ledger.schedule import MONTHLY, WEEKLY, Frequency
from runtime.database import Database
from runtime.ids import DebtorId
from tests.ledger.portfolio import Portfolio

TODAY = date(2026, 3, 3)


def form(surplus: int, currency: str = "GBP") -> Form:
    """A form that leaves ``surplus`` pence over in a month."""
    return Form(currency=currency, adults=1, children=2,
                income=(IncomeLine(kind=Income.BENEFITS, minor=30_000, every=Every.WEEK),),
                spending=(SpendingLine(category=Spending.HOUSING, minor=130_000 - surplus),))


def record(portfolio: Portfolio, surplus: int, key: str = "form", today: date = TODAY, currency: str = "GBP") -> Budget:
    with portfolio.db.write() as session:
        return record_form(session, key=key, debtor_id=portfolio.debtor_id, form=form(surplus, currency), actor="staff",
                           now=portfolio.now, today=today)


def surplus(portfolio: Portfolio, today: date = TODAY) -> Money | None:
    with portfolio.db.read() as session:
        return surplus_of(session, portfolio.debtor_id, today=today)


def agree(portfolio: Portfolio, total: int, instalment: int, frequency: Frequency = MONTHLY, *, ref: str = "A1",
          by_staff: bool = False) -> Plan:
    debt = portfolio.debt(ref, total)
    with portfolio.db.write() as session:
        return agree_plan(
            session, key=f"plan:{ref}", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test",
            now=portfolio.now, by_staff=by_staff,
            offer=Offer(Money(total, "GBP"), Money(instalment, "GBP"), frequency, date(2026, 3, 10)))


def test_the_newest_counts_and_the_others_stay(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 10_000)
    assert surplus(portfolio) is None
    assert record(portfolio, 12_000).version == 1
    assert record(portfolio, 12_000).version == 1
    assert record(portfolio, -50, "later").version == 2
    assert surplus(portfolio) == Money(-50, "GBP")
    with db.read() as session:
        newest, first = forms_of(session, portfolio.debtor_id)
    assert (newest.version, newest.surplus, first.surplus) == (2, Money(-50, "GBP"), Money(12_000, "GBP"))
    assert (first.form, first.actor, first.valid_until) == (form(12_000), "staff", TODAY + timedelta(days=180))
    assert [flag.category for flag in first.flags] == [Spending.HOUSING]


def test_the_same_key_with_other_content(db: Database, portfolio: Portfolio) -> None:
    record(portfolio, 12_000)
    with pytest.raises(KeyReused):
        record(portfolio, 12_001)
    with db.write() as session, pytest.raises(NotFound):
        record_form(session, key="x", debtor_id=DebtorId(4711), form=form(1), actor="x", now=portfolio.now, today=TODAY)


def test_an_old_form_counts_no_more(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 10_000)
    record(portfolio, 12_000)
    assert surplus(portfolio, TODAY + timedelta(days=180)) == Money(12_000, "GBP")
    assert surplus(portfolio, TODAY + timedelta(days=181)) is None


def test_nothing_of_it_can_be_read_in_the_database(db: Database, portfolio: Portfolio) -> None:
    record(portfolio, 12_000)
    with db.read() as session:
        stored = str(session.execute(text("SELECT * FROM budget")).all())
    assert "wages" not in stored
    assert "benefits" not in stored
    assert "30000" not in stored


def test_a_plan_never_takes_more_than_the_share_of_the_surplus(db: Database, portfolio: Portfolio) -> None:
    record(portfolio, 5_000)  # 40.00 of it may be taken
    with pytest.raises(AboveSurplus) as caught:
        agree(portfolio, 20_000, 4_001)
    assert caught.value.most == Money(4_000, "GBP")
    with pytest.raises(AboveSurplus) as caught:
        agree(portfolio, 20_000, 924, WEEKLY, ref="A2")
    assert caught.value.most == Money(923, "GBP")  # 40.00 × 12 / 52
    assert agree(portfolio, 20_000, 4_000, ref="A3").instalment == 4_000
    assert surplus(portfolio) == Money(1_000, "GBP")  # beside the plan that runs now
    with pytest.raises(AboveSurplus):
        agree(portfolio, 20_000, 2_500, ref="A4")
    assert agree(portfolio, 20_000, 2_500, ref="A5", by_staff=True).instalment == 2_500


def test_what_may_be_asked_for_in_a_month(db: Database, portfolio: Portfolio) -> None:
    policy = load_policy("uk-standard")
    portfolio.debt("A1", 10_000)

    def asked(today: date = TODAY) -> Money | None:
        with db.read() as session:
            return spare(session, portfolio.debtor_id, policy, today=today)

    assert asked() is None
    record(portfolio, 5_001)
    assert asked() == Money(4_000, "GBP")
    assert asked(TODAY + timedelta(days=181)) is None
    record(portfolio, -5_000, "less")
    assert asked() == Money(0, "GBP")
    record(portfolio, 5_000, "dollars", currency="USD")
    assert asked() is None


def test_without_a_surplus_nothing_is_agreed_but_by_a_person(db: Database, portfolio: Portfolio) -> None:
    record(portfolio, 0)
    with pytest.raises(AboveSurplus) as caught:
        agree(portfolio, 20_000, 2_500)
    assert caught.value.most.is_zero
    assert agree(portfolio, 20_000, 2_500, ref="A2", by_staff=True).instalment == 2_500


def test_a_form_in_another_currency_caps_nothing(db: Database, portfolio: Portfolio) -> None:
    record(portfolio, 0, currency="USD")
    assert agree(portfolio, 20_000, 2_500).instalment == 2_500
    assert surplus(portfolio) == Money(0, "USD")
