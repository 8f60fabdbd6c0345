"""Many postings at once leave the very rows that the single services leave."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ledger.check import check
from ledger.errors import BelowZero, KeyReused, LedgerError, NotFound, Unbalanced, WrongCurrency
from ledger.kinds import Bucket, CreditorAccount, PostingKind
from ledger.models import Account, Debt, DebtBalance, Entry, FeedEvent, Instalment, Plan, Promise, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.posting import on_creditor, on_debt, post
from ledger.posting_many import Payment, Posting, post_many
from ledger.promises import make_promise
from ledger.receipts import receive
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.conftest import DIALECTS
from tests.ledger.portfolio import Portfolio, found_portfolio

NOW = datetime.fromisoformat("2026-03-03T12:00:00+00:00")


@pytest.fixture(params=DIALECTS)
def two(request: pytest.FixtureRequest) -> Iterator[tuple[Portfolio, Portfolio]]:
    """Two databases with the same debts, plan and promise."""
    make: Callable[[], Database] = request.getfixturevalue(f"make_{request.param}")
    made = [_founded(make()), _founded(make())]
    yield made[0], made[1]
    for portfolio in made:
        portfolio.db.close()


def _founded(db: Database) -> Portfolio:
    with db.write() as session:
        portfolio = Portfolio(db, *found_portfolio(session, NOW), NOW)
    for number in range(12):
        portfolio.debt(f"D{number}", 10_000 + number, interest=300, fees=200 if number % 2 else 0,
                       creditor=portfolio.parcel if number % 3 else None)
    return portfolio


def _promised(portfolio: Portfolio) -> None:
    with portfolio.db.write() as session:
        offer = Offer(Money(10_501, "GBP"), Money(2_500, "GBP"), MONTHLY, date(2026, 3, 10))
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[_id(portfolio, "D1")], offer=offer,
                   actor="test", now=NOW)


def _id(portfolio: Portfolio, ref: str) -> Any:
    with portfolio.db.read() as session:
        return session.scalars(select(Debt.id).where(Debt.ref == ref)).one()


def _some(portfolio: Portfolio, count: int, seed: int) -> list[Posting | Payment]:
    draw = random.Random(seed)
    with portfolio.db.read() as session:
        debts = dict(session.execute(select(Debt.id, Debt.creditor_id)).all())
    found: list[Posting | Payment] = []
    for number in range(count):
        common: dict[str, Any] = {
            "key": f"many:{number}", "effective_on": date(2026, 3, 3) + timedelta(days=draw.randrange(9)),
            "posted_at": NOW, "actor": "test", "cause": f"line {number}\twith \\ signs",
        }  # fmt: skip
        if draw.random() < 0.7:
            paid = draw.sample(sorted(debts), draw.choice((1, 1, 2)))
            split = {debt: Money(draw.randrange(1, 4_000), "GBP") for debt in paid}
            through = draw.choice((CreditorAccount.DIRECT, CreditorAccount.PROCESSOR_CLEARING))
            found.append(Payment(split=split, through=through, **common))
        else:
            debt = draw.choice(sorted(debts))
            amount, bucket = Money(draw.randrange(1, 900), "GBP"), draw.choice((Bucket.COSTS, Bucket.PRINCIPAL))
            lines = [on_debt(debt, bucket, amount), on_creditor(debts[debt], CreditorAccount.PLACED, -amount)]
            found.append(Posting(kind=PostingKind.ADJUSTMENT, lines=lines, **common))
    return found


def _singly(portfolio: Portfolio, postings: list[Posting | Payment]) -> None:
    with portfolio.db.write() as session:
        for p in postings:
            common: dict[str, Any] = {"key": p.key, "effective_on": p.effective_on, "posted_at": p.posted_at,
                                      "actor": p.actor, "cause": p.cause}
            if isinstance(p, Payment):
                receive(session, split=p.split, through=p.through, **common)
            else:
                post(session, kind=p.kind, lines=p.lines, **common)


def _rows(portfolio: Portfolio) -> dict[str, list[Any]]:
    queries = {
        "debts": select(Debt.ref, Debt.status),
        "balances": select(DebtBalance.debt_id, *(getattr(DebtBalance, b.value) for b in Bucket), DebtBalance.version),
        "postings": select(Txn.idem_key, Txn.content_hash, Txn.kind, Txn.effective_on, Txn.posted_at,
                           Txn.actor, Txn.cause),
        "entries": select(Txn.idem_key, Account.debt_id, Account.creditor_id, Account.kind, Entry.currency,
                          Entry.amount)
        .join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id),
        "instalments": select(Instalment.plan_id, Instalment.number, Instalment.paid, Instalment.paid_on),
        "plans": select(Plan.id, Plan.status, Plan.version),
        "told": select(FeedEvent.kind, FeedEvent.debtor_id, FeedEvent.debt_id, FeedEvent.at, FeedEvent.facts),
        "promises": select(Promise.id, Promise.received, Promise.status),
    }
    with portfolio.db.read() as session:
        assert [str(finding) for finding in check(session)] == []
        found = {name: [tuple(row) for row in session.execute(query)] for name, query in queries.items()}
    for row in found["told"]:
        row[-1].pop("posting", None)  # the order of numbers may be another
    return {name: sorted(rows, key=str) for name, rows in found.items()}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("waited_for", [False, True])
def test_row_by_row_what_the_single_services_write(
    two: tuple[Portfolio, Portfolio], seed: int, waited_for: bool
) -> None:
    many, single = two
    for portfolio in two if waited_for else ():
        _promised(portfolio)
    postings = _some(many, 60, seed)
    with many.db.write() as session:
        made = post_many(session, postings)
    assert all(posted.fresh for posted in made.values()) and len(made) == 60  # noqa: PT018
    _singly(single, postings)
    assert _rows(many) == _rows(single)
    with many.db.write() as session:  # again, some of it by the single service
        again = post_many(session, postings)
    assert {key: posted.txn_id for key, posted in again.items()} == {k: p.txn_id for k, p in made.items()}
    assert not any(posted.fresh for posted in again.values())
    _singly(many, postings[:5])
    assert _rows(many) == _rows(single)


def test_a_promise_hears_of_each_payment(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 9_000)
    with db.write() as session:
        make_promise(session, key="p", debtor_id=portfolio.debtor_id, amount=Money(500, "GBP"),
                     due_on=date(2026, 3, 30), actor="test", now=NOW)
        post_many(session, [_payment("a", debt, 200), _payment("b", debt, 300), _payment("a", debt, 200)])
    with db.read() as session:
        promise = session.scalars(select(Promise)).one()
        assert (promise.received, promise.status.value) == (500, "kept")


def _payment(key: str, debt: Any, minor: int, currency: str = "GBP") -> Payment:
    return Payment(key, {debt: Money(minor, currency)}, date(2026, 3, 3), NOW, "test", "test")


def test_one_wrong_posting_keeps_all_out(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 9_000)
    good = _payment("good", debt, 100)

    def adjustment(key: str, *lines: Any) -> Posting:
        return Posting(key, PostingKind.ADJUSTMENT, date(2026, 3, 3), NOW, "test", "test", lines)

    on_gas = on_creditor(portfolio.gas, CreditorAccount.PLACED, Money(-5, "GBP"))
    for wrong, error in (
        (adjustment("x", on_debt(debt, Bucket.FEES, Money(4, "GBP")), on_gas), Unbalanced),
        (adjustment("x", on_debt(debt, Bucket.FEES, Money(-5, "GBP")),
                    on_creditor(portfolio.gas, CreditorAccount.PLACED, Money(5, "GBP"))), BelowZero),
        (_payment("x", debt, 5, "USD"), WrongCurrency), (_payment("x", 4711, 5), NotFound),
        (_payment("good", debt, 101), KeyReused),
    ):
        with pytest.raises(error), db.write() as session:
            post_many(session, [good, wrong])
        assert isinstance(error("x") if error is not KeyReused else error("k"), LedgerError)
        assert portfolio.balance(debt).owed == 9_000
    with db.write() as session:
        loaded = session.get_one(DebtBalance, debt)
        assert post_many(session, [good])["good"].fresh
        assert (loaded.principal, loaded.version) == (8_900, 2)  # what the session held is not stale
    with pytest.raises(KeyReused), db.write() as session:
        post_many(session, [_payment("good", debt, 101)])
    with pytest.raises(ValueError, match="above nothing"), db.write() as session:
        post_many(session, [_payment("nothing", debt, 0)])
