"""What staff may do to a balance."""

from datetime import date

import pytest
from sqlalchemy import select

from ledger.corrections import adjust, write_off
from ledger.errors import BelowZero, CannotWriteOff, KeyReused
from ledger.kinds import Authority, Bucket, CreditorAccount, DebtStatus, PlanStatus, WriteOffReason
from ledger.models import Debt, Plan, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio
from tests.ledger.test_returns import account, sound, undo


def give_up(portfolio: Portfolio, key: str, debt: DebtId, note: str = "",
            authority: Authority = Authority.LEAD) -> Txn:
    with portfolio.db.write() as session:
        return write_off(session, key=key, debt_id=debt, reason=WriteOffReason.HARDSHIP, note=note, actor="staff:1",
                         authority=authority,
                         effective_on=portfolio.now.date(), posted_at=portfolio.now)


def change(portfolio: Portfolio, key: str, debt: DebtId, bucket: Bucket, pence: int,
           against: CreditorAccount = CreditorAccount.PLACED) -> Txn:
    with portfolio.db.write() as session:
        return adjust(session, key=key, debt_id=debt, bucket=bucket, amount=Money(pence, "GBP"), actor="staff:1",
                      reason="creditor's letter", effective_on=portfolio.now.date(), posted_at=portfolio.now,
                      against=against, authority=Authority.LEAD)


def status(db: Database, debt: DebtId) -> DebtStatus:
    with db.read() as session:
        return session.get_one(Debt, debt).status


def test_a_debt_is_written_off_and_opened_again(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000, interest=50)
    with db.write() as session:
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test", now=portfolio.now,
                   offer=Offer(Money(10_050, "GBP"), Money(5_000, "GBP"), MONTHLY, date(2026, 4, 1)))
    payment = portfolio.pay("p", {debt: 1_000})
    txn = give_up(portfolio, "w", debt, "letter of 3 March")
    assert give_up(portfolio, "w", debt, "letter of 3 March").id == txn.id
    assert (status(db, debt), portfolio.balance(debt).owed) == (DebtStatus.CLOSED, 0)
    assert account(portfolio, CreditorAccount.WRITE_OFF) == 9_050
    with db.read() as session:
        assert session.get_one(Txn, txn.id).cause == "hardship: letter of 3 March"
        assert session.scalars(select(Plan.status)).one() is PlanStatus.CANCELLED
    with pytest.raises(CannotWriteOff):
        give_up(portfolio, "again", debt)
    undo(portfolio, "p:u", payment)  # it bounced: that much is owed again, the rest stays given up
    assert (status(db, debt), portfolio.balance(debt).owed) == (DebtStatus.OPEN, 1_000)
    undo(portfolio, "w:u", txn)
    assert (status(db, debt), portfolio.balance(debt).owed) == (DebtStatus.OPEN, 10_050)
    assert account(portfolio, CreditorAccount.WRITE_OFF) == 0
    sound(portfolio)


def test_a_bucket_is_adjusted_either_way(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    up = change(portfolio, "a", debt, Bucket.FEES, 500)
    assert change(portfolio, "a", debt, Bucket.FEES, 500).id == up.id
    with pytest.raises(KeyReused):
        change(portfolio, "a", debt, Bucket.FEES, 501)
    with pytest.raises(BelowZero):
        change(portfolio, "b", debt, Bucket.FEES, -501)
    for bucket, pence, against in ((Bucket.OVERPAYMENT, 5, CreditorAccount.PLACED),
                                   (Bucket.FEES, 0, CreditorAccount.PLACED),
                                   (Bucket.FEES, 5, CreditorAccount.DISPUTE_HOLD)):
        with pytest.raises(ValueError, match="an adjustment needs"):
            change(portfolio, "c", debt, bucket, pence, against)
    assert portfolio.balance(debt).fees == 500
    change(portfolio, "d", debt, Bucket.FEES, -500, CreditorAccount.WRITE_OFF)
    change(portfolio, "e", debt, Bucket.PRINCIPAL, -10_000)
    assert status(db, debt) is DebtStatus.CLOSED
    undo(portfolio, "u", change(portfolio, "e", debt, Bucket.PRINCIPAL, -10_000))
    assert (status(db, debt), portfolio.balance(debt).principal) == (DebtStatus.OPEN, 10_000)
    sound(portfolio)
