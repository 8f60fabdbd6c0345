"""Refunds: of a part, of all, of what was paid too much; never above what was paid."""

from datetime import date

import pytest
from sqlalchemy import func, select

from ledger.check import check
from ledger.errors import CannotReverse, KeyReused, MoreThanPaid, NotFound
from ledger.kinds import CreditorAccount, DebtStatus, PlanStatus, PromiseStatus
from ledger.models import Account, Debt, Entry, Plan, Promise, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import recall_debt
from ledger.plans import agree_plan
from ledger.posting import reverse
from ledger.promises import make_promise
from ledger.receipts import payments_of
from ledger.returns import refund_failed, refund_overpayment, refund_payment, refundable
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio


def refund(portfolio: Portfolio, key: str, payment: Txn, pence: int) -> Txn:
    """Give a part of a payment back."""
    with portfolio.db.write() as session:
        return refund_payment(session, key=key, payment_id=payment.id, amount=Money(pence, "GBP"), actor="test",
                              effective_on=portfolio.now.date(), posted_at=portfolio.now, cause="test")


def give_back(portfolio: Portfolio, key: str, debt: DebtId, pence: int,
              through: CreditorAccount = CreditorAccount.PROCESSOR_CLEARING) -> Txn:
    """Give a part of an overpayment back."""
    with portfolio.db.write() as session:
        return refund_overpayment(session, key=key, debt_id=debt, amount=Money(pence, "GBP"), actor="test",
                                  effective_on=portfolio.now.date(), posted_at=portfolio.now, cause="test",
                                  through=through)


def undo(portfolio: Portfolio, key: str, txn: Txn) -> Txn:
    """Reverse a posting."""
    with portfolio.db.write() as session:
        return reverse(session, key=key, txn_id=txn.id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                       actor="test", cause="test")


def account(portfolio: Portfolio, kind: CreditorAccount) -> int:
    """What the creditors' accounts of a kind hold together."""
    with portfolio.db.read() as session:
        return session.scalar(select(func.sum(Entry.amount)).join(Account, Account.id == Entry.account_id)
                              .where(Account.kind == kind.value, Account.creditor_id.is_not(None))) or 0


def sound(portfolio: Portfolio) -> None:
    """The check finds nothing."""
    with portfolio.db.read() as session:
        assert check(session) == []


def test_a_part_takes_back_in_the_opposite_order(db: Database, portfolio: Portfolio) -> None:
    one = portfolio.debt("A1", 1_000, interest=200, costs=100)  # principal, interest, fees, costs
    two = portfolio.debt("A2", 300)
    payment = portfolio.pay("p", {one: 1_250, two: 350})
    refund(portfolio, "r1", payment, 60)  # the surplus of 50, then 10 of the second debt
    assert (portfolio.balance(two).overpayment, portfolio.balance(two).principal) == (0, 10)
    refund(portfolio, "r2", payment, 340)  # the rest of the second, then the costs of the first
    first = portfolio.balance(one)
    assert (first.principal, first.interest, first.costs) == (0, 0, 100)
    with db.write() as session:
        assert refundable(session, payment.id) == {"GBP": Money(1_200, "GBP")}
        assert {x.debt_ref: x.amount.minor for x in payments_of(session, portfolio.debtor_id)} == {"A1": 1_200}
    with pytest.raises(MoreThanPaid) as caught:
        refund(portfolio, "r3", payment, 1_201)
    assert caught.value.most == Money(1_200, "GBP")
    refund(portfolio, "r3", payment, 1_200)
    with db.read() as session:
        assert payments_of(session, portfolio.debtor_id) == []
    assert (portfolio.balance(one).owed, portfolio.balance(two).owed) == (1_300, 300)
    assert account(portfolio, CreditorAccount.PROCESSOR_CLEARING) == 0
    sound(portfolio)


def test_the_same_refund_again_and_another_under_its_key(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 1_000)
    payment = portfolio.pay("p", {debt: 600})
    assert refund(portfolio, "r", payment, 600).id == refund(portfolio, "r", payment, 600).id
    assert portfolio.balance(debt).principal == 1_000
    with pytest.raises(KeyReused):
        refund(portfolio, "r", payment, 1)
    with pytest.raises(NotFound), db.write() as session:
        refund_payment(session, key="x", payment_id=1, amount=Money(1, "GBP"), effective_on=portfolio.now.date(),
                       posted_at=portfolio.now, actor="test", cause="test")
    with pytest.raises(CannotReverse, match="took back a part"):
        undo(portfolio, "u", payment)
    sound(portfolio)


