"""Which debts a plan can be proposed for."""

from datetime import date

from sqlalchemy import update

from ledger.holds import HoldReason, hold_until, place_hold
from ledger.models import Creditor, Debt
from ledger.money import Money
from ledger.offers import offers
from ledger.plans import agree_plan
from ledger.spreading import spreads
from runtime.database import Database
from tests.ledger.portfolio import Portfolio


def test_all_payable_debts_that_are_in_no_plan(db: Database, portfolio: Portfolio) -> None:
    gas, parcel = portfolio.debt("A1", 31_200), portfolio.debt("B1", 17_420, creditor=portfolio.parcel)
    disputed, old = portfolio.debt("A2", 5_000), portfolio.debt("A3", 5_000)
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=disputed, reason=HoldReason.DISPUTE,
                   now=portfolio.now, until=None, actor="test", cause="test")
        session.execute(update(Debt).where(Debt.id == old).values(time_barred=True))
    with db.write() as session:
        (spread,) = spreads(session, portfolio.debtor_id, now=portfolio.now)
        assert (spread.debt_ids, spread.total) == ((gas, parcel), Money(48_620, "GBP"))
        assert spread.creditors == ("Northern Gas", "Parcel & Co")
        assert [s.debt_ids for s in spreads(session, portfolio.debtor_id, now=portfolio.now, only=[old])] == [(old,)]
        offer = offers(spread.policy, spread.total, today=portfolio.now.date())[1]
        agree_plan(session, key="k", debtor_id=portfolio.debtor_id, debt_ids=spread.debt_ids, offer=offer, actor="test",
                   now=portfolio.now)
        assert spreads(session, portfolio.debtor_id, now=portfolio.now) == []


def test_creditors_that_agree_on_nothing_get_a_plan_each(db: Database, portfolio: Portfolio) -> None:
    with db.write() as session:
        session.get_one(Creditor, portfolio.parcel).policy = "us-standard"
    portfolio.debt("A1", 100)
    dollars = portfolio.debt("B1", 20_000, creditor=portfolio.parcel, currency="USD")
    with db.read() as session:
        first, second = spreads(session, portfolio.debtor_id, now=portfolio.now)
        assert (first.debt_ids, first.policy.name) == ((dollars,), "us-standard")
        assert (second.total, second.policy.name) == (Money(100, "GBP"), "uk-standard")


def test_how_long_a_hold_lasts_is_the_policys(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 100)
    today = date(2026, 3, 3)
    with db.read() as session:
        for target in (debt, None):
            assert hold_until(session, debtor_id=portfolio.debtor_id, debt_id=target, reason=HoldReason.HARDSHIP,
                              today=today) == date(2026, 4, 2)
            assert hold_until(session, debtor_id=portfolio.debtor_id, debt_id=target, reason=HoldReason.DISPUTE,
                              today=today) is None
