"""Staff find debtors by what they are told."""

from datetime import datetime

import pytest

from ledger.looking_up import find_debtors
from ledger.models import Debtor
from runtime.database import Database
from tests.ledger.portfolio import Portfolio


@pytest.fixture
def people(db: Database, portfolio: Portfolio, now: datetime) -> Database:
    """Maya with a debt, and two of one name."""
    portfolio.debt("NG-1", 10_000)
    with db.write() as session:
        session.add_all([
            Debtor(ref="A", first_name="Zoë", last_name="García-López", email="Zoe@example.com", phone="+447700900123",
                   country="GB", created_at=now),
            Debtor(ref="B", first_name="Luz", last_name="Garcia Lopez", country="GB", created_at=now)])
    return db


@pytest.mark.parametrize(("told", "found"), [
    ("m100", ["M100"]), (" ng-1 ", ["M100"]), ("zoe@EXAMPLE.com", ["A"]), ("+44 7700 900 123", ["A"]),
    ("garcia lopez", ["A", "B"]), ("OKAFOR", ["M100"]), ("nobody", []), ("", []), ("x@example.com", []),
    ("12345678", []), ("a", ["A"]), ("'; DROP TABLE debtor", []), ("%", [])])
def test_by_reference_address_number_and_name(people: Database, told: str, found: list[str]) -> None:
    with people.read() as session:
        assert [debtor.ref for debtor in find_debtors(session, told)] == found
