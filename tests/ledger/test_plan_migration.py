"""Plans made before there were versions: each has its first one, and what was paid its state."""

from datetime import date

from alembic import command
from sqlalchemy import text

from ledger.check import check
from ledger.kinds import PlanAct
from ledger.models import Plan
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import change_plan, history_of, plans_of, record_of
from ledger.plans.record import Record
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.migrate import _alone, _config, upgrade
from tests.ledger.planning import FIRST, agree, at
from tests.ledger.portfolio import Portfolio

BEFORE = "258bf2fa203e"


def test_plans_of_an_older_version_go_on(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 20_000)
    plan = agree(portfolio, [debt], 20_000, 5_000)
    portfolio.pay("p1", {debt: 5_000}, on=date(2026, 4, 3))
    portfolio.pay("p2", {debt: 5_000}, on=date(2026, 5, 9))
    portfolio.pay("p3", {debt: 1_000}, on=date(2026, 5, 10))
    with _alone(db) as connection:
        command.downgrade(_config(connection), BEFORE)
        assert connection.execute(text("SELECT count(*) FROM instalment WHERE paid > 0")).scalar() == 3
    upgrade(db)
    with db.read() as session:
        assert check(session) == []
        assert record_of(session, plan.id) == Record(kept=1, kept_late=1)
        (version,) = history_of(session, plan.id)
        assert (version.act, version.actor, version.made_at) == (PlanAct.AGREED, "debtor", portfolio.now)
        assert [due.amount.minor for due in version.dues] == [5_000] * 4
    assert agree(portfolio, [debt], 20_000, 5_000).id == plan.id  # its key still stands for it
    with db.write() as session:
        change_plan(session, key="c", plan_id=plan.id, expected=session.get_one(Plan, plan.id).version, actor="ann",
                    offer=Offer(Money(9_000, "GBP"), Money(3_000, "GBP"), MONTHLY, date(2026, 6, 1)), by_staff=True,
                    now=at(date(2026, 5, 11)))
    with db.read() as session:
        assert check(session) == []
        (seen,) = plans_of(session, portfolio.debtor_id, today=FIRST)
        assert [due.amount.minor for due in seen.dues] == [5_000, 5_000, 1_000, 3_000, 3_000, 3_000]
