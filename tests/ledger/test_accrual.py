"""Interest in the ledger: once a day, exact, the same however often and late it is run."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from ledger.accrual import accrue, accrue_all
from ledger.check import check
from ledger.corrections import write_off
from ledger.errors import CannotReverse
from ledger.holds import HoldReason, lift_hold, place_hold
from ledger.kinds import Authority, Frozen, PostingKind, WriteOffReason
from ledger.models import Accrual, AccrualSpan, Creditor, Debt, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.posting import reverse
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.ids import DebtId
from tests.ledger.bearing_policy import policies_in, write_policy
from tests.ledger.portfolio import Portfolio, found_portfolio

OPENED = date(2026, 3, 3)  # the portfolio's today: debts are placed on it
SIMPLE = 'method: simple, annual_percent: "8", since: 2026-01-01'
Bears = Callable[[str], None]


@pytest.fixture
def bears(tmp_path: Path) -> Iterator[Bears]:
    """Sets the section ``interest`` of the policy that all creditors of the portfolio have."""
    versions = 0

    def setting(section: str) -> None:
        nonlocal versions
        versions += 1
        write_policy(tmp_path, section, version=versions)

    with policies_in(tmp_path):
        setting(SIMPLE)
        yield setting


def run(portfolio: Portfolio, until: date) -> dict[DebtId, Money]:
    """Add interest through ``until``, the day after."""
    with portfolio.db.write() as session:
        ids = session.scalars(select(Debt.id).order_by(Debt.id)).all()
        return accrue(session, ids, until=until, posted_at=portfolio.now.replace(
            year=until.year, month=until.month, day=until.day) + timedelta(days=1))


def every_day(portfolio: Portfolio, last: date) -> None:
    day = OPENED
    while day <= last:
        run(portfolio, day)
        day += timedelta(days=1)


def sound(portfolio: Portfolio) -> None:
    with portfolio.db.read() as session:
        assert check(session) == []


def spans(portfolio: Portfolio) -> list[tuple[int, int, str | None]]:
    """First and last day of March, and what froze them."""
    with portfolio.db.read() as session:
        return [(s.first_on.day, s.last_on.day, s.frozen and s.frozen.value)
                for s in session.scalars(select(AccrualSpan).order_by(AccrualSpan.first_on))]


def test_fractions_are_carried_and_a_day_counts_once(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    debt = portfolio.debt("A1", 1_000)  # 0.219 pence a day
    amounts = []
    for number in range(10):
        for _ in range(2):
            run(portfolio, OPENED + timedelta(days=number))
        amounts.append(portfolio.balance(debt).interest)
    assert amounts == [0, 0, 0, 0, 1, 1, 1, 1, 1, 2]  # the whole of 1000 x 8 % x days / 365
    sound(portfolio)
    with db.read() as session:
        keys = session.scalars(select(Txn.idem_key).where(Txn.kind == PostingKind.ACCRUAL).order_by(Txn.id)).all()
        assert keys == [f"accrual:{debt}:2026-03-07", f"accrual:{debt}:2026-03-12"]


def test_a_year_is_exact_to_the_penny(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    debt = portfolio.debt("A1", 123_457)
    run(portfolio, date(2026, 9, 1))
    run(portfolio, date(2027, 3, 2))
    assert portfolio.balance(debt).interest == 123_457 * 8 // 100
    sound(portfolio)


payments = st.lists(st.tuples(st.integers(0, 18), st.integers(1, 60_000)), max_size=4)


@budget(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments, st.sets(st.integers(0, 19), max_size=4))
def test_catching_up_is_the_same_as_every_day(
    make_sqlite: Callable[[], Database], now: datetime, bears: Bears, paid: list[tuple[int, int]], runs: set[int]
) -> None:
    bears(SIMPLE.replace("8", "31.5"))
    ends = []
    for days in (set(range(20)), runs):
        database = make_sqlite()
        with database.write() as session:
            portfolio = Portfolio(database, *found_portfolio(session, now), now)
        debt = portfolio.debt("A1", 90_000, interest=100)
        for day in range(20):
            portfolio.now = now + timedelta(days=day)
            for number, (on, amount) in enumerate(sorted(paid)):
                if on == day:
                    portfolio.pay(f"p{number}", {debt: amount}, on=OPENED + timedelta(days=day))
            if day in days:
                run(portfolio, OPENED + timedelta(days=day))
        portfolio.now = now
        run(portfolio, OPENED + timedelta(days=20))
        sound(portfolio)
        balance = portfolio.balance(debt)
        ends.append((balance.principal, balance.interest, balance.overpayment))
        database.close()
    assert ends[0] == ends[1]


def test_a_payment_with_an_earlier_value_date_gives_back(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    bears(SIMPLE.replace('"8"', '"36.5"'))  # a thousandth a day
    debt = portfolio.debt("A1", 100_000)
    every_day(portfolio, date(2026, 3, 12))
    assert portfolio.balance(debt).interest == 1_000
    portfolio.pay("p", {debt: 50_000}, on=date(2026, 3, 8))  # five of the ten days were on half
    assert run(portfolio, date(2026, 3, 12)) == {debt: Money(-250, "GBP")}
    assert run(portfolio, date(2026, 3, 12)) == {}
    assert portfolio.balance(debt).interest == 750
    sound(portfolio)
    portfolio.pay("q", {debt: 51_000}, on=date(2026, 3, 4))  # pays all: what is too much is the debtor's
    run(portfolio, date(2026, 3, 12))
    assert (portfolio.balance(debt).owed, portfolio.balance(debt).overpayment) == (0, 101_000 - 100_000 - 100 - 4 * 50)
    sound(portfolio)


def test_nothing_is_added_while_a_hold_or_a_plan_is_on(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    debt = portfolio.debt("A1", 100_000)

    def at(day: int) -> datetime:
        return portfolio.now.replace(day=day)

    with db.write() as session:
        hold = place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=None, now=at(6), until=None,
                          reason=HoldReason.BREATHING_SPACE, actor="test", cause="test")
        place_hold(session, key="v", debtor_id=portfolio.debtor_id, debt_id=debt, now=at(20), until=date(2026, 3, 21),
                   reason=HoldReason.VALIDATION, actor="test", cause="interest goes on")
    run(portfolio, date(2026, 3, 7))
    with db.write() as session:
        lift_hold(session, hold_id=hold.id, now=at(9), actor="test")
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test", now=at(12),
                   offer=Offer(Money(100_000 + portfolio.balance(debt).interest, "GBP"), Money(5_000, "GBP"), MONTHLY,
                               date(2026, 4, 1)))
    run(portfolio, date(2026, 3, 15))
    assert spans(portfolio) == [(3, 5, None), (6, 9, "hold"), (10, 11, None), (12, 15, "plan")]
    assert portfolio.balance(debt).interest == 100_000 * 8 * 5 // 36_500
    bears(SIMPLE + ", while_in_plan: true")
    run(portfolio, date(2026, 3, 18))
    assert spans(portfolio)[-1] == (16, 18, None)
    sound(portfolio)


def test_caps_a_last_day_and_what_was_before_stay(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    bears(SIMPLE + ', cap: {percent_of_principal: "1.5", amount: "9.00"}')
    small, large = portfolio.debt("A1", 10_000), portfolio.debt("A2", 10**6)
    run(portfolio, date(2026, 12, 31))
    assert (portfolio.balance(small).interest, portfolio.balance(large).interest) == (150, 900)
    sound(portfolio)
    bears(SIMPLE + ", until: 2027-01-10")
    run(portfolio, date(2027, 1, 20))
    assert portfolio.balance(small).interest == 10_000 * 8 * 314 // 36_500  # from 3 March through 10 January
    before = portfolio.balance(large).interest
    bears("method: null")  # none is added any more; what was, stays
    run(portfolio, date(2027, 6, 1))
    assert portfolio.balance(large).interest == before
    bears(SIMPLE)  # nor for the months in between when it is taken up again
    run(portfolio, date(2027, 6, 2))
    assert portfolio.balance(large).interest == before + 10**6 * 8 // 36_500 + 1
    sound(portfolio)


def test_a_debts_own_rate_costs_and_months(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    bears("method: monthly, since: 2026-03-01, base: principal_and_costs")
    own, none = portfolio.debt("A1", 90_000, costs=30_000), portfolio.debt("A2", 90_000)
    with db.write() as session:
        session.execute(update(Debt).where(Debt.id == own).values(interest_rate=Decimal("12.5")))
    run(portfolio, date(2026, 4, 29))
    assert portfolio.balance(own).interest == 120_000 * 125 * 29 // (12_000 * 31)  # twenty-nine days of March
    run(portfolio, date(2026, 4, 30))
    assert portfolio.balance(own).interest == int(120_000 * Decimal("0.125") / 12 * (1 + Decimal(29) / 31))
    assert portfolio.balance(none).interest == 0
    with db.read() as session:
        assert session.get(Accrual, none) is None
    sound(portfolio)


def test_closed_and_paid_debts_bear_none(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    closed, paid = portfolio.debt("A1", 100_000), portfolio.debt("A2", 100_000)
    run(portfolio, date(2026, 3, 4))
    with db.write() as session:
        write_off(session, key="w", debt_id=closed, reason=WriteOffReason.GOODWILL, authority=Authority.LEAD,
                  effective_on=date(2026, 3, 9), posted_at=portfolio.now, actor="test")
    portfolio.now += timedelta(days=7)
    txn = portfolio.pay("p", {paid: 200_000}, on=date(2026, 3, 10))
    assert run(portfolio, date(2026, 3, 15)) == {}
    with db.write() as session:
        reverse(session, key="u", txn_id=txn.id, effective_on=date(2026, 3, 14), posted_at=portfolio.now, actor="test",
                cause="bounced")
    run(portfolio, date(2026, 3, 15))
    assert portfolio.balance(paid).interest == 100_000 * 8 * (7 + 2) // 36_500  # none from the 10th to the 13th
    sound(portfolio)


def test_interest_is_adjusted_and_not_reversed(db: Database, portfolio: Portfolio, bears: Bears) -> None:
    portfolio.debt("A1", 100_000)
    run(portfolio, date(2026, 3, 10))
    with db.write() as session:
        txn_id = session.scalars(select(Txn.id).where(Txn.kind == PostingKind.ACCRUAL)).one()
        with pytest.raises(CannotReverse, match="reckoned anew"):
            reverse(session, key="u", txn_id=txn_id, effective_on=date(2026, 3, 14), posted_at=portfolio.now,
                    actor="test", cause="test")


def test_all_debts_in_steps_and_a_dry_run(
    db: Database, portfolio: Portfolio, bears: Bears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.accrual._CHUNK", 2)
    debts = [portfolio.debt(f"A{number}", 100_000) for number in range(5)]
    with db.write() as session:
        session.get_one(Creditor, portfolio.parcel).policy = "uk-standard"
    seen: list[tuple[int, int]] = []
    later = portfolio.now + timedelta(days=10)
    dry = accrue_all(db, until=date(2026, 3, 12), now=later, dry_run=True)
    assert portfolio.balance(debts[0]).interest == 0
    done = accrue_all(db, until=date(2026, 3, 12), now=later, progress=lambda *step: seen.append(step))
    assert (done.debts, done.added, done.given_back) == (5, {"GBP": Money(5 * 219, "GBP")}, {})
    assert dry == done
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert accrue_all(db, until=date(2026, 3, 12), now=later).debts == 0
    portfolio.pay("p", {debts[3]: 100_000}, on=date(2026, 3, 3))
    again = accrue_all(db, until=date(2026, 3, 12), now=later)
    assert (again.debts, again.given_back) == (1, {"GBP": Money(219, "GBP")})
    with db.read() as session:
        assert session.scalar(select(func.count()).where(AccrualSpan.frozen == Frozen.OFF)) == 0
    sound(portfolio)


def test_interest_needs_to_know_since_when(bears: Bears, portfolio: Portfolio) -> None:
    bears("method: simple")
    with pytest.raises(OperatorError, match="since"):
        accrue_all(portfolio.db, until=date(2026, 3, 12), now=portfolio.now)