def test_of_a_reversed_payment_nothing_is_given_back(db: Database, portfolio: Portfolio) -> None:
    payment = portfolio.pay("p", {portfolio.debt("A1", 1_000): 600})
    undo(portfolio, "u", payment)
    with pytest.raises(CannotReverse):
        refund(portfolio, "r", payment, 1)


def test_a_refund_the_bank_sends_back(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 1_000)
    payment = portfolio.pay("p", {debt: 1_000})
    given = refund(portfolio, "r", payment, 400)
    later = refund(portfolio, "s", payment, 100)

    def failed(key: str, of: Txn) -> Txn:
        with db.write() as session:
            return refund_failed(session, key=key, refund_id=of.id, effective_on=portfolio.now.date(),
                                 posted_at=portfolio.now, actor="test", cause="test")

    assert failed("f", given).id == failed("f", given).id
    assert portfolio.balance(debt).principal == 100
    portfolio.pay("p2", {debt: 100})  # paid again before the bank sent the other one back
    assert failed("g", later).id == failed("g", later).id
    assert (portfolio.balance(debt).owed, portfolio.balance(debt).overpayment) == (0, 100)
    with pytest.raises(CannotReverse):
        failed("h", given)
    assert account(portfolio, CreditorAccount.PROCESSOR_CLEARING) == 1_100
    sound(portfolio)


def test_an_overpayment_is_given_back_up_to_what_is_held(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 1_000)
    payment = portfolio.pay("p", {debt: 1_250})
    assert give_back(portfolio, "o1", debt, 200).id == give_back(portfolio, "o1", debt, 200).id
    with pytest.raises(MoreThanPaid) as caught:
        give_back(portfolio, "o2", debt, 51)
    assert caught.value.most == Money(50, "GBP")
    with pytest.raises(CannotReverse, match="moved on"):
        undo(portfolio, "u", payment)
    with pytest.raises(MoreThanPaid) as caught:
        refund(portfolio, "r", payment, 1_051)  # 200 of it went back already
    assert caught.value.most == Money(1_050, "GBP")
    refund(portfolio, "r", payment, 1_050)
    assert portfolio.balance(debt).owed == 1_000
    assert account(portfolio, CreditorAccount.PROCESSOR_CLEARING) == 0
    with pytest.raises(ValueError, match="not given back through"):
        give_back(portfolio, "o3", debt, 1, CreditorAccount.PLACED)
    sound(portfolio)


def test_plans_and_promises_follow_a_refund(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    with db.write() as session:
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test", now=portfolio.now,
                   offer=Offer(Money(10_000, "GBP"), Money(5_000, "GBP"), MONTHLY, date(2026, 4, 1)))
        make_promise(session, key="m", debtor_id=portfolio.debtor_id, amount=Money(900, "GBP"), actor="test",
                     due_on=date(2026, 3, 20), now=portfolio.now)
    payment = portfolio.pay("p", {debt: 10_000})
    with db.read() as session:
        assert session.scalars(select(Plan)).one().status is PlanStatus.COMPLETED
    refund(portfolio, "r", payment, 9_200)
    with db.read() as session:
        plan, promise = session.scalars(select(Plan)).one(), session.scalars(select(Promise)).one()
        assert (plan.status, [i.paid for i in plan.instalments]) == (PlanStatus.ACTIVE, [800, 0])
        assert (promise.status, promise.received) == (PromiseStatus.OPEN, 800)
        assert session.get_one(Debt, debt).status is DebtStatus.OPEN
    sound(portfolio)


def test_what_becomes_owed_on_a_recalled_debt_is_its_creditors(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 1_000)
    payment = portfolio.pay("p", {debt: 600})
    with db.write() as session:
        recall_debt(session, key="back", debt_id=debt, effective_on=portfolio.now.date(), now=portfolio.now, actor="t")
    undo(portfolio, "u", payment)
    assert (portfolio.balance(debt).owed, account(portfolio, CreditorAccount.PLACED)) == (0, 0)
    with db.read() as session:
        assert session.get_one(Debt, debt).status is DebtStatus.RECALLED
    sound(portfolio)
