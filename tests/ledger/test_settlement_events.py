"""Whatever happens to a settlement in whatever order: the discount stands while all its payments cleared in time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.check import check
from ledger.errors import AlreadySettling, SettlementStale
from ledger.kinds import SettlementStatus
from ledger.models import Txn
from ledger.money import Money
from ledger.receipts import receive
from ledger.settlements import accept_settlement, offer_settlement, settlements_of
from runtime.database import Database
from tests.ledger.portfolio import Portfolio, found_portfolio
from tests.ledger.test_settlements import LAST, TODAY, Desk

BALANCE, AMOUNT = 10_000, 7_500
DUES = (date(2026, 4, 2), date(2026, 5, 2), date(2026, 6, 1))
GRACE = timedelta(days=5)
JUDGED = date(2026, 9, 1)

pay = st.tuples(st.just("pay"), st.sampled_from([500, 2_500, 5_000, 7_500, 9_000]), st.integers(0, 100))
bounce = st.tuples(st.just("bounce"), st.integers(0, 5), st.just(0))
judge = st.tuples(st.just("judge"), st.just(0), st.integers(0, 120))
events = st.lists(st.one_of(pay, pay, bounce, judge), min_size=1, max_size=6)


@dataclass
class Paid:
    """What a payment did when it came in."""

    txn: Txn
    on: date
    bucket: int
    over: int
    stands: bool = True


@dataclass
class Model:
    """The debt by hand: no database, no cleverness."""

    paid: list[Paid] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether each due was covered by what had come by its last day."""
        return all(
            sum(p.bucket for p in self.paid if p.stands and p.on <= due + GRACE) >= AMOUNT // 3 * number
            for number, due in enumerate(DUES, start=1))

    @property
    def on_balance(self) -> int:
        """What stands as paid on the balance."""
        return sum(p.bucket for p in self.paid if p.stands)

    @property
    def owed(self) -> int:
        """What is owed now."""
        return 0 if self.complete else BALANCE - self.on_balance

    @property
    def overpayment(self) -> int:
        """What we hold for the debtor."""
        extra = max(0, self.on_balance - AMOUNT) if self.complete else 0
        return sum(p.over for p in self.paid if p.stands) + extra


def start(database: Database, now: datetime) -> Desk:
    """A debt with an accepted settlement in three payments."""
    with database.write() as session:
        portfolio = Portfolio(database, *found_portfolio(session, now), now)
    desk = Desk(portfolio)
    desk.accept(desk.offer(AMOUNT, payments=3))
    return desk


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events)
def test_the_discount_stands_while_all_payments_cleared_in_time(
    make_sqlite: Callable[[], Database], now: datetime, happening: list[tuple[str, int, int]]
) -> None:
    database = make_sqlite()
    desk, model = start(database, now), Model()
    for number, (what, which, days) in enumerate([*happening, ("judge", 0, 180)]):
        if what == "pay":
            on, bucket = TODAY + timedelta(days=days), min(which, model.owed)
            txn = desk.pay(f"p{number}", which, on=on)
            model.paid.append(Paid(txn, on, bucket, which - bucket))
        elif what == "bounce":
            if which < len(model.paid) and model.paid[which].stands:
                model.paid[which].stands = False
                desk.bounce(model.paid[which].txn)
        else:
            desk.judge(TODAY + timedelta(days=days))
        view, balance = desk.view(), desk.p.balance(desk.debt)  # the check runs with it
        assert (balance.owed, balance.overpayment) == (model.owed, model.overpayment)
        assert (view.status is SettlementStatus.COMPLETED) is model.complete
        assert desk.discounts() == (BALANCE - AMOUNT if model.complete else 0)
    assert desk.view().status in (SettlementStatus.COMPLETED, SettlementStatus.LAPSED, SettlementStatus.REVERSED)
    database.close()


parts = st.lists(st.integers(1, 4_000), min_size=1, max_size=5).filter(lambda made: sum(made) <= AMOUNT)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts.flatmap(lambda made: st.tuples(
    st.just(list(enumerate(made))), st.permutations(list(enumerate(made))), st.lists(st.integers(0, 40), min_size=6,
                                                                                    max_size=6), st.booleans())))
def test_any_order_of_news_ends_the_same(
    make_sqlite: Callable[[], Database], now: datetime,
    drawn: tuple[list[tuple[int, int]], list[tuple[int, int]], list[int], bool],
) -> None:
    """Payments told of in any order, before or after it was judged, one of them bouncing."""
    first, second, days, bounces = drawn
    ends = []
    for order, early in ((first, False), (second, True)):
        database = make_sqlite()
        with database.write() as session:
            portfolio = Portfolio(database, *found_portfolio(session, now), now)
        desk = Desk(portfolio)
        desk.accept(desk.offer(AMOUNT, payments=1))
        last = [(9, AMOUNT - sum(minor for _, minor in first))] if sum(minor for _, minor in first) < AMOUNT else []
        if early:
            desk.judge(JUDGED)
        for number, minor in [*order, *last]:
            on = TODAY + timedelta(days=days[number] if number < 6 else 0)
            txn = desk.pay(f"p{number}", minor, on=on)
            if bounces and number == 0:
                desk.bounce(txn)
        desk.judge(JUDGED)
        balance, view = desk.p.balance(desk.debt), desk.view()
        ends.append((balance.owed, balance.overpayment, desk.discounts(), view.received, view.status))
        database.close()
    assert ends[0] == ends[1]
    in_time = not bounces and all(TODAY + timedelta(days=days[number]) <= LAST for number, _ in first)
    assert (ends[0][4] is SettlementStatus.COMPLETED) is in_time


def test_two_accept_and_pay_at_the_same_moment(db: Database, portfolio: Portfolio) -> None:
    """Threads: one acceptance, payments and bounces beside the judge; the ledger stays sound."""
    desk = Desk(portfolio)
    offers = [desk.offer(7_500, key=f"o{n}", payments=1) for n in range(2)]

    def accept(number: int) -> bool:
        try:
            with db.write() as session:
                accept_settlement(session, key=f"a{number}", settlement_id=offers[number % 2].id, version=1,
                                  actor="debtor", now=portfolio.now, today=TODAY)
        except (SettlementStale, AlreadySettling):
            return False
        return True

    def money(number: int) -> None:
        with db.write() as session:
            receive(session, key=f"p{number}", split={desk.debt: Money(1_500, "USD")}, effective_on=TODAY,
                    posted_at=portfolio.now, actor="test", cause="test")
        if number % 2:
            desk.judge(JUDGED)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(accept, range(6))) == 1
        list(pool.map(money, range(6)))
    assert desk.view().remaining.is_zero
    assert (desk.discounts(), portfolio.balance(desk.debt).overpayment) == (2_500, 1_500)


def test_an_offer_keeps_to_itself_what_was_not_written(db: Database, portfolio: Portfolio) -> None:
    desk = Desk(portfolio)
    try:
        with db.write() as session:
            offer_settlement(session, key="o", debt_id=desk.debt, amount=Money(7_000, "USD"), actor="bot",
                             now=portfolio.now, today=TODAY)
            raise RuntimeError
    except RuntimeError:
        pass
    with db.read() as session:
        assert settlements_of(session, portfolio.debtor_id) == []
        assert check(session) == []
