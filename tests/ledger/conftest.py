"""Fixtures of the ledger's tests."""

from datetime import datetime

import pytest

from runtime.database import Database
from tests.ledger.portfolio import Portfolio, found_portfolio


@pytest.fixture
def portfolio(db: Database, now: datetime) -> Portfolio:
    """One debtor and two creditors, no debts yet."""
    with db.write() as session:
        debtor_id, gas, parcel = found_portfolio(session, now)
    return Portfolio(db, debtor_id, gas, parcel, now)
