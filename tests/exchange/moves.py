"""Random ledgers: a few debts of two creditors, payments of any size over them, and reversals."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from ledger.errors import CannotReverse
from ledger.kinds import CreditorAccount, PostingKind
from ledger.money import Money
from ledger.posting import on_creditor, post, reverse
from ledger.receipts import receive
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio

FIRST = date(2026, 2, 20)


class Move(NamedTuple):
    """One thing that happens on a day (0 to 30 days after ``FIRST``)."""

    what: str
    day: int
    amount: int
    debts: tuple[int, ...]


moves = st.lists(st.builds(
    Move, st.sampled_from(["pay", "pay", "pay", "direct", "reverse", "fee", "dispute"]), st.integers(0, 30),
    st.integers(1, 9_000), st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(tuple)), max_size=14)


def happen(portfolio: Portfolio, found: list[Move], tag: str) -> list[DebtId]:
    """A portfolio of four debts with these moves; later ones are recorded later."""
    debts = [
        portfolio.debt(f"{tag}-{number}", 5_000 * (number + 1), interest=70 * number, fees=number,
                       creditor=portfolio.gas if number % 2 else portfolio.parcel, opened_on=date(2025, 6, 1 + number))
        for number in range(4)
    ]
    paid: list[int] = []
    for number, move in enumerate(sorted(found, key=lambda one: one.day)):
        key, on = f"{tag}:{number}", FIRST + timedelta(days=move.day)
        at = portfolio.now + timedelta(days=move.day - 11, minutes=number)
        creditor = portfolio.gas if move.amount % 2 else portfolio.parcel
        amount = Money(move.amount, "GBP")
        with portfolio.db.write() as session:
            if move.what in ("pay", "direct"):
                through = CreditorAccount.DIRECT if move.what == "direct" else CreditorAccount.PROCESSOR_CLEARING
                paid.append(receive(
                    session, key=key, split={debts[one]: amount for one in move.debts}, effective_on=on, posted_at=at,
                    actor="test", cause="=HYPERLINK(1)", through=through).id)
            elif move.what == "reverse" and paid:
                try:
                    reverse(session, key=key, txn_id=paid.pop(), effective_on=on, posted_at=at, actor="test", cause="x")
                except CannotReverse:
                    session.rollback()
            elif move.what in ("fee", "dispute"):
                account = CreditorAccount.PROCESSOR_FEES if move.what == "fee" else CreditorAccount.DISPUTE_HOLD
                post(session, key=key, kind=PostingKind.ADJUSTMENT, effective_on=on, posted_at=at, actor="test",
                     cause="x", lines=[on_creditor(creditor, account, amount),
                                       on_creditor(creditor, CreditorAccount.PROCESSOR_CLEARING, -amount)])
    return debts
