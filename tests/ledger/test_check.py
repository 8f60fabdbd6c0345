"""`debtdesk ledger check` finds what should not be there. The triggers must be dropped first to put it there."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text, update

from ledger.accrual import accrue
from ledger.card_disputes import withdraw_disputed
from ledger.check import RULES, check
from ledger.kinds import InterestMethod
from ledger.models import Debt
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.policy import policy_for
from ledger.policy.interest import InterestRules
from ledger.promises import make_promise
from ledger.returns import refund_payment
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.ledger.portfolio import Portfolio


@pytest.fixture
def busy(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> Portfolio:
    """A portfolio with a plan, a promise, a payment, a part of which was refunded and one is disputed, interest."""
    debt = portfolio.debt("A1", 10_000, fees=100)
    portfolio.debt("A2", 500)
    with portfolio.db.write() as session:
        agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test", now=portfolio.now,
                   offer=Offer(Money(10_100, "GBP"), Money(5_000, "GBP"), MONTHLY, date(2026, 4, 1)))
        make_promise(session, key="promise", debtor_id=portfolio.debtor_id, amount=Money(900, "GBP"), actor="test",
                     due_on=date(2026, 3, 20), now=portfolio.now)
    payment = portfolio.pay("p1", {debt: 700})
    day = {"effective_on": portfolio.now.date(), "posted_at": portfolio.now, "actor": "test", "cause": "test"}
    with portfolio.db.write() as session:
        refund_payment(session, key="r1", payment_id=payment.id, amount=Money(100, "GBP"), **day)
        withdraw_disputed(session, key="w1", payment_id=payment.id, amount=Money(200, "GBP"), **day)
        session.execute(update(Debt).where(Debt.id == debt).values(interest_rate=Decimal(8)))
        rules = InterestRules(method=InterestMethod.SIMPLE, since=date(2026, 1, 1), while_in_plan=True,
                              cap={"percent_of_principal": 5})
        monkeypatch.setattr("ledger.accrual.policy_for", lambda creditor: policy_for(creditor).model_copy(
            update={"interest": rules}))
        accrue(session, [debt], until=date(2026, 3, 20), posted_at=portfolio.now)
    return portfolio


def disarm(db: Database) -> None:
    """Drop what keeps the ledger sound, as a careless administrator might."""
    with db.engine.execution_options(writes=True).begin() as connection:
        if db.dialect == "postgresql":
            for table in ("txn", "entry", "seal", "account", "take_back", "plan_version", "plan_version_due"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))


def test_a_sound_ledger_has_no_findings_and_progress_is_shown(db: Database, busy: Portfolio) -> None:
    seen: list[tuple[str, int, int]] = []
    with db.read() as session:
        assert check(session, progress=lambda *step: seen.append(step)) == []
    assert [number for _, number, _ in seen] == list(range(1, len(RULES) + 1))


@pytest.mark.parametrize(("damage", "rule"), [
    ("UPDATE entry SET amount = amount + 1 WHERE id = 1", "postings sum to zero"),
    ("UPDATE debt_balance SET principal = principal + 1", "balances equal entries"),
    ("UPDATE debt_balance SET overpayment = 5", "balances equal entries"),
    ("UPDATE debt SET status = 'paid'", "states fit balances"),
    ("UPDATE plan SET total = total + 1", "plans add up"),
    ("UPDATE plan_debt SET amount = amount - 1", "plans add up"),
    ("UPDATE instalment SET paid = 0, paid_on = NULL", "instalments equal payments"),
    ("UPDATE instalment SET state = 'kept'", "instalments equal payments"),
    ("UPDATE instalment SET due_on = '2030-01-01' WHERE number = 1",
     "the newest plan version is in force"),
    ("UPDATE plan_version_due SET amount = amount + 1", "plan versions add up"),
    ("DELETE FROM plan_version_due WHERE number = 2", "plan versions add up"),
    ("UPDATE promise SET received = 1", "promises equal payments"),
    ("UPDATE promise SET status = 'kept'", "promises equal payments"),
    ("UPDATE accrual SET accrued = accrued + 1", "interest adds up"),
    ("DELETE FROM accrual", "interest adds up"),
    ("UPDATE accrual_span SET last_on = '2026-03-19'", "interest adds up"),
    ("INSERT INTO accrual_span SELECT debt_id, '2026-03-05', last_on, annual_percent, frozen, method, day_count, base"
     " FROM accrual_span", "interest adds up"),
    ("UPDATE entry SET amount = amount * 9 WHERE txn_id = (SELECT max(id) FROM txn WHERE kind = 'refund')",
     "refunds within payments"),
    ("UPDATE entry SET amount = -amount WHERE txn_id = (SELECT max(id) FROM txn WHERE kind = 'card_dispute')",
     "refunds within payments"),
    ("UPDATE entry SET amount = amount * 4 WHERE txn_id = (SELECT max(id) FROM txn WHERE kind = 'card_dispute')",
     "refunds within payments"),
    ("UPDATE take_back SET payment_id = 1", "refunds within payments"),
    ("UPDATE txn SET kind = 'write_off' WHERE kind = 'opening'", "accounts fit postings"),
    ("UPDATE account SET exponent = 3", "accounts fit postings"),
    ("UPDATE txn SET reverses_id = 1 WHERE kind = 'payment'", "reversals mirror"),
])
def test_damage_is_found(db: Database, busy: Portfolio, damage: str, rule: str) -> None:
    disarm(db)
    with db.write() as session:
        session.execute(text(damage))
    with db.read() as session:
        findings = check(session)
    assert rule in {finding.rule for finding in findings}
    assert all(str(finding).startswith(finding.rule) for finding in findings)
