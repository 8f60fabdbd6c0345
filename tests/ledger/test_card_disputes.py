"""Card disputes and the processor's fees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.card_disputes import lose_dispute, reinstate_disputed, withdraw_disputed
from ledger.errors import CannotReverse, KeyReused, MoreThanPaid, NotFound
from ledger.kinds import CreditorAccount
from ledger.models import Txn
from ledger.money import Money
from ledger.processor_fees import charge_fee, spread
from runtime.database import Database
from runtime.ids import CreditorId
from tests.ledger.portfolio import Portfolio
from tests.ledger.test_returns import account, give_back, refund, sound, undo

HOLD, CLEARING, FEES = (
    CreditorAccount.DISPUTE_HOLD, CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.PROCESSOR_FEES)


def withdraw(portfolio: Portfolio, key: str, payment: Txn, pence: int) -> Txn:
    with portfolio.db.write() as session:
        return withdraw_disputed(session, key=key, payment_id=payment.id, amount=Money(pence, "GBP"), actor="test",
                                 effective_on=portfolio.now.date(), posted_at=portfolio.now, cause="du_1")


def lose(portfolio: Portfolio, key: str, withdrawal: Txn) -> Txn:
    with portfolio.db.write() as session:
        return lose_dispute(session, key=key, withdrawal_id=withdrawal.id, effective_on=portfolio.now.date(),
                            posted_at=portfolio.now, actor="test", cause="du_1")


def reinstate(portfolio: Portfolio, key: str, withdrawal: Txn) -> Txn:
    with portfolio.db.write() as session:
        return reinstate_disputed(session, key=key, withdrawal_id=withdrawal.id, effective_on=portfolio.now.date(),
                                  posted_at=portfolio.now, actor="test", cause="du_1")


def test_withdrawn_lost_and_won_after_all(db: Database, portfolio: Portfolio) -> None:
    gas, parcel = portfolio.debt("A1", 1_000), portfolio.debt("B1", 500, creditor=portfolio.parcel)
    payment = portfolio.pay("p", {gas: 800, parcel: 600})
    taken = withdraw(portfolio, "w", payment, 1_000)
    assert withdraw(portfolio, "w", payment, 1_000).id == taken.id
    assert [account(portfolio, kind) for kind in (HOLD, CLEARING)] == [1_000, 400]
    assert (portfolio.balance(gas).owed, portfolio.balance(parcel).overpayment) == (200, 100)
    with pytest.raises(MoreThanPaid):
        refund(portfolio, "r", payment, 401)  # the rest is held back
    with pytest.raises(MoreThanPaid):
        give_back(portfolio, "o", parcel, 1)
    with pytest.raises(CannotReverse):
        undo(portfolio, "u", payment)
    gone = lose(portfolio, "l", taken)
    assert lose(portfolio, "l", taken).id == gone.id
    assert (portfolio.balance(gas).owed, portfolio.balance(parcel).owed) == (600, 500)
    assert (portfolio.balance(parcel).overpayment, account(portfolio, HOLD)) == (0, 0)
    with pytest.raises(CannotReverse, match="lost before"):
        lose(portfolio, "again", taken)
    sound(portfolio)
    back = reinstate(portfolio, "b", taken)
    assert reinstate(portfolio, "b", taken).id == back.id
    assert (portfolio.balance(gas).owed, portfolio.balance(parcel).overpayment) == (200, 100)
    assert [account(portfolio, kind) for kind in (HOLD, CLEARING)] == [0, 1_400]
    with pytest.raises(CannotReverse, match="reinstated"):
        lose(portfolio, "late", taken)
    with pytest.raises(NotFound):
        lose(portfolio, "none", payment)
    sound(portfolio)


def test_a_fee_is_borne_by_those_whose_payment_it_was(db: Database, portfolio: Portfolio) -> None:
    split = {portfolio.debt("A1", 1_000): 200, portfolio.debt("B1", 500, creditor=portfolio.parcel): 100}
    payment = portfolio.pay("p", split)

    def fee(key: str, pence: int) -> Txn:
        with db.write() as session:
            return charge_fee(session, key=key, payment_id=payment.id, fee=Money(pence, "GBP"), actor="stripe",
                              effective_on=portfolio.now.date(), posted_at=portfolio.now, cause="txn_1")

    assert fee("f", 25).id == fee("f", 25).id
    with pytest.raises(KeyReused):
        fee("f", 26)
    with pytest.raises(ValueError, match="nothing"):
        fee("g", 0)
    assert [account(portfolio, kind) for kind in (FEES, CLEARING)] == [25, 275]
    fee("h", -5)  # given back to us
    assert account(portfolio, FEES) == 20
    sound(portfolio)


@given(st.integers(-10**6, 10**6),
       st.dictionaries(st.integers(1, 9).map(CreditorId), st.integers(1, 10**6), min_size=1))
def test_a_spread_sums_to_the_whole(amount: int, weights: dict[CreditorId, int]) -> None:
    parts = spread(Money(amount, "GBP"), weights)
    assert sum(part.minor for part in parts.values()) == amount
    whole = sum(weights.values())
    assert all(abs(part.minor * whole - amount * weights[owner]) <= whole for owner, part in parts.items())
