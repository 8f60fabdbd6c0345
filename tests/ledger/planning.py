"""Plans for tests: agreed, paid, looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

import yaml

from ledger.check import check
from ledger.models import Plan
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import PlanView, agree_plan, plans_of
from ledger.schedule import MONTHLY, Frequency
from runtime.ids import DebtId
from runtime.settings import ROOT, settings
from tests.ledger.portfolio import Portfolio

FIRST = date(2026, 4, 1)


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def at(day: date) -> datetime:
    """Noon on that day."""
    return datetime.combine(day, time(12), timezone.utc)


def agree(portfolio: Portfolio, debts: list[DebtId], total: int, instalment: int, *, key: str = "agree",
          first_on: date = FIRST, frequency: Frequency = MONTHLY, by_staff: bool = False) -> Plan:
    """A plan over ``debts``."""
    with portfolio.db.write() as session:
        return agree_plan(session, key=key, debtor_id=portfolio.debtor_id, debt_ids=debts, actor="debtor",
                          offer=Offer(pounds(total), pounds(instalment), frequency, first_on), now=portfolio.now,
                          by_staff=by_staff)


def view(portfolio: Portfolio, today: date) -> PlanView:
    """The newest plan; the ledger must be sound."""
    with portfolio.db.read() as session:
        assert check(session) == []
        return plans_of(session, portfolio.debtor_id, today=today)[0]


def shown(seen: PlanView) -> list[tuple[str, int, int]]:
    """Day, amount and what is paid of each instalment."""
    return [(str(due.on), due.amount.minor, due.paid.minor) for due in seen.dues]


@contextmanager
def policy_with(folder: Path, **plans: Any) -> Iterator[None]:
    """While it lasts the UK standard policy has these fields in its section ``plans``."""
    policy = yaml.safe_load((ROOT / "policies" / "uk-standard.yml").read_text("utf-8"))
    policy["plans"] |= plans
    folder.mkdir(exist_ok=True)
    (folder / "uk-standard.yml").write_text(yaml.safe_dump(policy))
    before = settings().policy_dir
    object.__setattr__(settings(), "policy_dir", folder)
    try:
        yield
    finally:
        object.__setattr__(settings(), "policy_dir", before)
