"""Postings: once per key, balanced, undone by their mirror."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ledger.check import check
from ledger.errors import BelowZero, CannotReverse, KeyReused, NotFound, Unbalanced, WrongCurrency
from ledger.kinds import Bucket, CreditorAccount, DebtStatus, PostingKind
from ledger.models import Account, Debt, Entry, Seal, Txn
from ledger.money import Money
from ledger.posting import Line, lines_of, on_creditor, on_debt, post, reverse
from ledger.receipts import payments_of
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio


def adjust(portfolio: Portfolio, key: str, lines: list[Line]) -> Txn:
    with portfolio.db.write() as session:
        return post(session, key=key, kind=PostingKind.ADJUSTMENT, effective_on=portfolio.now.date(),
                    posted_at=portfolio.now, actor="test", cause="test", lines=lines)


def fee(portfolio: Portfolio, debt: DebtId, minor: int, currency: str = "GBP") -> list[Line]:
    amount = Money(minor, currency)
    return [on_debt(debt, Bucket.FEES, amount), on_creditor(portfolio.gas, CreditorAccount.PLACED, -amount)]


def test_same_key_same_content_changes_nothing(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    first = adjust(portfolio, "k", fee(portfolio, debt, 500))
    again = adjust(portfolio, "k", list(reversed(fee(portfolio, debt, 500))))
    assert again.id == first.id
    assert portfolio.balance(debt).fees == 500
    assert portfolio.balance(debt).version == 2


def test_same_key_other_content_is_refused(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    adjust(portfolio, "k", fee(portfolio, debt, 500))
    with pytest.raises(KeyReused):
        adjust(portfolio, "k", fee(portfolio, debt, 501))
    assert portfolio.balance(debt).fees == 500


@pytest.mark.parametrize("broken", ["amount", "currency", "empty"])
def test_unbalanced_lines_leave_no_trace(db: Database, portfolio: Portfolio, broken: str) -> None:
    debt = portfolio.debt("A1", 10_000)
    lines = fee(portfolio, debt, 500)
    if broken == "amount":
        lines[0] = replace(lines[0], amount=Money(501, "GBP"))
    elif broken == "currency":
        lines[0] = replace(lines[0], amount=Money(500, "USD"))
    else:
        lines = []
    with db.write() as session, pytest.raises(Unbalanced):
        post(session, key="k", kind=PostingKind.ADJUSTMENT, effective_on=portfolio.now.date(), posted_at=portfolio.now,
             actor="test", cause="test", lines=lines)
    with db.read() as session:  # the surrounding transaction went on and was committed
        assert session.scalar(select(func.count()).select_from(Txn)) == 1
        assert check(session) == []


def test_wrong_currency_unknown_debt_and_below_zero(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    with pytest.raises(WrongCurrency):
        adjust(portfolio, "k1", fee(portfolio, debt, 500, "USD"))
    with pytest.raises(NotFound):
        adjust(portfolio, "k2", fee(portfolio, DebtId(4711), 500))
    with pytest.raises(BelowZero):
        adjust(portfolio, "k3", fee(portfolio, debt, -1))
    with db.read() as session:
        assert check(session) == []


def test_a_payment_is_undone_by_its_mirror(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000, interest=300, fees=200)
    paid = portfolio.pay("p1", {debt: 10_600})
    assert portfolio.balance(debt).overpayment == 100
    for _ in range(2):  # the second time is a replay
        with db.write() as session:
            undone = reverse(session, key="r1", txn_id=paid.id, effective_on=portfolio.now.date(),
                             posted_at=portfolio.now, actor="test", cause="bounced")
    balance = portfolio.balance(debt)
    assert (balance.principal, balance.interest, balance.fees, balance.overpayment) == (10_000, 300, 200, 0)
    with db.read() as session:
        assert session.get_one(Debt, debt).status is DebtStatus.OPEN
        assert {(x.owner, x.kind, -x.amount.minor) for x in lines_of(session, undone.id)} == {
            (x.owner, x.kind, x.amount.minor) for x in lines_of(session, paid.id)}
        assert payments_of(session, portfolio.debtor_id) == []
        assert check(session) == []


def test_what_cannot_be_reversed(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    paid = portfolio.pay("p1", {debt: 1_000})

    def undo(key: str, txn_id: int) -> Txn:
        with db.write() as session:
            return reverse(session, key=key, txn_id=txn_id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                           actor="test", cause="test")

    undone = undo("r1", paid.id)
    with pytest.raises(CannotReverse, match="reversed before"):
        undo("r2", paid.id)
    with pytest.raises(CannotReverse, match="post again"):
        undo("r3", undone.id)
    with pytest.raises(NotFound):
        undo("r4", 4711)
    with pytest.raises(KeyReused):
        undo("p1", portfolio.pay("p2", {debt: 10}).id)
    portfolio.pay("p3", {debt: 5_000})
    opening = 1
    with pytest.raises(CannotReverse, match="moved on"):
        undo("r5", opening)


def test_accounts_carry_the_exponent_and_are_made_once(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    for number in range(3):
        adjust(portfolio, f"k{number}", fee(portfolio, debt, 5))
    with db.read() as session:
        rows = session.execute(select(Account.kind, Account.exponent).order_by(Account.kind)).all()
        assert [tuple(row) for row in rows] == [("fees", 2), ("placed", 2), ("principal", 2)]
        assert session.scalar(select(func.count()).select_from(Entry)) == 8
        assert session.scalar(select(func.count()).select_from(Seal)) == 4
