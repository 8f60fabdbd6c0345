"""Fixtures of the compliance tests: a small household, its debts, and conversations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pytest

from conversations.open import open_conversation
from ledger.models import Creditor, Debtor
from ledger.money import Money
from ledger.opening import open_debt
from runtime.database import Database
from runtime.ids import ConversationId, DebtId, DebtorId


@pytest.fixture
def db(make_sqlite: Callable[[], Database]) -> Iterator[Database]:
    """SQLite only: ``test_on_both`` goes through the same rooms on PostgreSQL as well."""
    database = make_sqlite()
    yield database
    database.close()


@dataclass
class Household:
    """Jane; John senior and junior Doe at one address; an imported customer without factors."""

    jane: DebtorId
    father: DebtorId
    son: DebtorId
    bare: DebtorId
    gas: DebtId
    parcel: DebtId


def _debtor(ref: str, first: str, last: str, born: str | None, postcode: str | None, now: datetime) -> Debtor:
    return Debtor(ref=ref, first_name=first, last_name=last, date_of_birth=born, postcode=postcode, country="GB",
                  region="England", timezone="Europe/London", email="jane@example.com" if first == "Jane" else None,
                  phone="07700 900123" if first == "Jane" else None, created_at=now)


@pytest.fixture
def home(db: Database, now: datetime) -> Household:
    """The household, with two debts of Jane's."""
    with db.write() as session:
        people = [
            _debtor("DD-1042", "Jane", "Roe", "1981-03-12", "SW1A 2AA", now),
            _debtor("DD-2001", "John", "Doe", "1950-01-02", "M1 1AE", now),
            _debtor("DD-2002", "John", "Doe", "1980-06-07", "M1 1AE", now),
            _debtor("0379-NEVHP", "", "Customer", None, None, now),
        ]
        creditor = Creditor(ref="GAS", name="Northern Gas", country="GB", currency="GBP", policy="uk-standard")
        session.add_all([*people, creditor])
        session.flush()
        debts = [
            open_debt(session, key=f"open:{ref}", ref=ref, debtor_id=people[0].id, creditor_id=creditor.id,
                      kind="energy", opened_on=date(2025, 6, 1), principal=Money(10_000, "GBP"),
                      interest=Money(0, "GBP"), fees=Money(0, "GBP"), costs=Money(0, "GBP"), effective_on=now.date(),
                      now=now, actor="test").id
            for ref in ("NG-0001", "PC-0002")
        ]
        return Household(people[0].id, people[1].id, people[2].id, people[3].id, debts[0], debts[1])


@pytest.fixture
def talk(db: Database, now: datetime) -> Callable[..., ConversationId]:
    """Opens conversations."""
    def opened(channel: str = "web") -> ConversationId:
        with db.write() as session:
            return ConversationId(open_conversation(session, channel=channel, now=now).id)
    return opened
