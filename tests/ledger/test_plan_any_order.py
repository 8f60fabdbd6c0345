"""Payments, bounces, changes, moves, pauses, catching up and judging in any order: the plan always adds up."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.check import check
from ledger.errors import CannotReverse, PlanRefused
from ledger.kinds import PlanStatus
from ledger.models import DebtBalance, Instalment, Plan, PlanVersion
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import (
    agree_plan,
    cancel_plan,
    catch_up,
    change_plan,
    history_of,
    judge_plans,
    move_instalment,
    pause_plan,
    plans_of,
    resume_plan,
)
from ledger.posting import reverse
from ledger.receipts import receive
from ledger.schedule import FORTNIGHTLY, LAST_WORKING_DAY, MONTHLY, SEMI_MONTHLY
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.planning import at
from tests.ledger.portfolio import Portfolio, found_portfolio

START = date(2026, 3, 3)
events = st.lists(st.one_of(
    st.tuples(st.just("pay"), st.integers(1, 9_000), st.integers(-40, 3)),
    st.tuples(st.just("pay off"), st.just(0), st.integers(-40, 0)),
    st.tuples(st.just("bounce"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("change"), st.integers(600, 6_000), st.sampled_from(
        [MONTHLY, FORTNIGHTLY, SEMI_MONTHLY, LAST_WORKING_DAY])),
    st.tuples(st.just("move"), st.integers(1, 9), st.integers(1, 25)),
    st.tuples(st.just("pause"), st.integers(1, 90), st.just(0)),
    st.tuples(st.just("resume"), st.just(0), st.just(0)),
    st.tuples(st.just("catch up"), st.just(0), st.just(0)),
    st.tuples(st.just("judge"), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 45), st.just(0)),
    st.tuples(st.just("cancel"), st.just(0), st.just(0)),
), max_size=14)


class Life:
    """One plan over two debts, and what happens to it."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.db, self.today, self.paid, self.step = database, START, list[int](), 0
        with database.write() as session:
            self.portfolio = Portfolio(database, *found_portfolio(session, now), now)
        self.debts = [self.portfolio.debt("A1", 9_000, interest=77), self.portfolio.debt("A2", 6_001)]
        with database.write() as session:
            self.plan_id = agree_plan(
                session, key="plan", debtor_id=self.portfolio.debtor_id, debt_ids=self.debts, actor="test", now=now,
                offer=Offer(Money(15_078, "GBP"), Money(2_700, "GBP"), MONTHLY, date(2026, 3, 31)), by_staff=True).id

    def happens(self, event: tuple[str, int, Any]) -> None:
        """One event; what the plan refuses changes nothing."""
        self.step += 1
        name, number, more = event
        with suppress(PlanRefused, CannotReverse), self.db.write() as session:
            version = session.get_one(Plan, self.plan_id).version
            common: dict[str, Any] = {"key": f"s{self.step}", "plan_id": self.plan_id, "expected": version,
                                      "actor": "test", "now": at(self.today)}
            late: dict[str, Any] = {**common, "today": self.today, "by_staff": True}
            match name:
                case "pay":
                    self._pay(session, number, self.today + timedelta(days=more))
                case "pay off":
                    for balance in session.scalars(select(DebtBalance).where(DebtBalance.debt_id.in_(self.debts))):
                        on = self.today + timedelta(days=more)
                        if balance.owed:
                            self._pay(session, 2 * balance.owed, on, [balance.debt_id])
                case "bounce" if self.paid:
                    reverse(session, key=f"s{self.step}", txn_id=self.paid[number % len(self.paid)], actor="test",
                            effective_on=self.today, posted_at=at(self.today), cause="bounced")
                case "change":
                    owed = session.scalar(select(func.sum(
                        DebtBalance.principal + DebtBalance.interest + DebtBalance.fees + DebtBalance.costs))) or 0
                    if owed:
                        offer = Offer(Money(int(owed), "GBP"), Money(number, "GBP"), more,
                                      self.today + timedelta(days=number % 30))
                        change_plan(session, **common, offer=offer, by_staff=True)
                case "move":
                    move_instalment(session, **late, number=number, to=self.today + timedelta(days=more))
                case "pause":
                    pause_plan(session, **late, until=self.today + timedelta(days=number))
                case "resume":
                    resume_plan(session, **late)
                case "catch up":
                    catch_up(session, **late)
                case "judge":
                    judge_plans(session, today=self.today, now=at(self.today))
                case "wait":
                    self.today += timedelta(days=number)
                case "cancel" if number == 0 and self.step % 5 == 0:
                    cancel_plan(session, key=f"s{self.step}", plan_id=self.plan_id, actor="test", now=at(self.today))

    def _pay(self, session: Session, amount: int, on: date, debts: Sequence[DebtId] = ()) -> None:
        """Half of ``amount`` on each of the debts, of which an even one has the first only."""
        chosen = debts or self.debts[:1 + amount % 2]
        for debt in chosen:
            self.paid.append(receive(
                session, key=f"p{self.step}:{debt}", split={debt: Money(amount // 2 + 1, "GBP")}, effective_on=on,
                posted_at=at(self.today), actor="test", cause="test").id)

    def sound(self, *, thorough: bool = True) -> None:
        """What holds whatever happened."""
        with self.db.read() as session:
            assert not thorough or check(session) == []
            plan = session.get_one(Plan, self.plan_id)
            (seen,) = plans_of(session, self.portfolio.debtor_id, today=self.today)
            history = history_of(session, self.plan_id)
            assert [version.number for version in history] == list(range(1, plan.schedule + 1))
            for version in history:
                assert sum(due.amount.minor for due in version.dues) == version.total.minor
                assert all(due.amount.minor > 0 for due in version.dues)
                days = [due.on for due in version.dues]
                assert days == sorted(set(days))
            owed = sum(balance.owed for balance in session.scalars(select(DebtBalance)))
            if plan.status is PlanStatus.CANCELLED:
                return
            assert seen.paid.minor + seen.left.minor == seen.total.minor or plan.status is PlanStatus.COMPLETED
            assert (plan.status is PlanStatus.COMPLETED) == (owed == 0)
            # nothing but payments moves what is owed here, so paid in the plan and still owed are the plan's total
            assert seen.paid.minor + owed == seen.total.minor == sum(share.amount.minor for share in seen.shares)
            assert sum(share.paid.minor for share in seen.shares) == seen.paid.minor


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events)
def test_whatever_happens_to_a_plan_it_adds_up(
    make_sqlite: Callable[[], Database], now: datetime, happened: list[tuple[str, int, Any]]
) -> None:
    database = make_sqlite()
    life = Life(database, now)
    for event in happened:
        life.happens(event)
        life.sound(thorough=False)
    life.sound()
    database.close()


def test_two_ways_of_the_same_payments_end_the_same(make_sqlite: Callable[[], Database], now: datetime) -> None:
    ends = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        database = make_sqlite()
        life = Life(database, now)
        came = [("pay", 2_700, 28), ("pay", 1_001, 59), ("pay", 3_000, 70)]
        for place in order:
            life.step = place * 10  # the key of a payment is its own, whenever it comes
            life.happens(came[place])
        life.today = date(2026, 7, 10)
        life.happens(("judge", 0, 0))
        life.sound()
        with database.read() as session:
            rows = session.execute(select(Instalment.number, Instalment.paid, Instalment.paid_on, Instalment.state)
                                   .order_by(Instalment.number)).all()
            assert session.scalar(select(func.count()).select_from(PlanVersion)) == 1
        ends.append([tuple(row) for row in rows])
        database.close()
    assert ends[0] == ends[1] == ends[2]
