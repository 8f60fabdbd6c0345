"""A small portfolio for tests: one debtor, two creditors, debts by reference."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.models import Creditor, DebtBalance, Debtor, Txn
from ledger.money import Money
from ledger.opening import open_debt
from ledger.receipts import receive
from runtime.database import Database
from runtime.ids import CreditorId, DebtId, DebtorId


@dataclass
class Portfolio:
    """What a test starts from."""

    db: Database
    debtor_id: DebtorId
    gas: CreditorId
    parcel: CreditorId
    now: datetime

    def debt(self, ref: str, principal: int, *, interest: int = 0, fees: int = 0, costs: int = 0,
             creditor: CreditorId | None = None, opened_on: date = date(2025, 6, 1), currency: str = "GBP",
             debtor: DebtorId | None = None) -> DebtId:
        """Open a debt, amounts in minor units."""
        with self.db.write() as session:
            return open_debt(
                session, key=f"open:{ref}", ref=ref, debtor_id=debtor or self.debtor_id,
                creditor_id=creditor or self.gas, kind="energy", opened_on=opened_on,
                principal=Money(principal, currency), interest=Money(interest, currency),
                fees=Money(fees, currency), costs=Money(costs, currency),
                effective_on=self.now.date(), now=self.now, actor="test",
            ).id

    def pay(self, key: str, split: dict[DebtId, int], on: date | None = None) -> Txn:
        """Receive a payment, amounts in pence."""
        with self.db.write() as session:
            return receive(session, key=key, split={i: Money(m, "GBP") for i, m in split.items()},
                           effective_on=on or self.now.date(), posted_at=self.now, actor="test", cause="test")

    def balance(self, debt_id: DebtId) -> DebtBalance:
        """The cached balance."""
        with self.db.read() as session:
            return session.get_one(DebtBalance, debt_id)


def found_portfolio(session: Session, now: datetime) -> tuple[DebtorId, CreditorId, CreditorId]:
    """One debtor, two creditors."""
    debtor = Debtor(ref="m100", first_name="Maya", last_name="Okafor", date_of_birth="1987-05-04", postcode="M4 1HQ",
                    country="GB", created_at=now)
    gas = Creditor(ref="gas", name="Northern Gas", country="GB", currency="GBP", policy="uk-standard")
    parcel = Creditor(ref="parcel", name="Parcel & Co", country="GB", currency="GBP", policy="uk-standard")
    session.add_all([debtor, gas, parcel])
    session.flush()
    return debtor.id, gas.id, parcel.id
