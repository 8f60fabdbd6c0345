"""Whatever comes in whatever order, the ledger ends sound and the same."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger.check import check
from ledger.kinds import PlanStatus
from ledger.models import Debt, DebtBalance, Instalment, Promise
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan, plans_of
from ledger.posting import reverse
from ledger.promises import judge_promises, make_promise
from ledger.schedule import FORTNIGHTLY
from runtime.database import Database
from tests.ledger.portfolio import Portfolio, found_portfolio

DAY = date(2026, 3, 3)
payments = st.lists(
    st.tuples(st.integers(1, 4_000), st.integers(0, 4_000), st.integers(0, 60), st.booleans()), max_size=6
)


def play(database: Database, now: datetime, events: list[tuple[int, tuple[int, int, int, bool]]]) -> list[object]:
    """Post the payments (some of them bouncing at once, and all of them delivered twice) and read the end state."""
    with database.write() as session:
        portfolio = Portfolio(database, *found_portfolio(session, now), now)
    one, two = portfolio.debt("A1", 5_000, interest=100), portfolio.debt("A2", 3_000)
    with database.write() as session:
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[one, two], actor="test", now=now,
                   offer=Offer(Money(8_100, "GBP"), Money(1_500, "GBP"), FORTNIGHTLY, date(2026, 3, 10)))
        make_promise(session, key="promise", debtor_id=portfolio.debtor_id, amount=Money(3_000, "GBP"), actor="test",
                     due_on=date(2026, 3, 20), now=now)
    for number, (first, second, after, bounces) in events:
        split = {one: first, two: second} if second else {one: first}
        for _ in range(2):
            txn = portfolio.pay(f"p{number}", split, on=DAY + timedelta(days=after))
        if bounces:
            with database.write() as session:
                reverse(session, key=f"r{number}", txn_id=txn.id, effective_on=DAY, posted_at=now, actor="test",
                        cause="bounced")
    with database.write() as session:
        judge_promises(session, today=date(2026, 5, 30))
    with database.read() as session:
        assert check(session) == []
        balances = session.scalars(select(DebtBalance).order_by(DebtBalance.debt_id)).all()
        plan = plans_of(session, portfolio.debtor_id, today=DAY)[0]
        standing = [(first, second) for _, (first, second, _, bounces) in events if not bounces]
        for balance, paid, opened in zip(balances, map(sum, zip(*standing, strict=True)) if standing else (0, 0),
                                         (5_100, 3_000), strict=True):
            assert opened - balance.owed + balance.overpayment == paid
        assert (plan.status is PlanStatus.COMPLETED) == all(balance.owed == 0 for balance in balances)
        return [
            [(b.owed, b.overpayment) for b in balances], session.scalars(select(Debt.status).order_by(Debt.id)).all(),
            session.scalars(select(Instalment.paid).order_by(Instalment.number)).all(),
            session.execute(select(Promise.status, Promise.received)).one(),
        ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments.flatmap(lambda made: st.tuples(st.just(list(enumerate(made))), st.permutations(list(enumerate(made))))))
def test_any_order_ends_the_same(
    make_sqlite: Callable[[], Database], now: datetime,
    orders: tuple[list[tuple[int, tuple[int, int, int, bool]]], list[tuple[int, tuple[int, int, int, bool]]]],
) -> None:
    ends = []
    for order in orders:
        database = make_sqlite()
        ends.append(play(database, now, order))
        database.close()
    assert ends[0] == ends[1]
