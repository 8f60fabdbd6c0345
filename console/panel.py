"""The ledger beside a transcript: what the debtor owes, holds, plan, promises, payments, settlements, budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from compliance.asking import balance_of
from ledger.balances import DebtorBalance
from ledger.budgets import BudgetView, forms_of
from ledger.holds import active_holds
from ledger.kinds import PromiseStatus
from ledger.models import Debtor, Hold
from ledger.plans import PlanView, plans_of
from ledger.promises import PromiseLine, promises_of
from ledger.receipts import PaymentLine, payments_of
from ledger.settlements import SettlementView, settlements_of

LATEST = 5
"""Promises and payments shown."""


@dataclass(frozen=True)
class Panel:
    """All of it, read in one go."""

    debtor: Debtor
    today: date
    their_time: datetime | None
    balance: DebtorBalance
    holds: Sequence[Hold]
    debt_refs: dict[int, str]
    plans: Sequence[PlanView]
    promises: Sequence[PromiseLine]
    payments: Sequence[PaymentLine]
    settlements: Sequence[SettlementView]
    budget: BudgetView | None
    """Their newest income and expenditure form."""


def panel_of(session: Session, debtor: Debtor, *, now: datetime) -> Panel:
    """The ledger's view of a debtor, by their own date."""
    zone = ZoneInfo(debtor.timezone) if debtor.timezone else None
    today = now.astimezone(zone).date()
    balance = balance_of(session, debtor.id, now=now)
    promises = [line for line in promises_of(session, debtor.id) if line.status is not PromiseStatus.SUPERSEDED]
    return Panel(
        debtor=debtor, today=today, their_time=now.astimezone(zone) if zone else None, balance=balance,
        holds=active_holds(session, debtor_id=debtor.id, now=now),
        debt_refs={line.debt_id: line.ref for line in balance.lines},
        plans=plans_of(session, debtor.id, today=today), promises=promises[:LATEST],
        payments=payments_of(session, debtor.id)[:LATEST],
        settlements=settlements_of(session, debtor.id)[:LATEST],
        budget=next(iter(forms_of(session, debtor.id)), None),
    )
