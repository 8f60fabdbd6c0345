"""What the panel beside a transcript shows of settlements and of what a debtor can spare."""

from datetime import datetime

from sqlalchemy import select

from ledger.affordability import Every, Form, IncomeLine, SpendingLine
from ledger.budgets import record_form
from ledger.kinds import Authority, Income, Spending
from ledger.models import Debt
from ledger.money import Money
from ledger.settlements import accept_settlement, offer_settlement
from runtime.database import Database
from tests.console.conftest import Browser, Debtors


def test_a_settlement_and_a_budget(db: Database, debtors: Debtors, ana: Browser, now: datetime) -> None:
    debtor, conversation = debtors.debtor(), debtors.conversation()
    debtors.verify(conversation, debtor)
    debtors.says(conversation, "would you take less")
    path = f"/conversations/{conversation}"
    assert "Settlements" not in ana.get(path).text
    assert "Left over in a month" not in ana.get(path).text
    with db.write() as session:
        debt = session.scalars(select(Debt).where(Debt.debtor_id == debtor.id)).one()
        offer = offer_settlement(session, key="o", debt_id=debt.id, amount=Money(20_000, "GBP"), actor="staff:1",
                                 authority=Authority.STAFF, now=now, today=now.date())
        record_form(session, key="f", debtor_id=debtor.id, actor="staff:1", now=now, today=now.date(), form=Form(
            currency="GBP", income=(IncomeLine(kind=Income.WAGES, minor=30_000, every=Every.WEEK),),
            spending=(SpendingLine(category=Spending.FOOD, minor=40_000),)))
    page = ana.get(path).text
    assert "£200.00 closes Northern Gas" in page
    assert "to be accepted by 2 Apr 2026" in page
    assert 'Left over in a month <span class="sum">£900.00</span>' in page
    assert "As they told us on 3 Mar 2026; counts until 30 Aug 2026." in page
    assert "£400.00" in page
    assert "usually £230.00" in page
    with db.write() as session:
        accept_settlement(session, key="a", settlement_id=offer.id, version=1, actor="staff:1", now=now,
                          today=now.date())
    assert "£0.00 paid, the rest by 2 Apr 2026" in ana.get(path).text
