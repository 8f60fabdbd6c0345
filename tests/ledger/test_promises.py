"""Promises to pay, judged by value date."""

from datetime import date, timedelta

import pytest

from ledger.check import check
from ledger.errors import NotFound, PromiseRefused
from ledger.kinds import PromiseStatus
from ledger.models import Promise
from ledger.money import Money
from ledger.posting import reverse
from ledger.promises import PromiseLine, judge_promises, make_promise, promises_of
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio

DUE = date(2026, 3, 20)
AFTER = DUE + timedelta(days=4)  # three days of grace


def promise(portfolio: Portfolio, minor: int, due_on: date = DUE, key: str = "turn:1",
            debts: list[DebtId] | None = None) -> Promise:
    with portfolio.db.write() as session:
        return make_promise(session, key=key, debtor_id=portfolio.debtor_id, amount=Money(minor, "GBP"), due_on=due_on,
                            actor="debtor", now=portfolio.now, debt_ids=debts)


def judge(portfolio: Portfolio, today: date = AFTER) -> int:
    with portfolio.db.write() as session:
        return len(judge_promises(session, today=today))


def lines(portfolio: Portfolio) -> list[PromiseLine]:
    with portfolio.db.read() as session:
        assert check(session) == []
        return promises_of(session, portfolio.debtor_id)


@pytest.mark.parametrize(("paid", "on", "status"), [
    (5_000, DUE, PromiseStatus.KEPT), (5_000, DUE + timedelta(days=3), PromiseStatus.KEPT),
    (2_000, DUE, PromiseStatus.PARTLY_KEPT), (5_000, AFTER, PromiseStatus.BROKEN), (0, DUE, PromiseStatus.BROKEN),
])
def test_kept_partly_kept_broken(
    db: Database, portfolio: Portfolio, paid: int, on: date, status: PromiseStatus
) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    if paid:
        portfolio.pay("p", {debt: paid}, on=on)
    judge(portfolio)
    assert [p.status for p in lines(portfolio)] == [status]


def test_it_is_kept_at_once_and_judged_only_after_grace(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    assert judge(portfolio, DUE + timedelta(days=3)) == 0
    portfolio.pay("p", {debt: 5_000})
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    assert judge(portfolio) == 0


def test_late_news_of_a_timely_payment_mends_and_a_bounce_breaks(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    assert judge(portfolio) == 1
    paid = portfolio.pay("p", {debt: 5_000}, on=DUE)
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    with db.write() as session:
        reverse(session, key="r", txn_id=paid.id, effective_on=AFTER, posted_at=portfolio.now, actor="test",
                cause="bounced")
    assert lines(portfolio)[0].status is PromiseStatus.BROKEN


def test_what_was_paid_the_same_morning_does_not_keep_it(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    portfolio.pay("p0", {debt: 2_000})
    promise(portfolio, 2_000)
    portfolio.pay("p1", {debt: 500}, on=DUE)
    assert (lines(portfolio)[0].received, lines(portfolio)[0].status) == (Money(500, "GBP"), PromiseStatus.OPEN)


def test_a_newer_one_supersedes_those_on_the_same_debts(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 10_000), portfolio.debt("A2", 10_000)
    promise(portfolio, 1_000, key="a", debts=[one])
    promise(portfolio, 2_000, key="b", debts=[two])
    promise(portfolio, 3_000, key="c", debts=[one])
    promise(portfolio, 3_000, key="c", debts=[one])
    assert [(p.amount.minor, p.status) for p in lines(portfolio)] == [
        (3_000, PromiseStatus.OPEN), (2_000, PromiseStatus.OPEN), (1_000, PromiseStatus.SUPERSEDED)]
    promise(portfolio, 4_000, key="d")
    assert [p.status for p in lines(portfolio)] == [PromiseStatus.OPEN] + [PromiseStatus.SUPERSEDED] * 3
    portfolio.pay("p", {two: 4_000})
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    assert lines(portfolio)[2].status is PromiseStatus.SUPERSEDED


def test_what_is_refused(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    for minor in (0, -1, 10_001):
        with pytest.raises(PromiseRefused) as caught:
            promise(portfolio, minor)
        assert caught.value.owed == Money(10_000, "GBP")
    for due_on in (date(2026, 3, 2), date(2026, 4, 18)):
        with pytest.raises(PromiseRefused) as caught:
            promise(portfolio, 100, due_on)
        assert caught.value.latest == date(2026, 4, 17)
    with pytest.raises(NotFound):
        promise(portfolio, 100, debts=[debt, DebtId(4711)])
    assert lines(portfolio) == []
