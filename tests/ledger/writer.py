"""A writer to be killed: ``python -m tests.ledger.writer URL FIRST END`` posts and says each key once it is committed.

What number ``n`` posts depends on ``n`` alone, so that whoever comes after it can post the same again.
"""

import sys
from datetime import date, datetime, timezone

from sqlalchemy import select

from ledger.kinds import CreditorAccount
from ledger.models import Debt, Txn
from ledger.money import Money
from ledger.receipts import receive
from ledger.returns import refund_payment
from runtime.database import Database

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=timezone.utc)
DEBTS = 3


def post(database: Database, number: int) -> str:
    """Posting ``number``: a payment over two debts, or for every fifth a refund of a part of the one before."""
    key = f"n{number}"
    with database.write() as session:
        if number % 5 == 4:
            payment = session.scalars(select(Txn.id).where(Txn.idem_key == f"n{number - 1}")).one()
            refund_payment(session, key=key, payment_id=payment, amount=Money(2, "GBP"), effective_on=date(2026, 3, 3),
                           posted_at=NOON, actor="writer", cause="test")
        else:
            ids = session.scalars(select(Debt.id).order_by(Debt.id)).all()
            split = {ids[number % DEBTS]: Money(1 + number % 7, "GBP"), ids[(number + 1) % DEBTS]: Money(3, "GBP")}
            receive(session, key=key, split=split, effective_on=date(2026, 3, 3), posted_at=NOON, actor="writer",
                    cause="test", through=CreditorAccount.PROCESSOR_CLEARING)
    return key


def paid(count: int) -> int:
    """What the first ``count`` postings pay in all, in minor units."""
    return sum(-2 if number % 5 == 4 else 4 + number % 7 for number in range(count))


if __name__ == "__main__":
    wanted = Database(sys.argv[1])
    for place in range(int(sys.argv[2]), int(sys.argv[3])):
        print(post(wanted, place), flush=True)
