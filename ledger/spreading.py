"""Which debts a plan can be proposed for, together, and by which policy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.balances import DebtLine, balance_of
from ledger.kinds import PlanStatus
from ledger.models import Creditor, Plan, PlanDebt
from ledger.money import Money, total
from ledger.policy import Policy, policy_for, strictest
from ledger.settlements import settling
from runtime.errors import OperatorError
from runtime.ids import CreditorId, DebtId, DebtorId


@dataclass(frozen=True, slots=True)
class Spread:
    """Debts one plan can cover. ``version`` tells a stale offer; ``policy`` is what all their creditors allow."""

    lines: tuple[DebtLine, ...]
    total: Money
    policy: Policy

    @property
    def debt_ids(self) -> tuple[DebtId, ...]:
        """The debts."""
        return tuple(line.debt_id for line in self.lines)

    @property
    def creditors(self) -> tuple[str, ...]:
        """The creditors' names, each once."""
        return tuple(dict.fromkeys(line.creditor for line in self.lines))

    @property
    def version(self) -> int:
        """Rises with every posting on these debts."""
        return sum(line.version for line in self.lines)


def _spread(lines: Sequence[DebtLine], policies: dict[CreditorId, Policy]) -> list[Spread]:
    try:
        policy = strictest([policies[line.creditor_id] for line in lines])
    except OperatorError:
        creditors = dict.fromkeys(line.creditor_id for line in lines)
        if len(creditors) == 1:
            raise
        return [one for c in creditors for one in _spread([x for x in lines if x.creditor_id == c], policies)]
    return [Spread(tuple(lines), total((line.balance for line in lines), lines[0].balance.currency), policy)]


def spreads(
    session: Session, debtor_id: DebtorId, *, now: datetime, only: Collection[DebtId] = ()
) -> list[Spread]:
    """What can be put into a new plan: payable debts not in one yet and with no settlement, the largest sum
    first.

    One for each currency, or for each creditor where their policies allow no plan in common. Debts that are
    time-barred are left out unless the debtor names them (``only``): no payment is invited on them.
    """
    planned = set(session.scalars(
        select(PlanDebt.debt_id).join(Plan, Plan.id == PlanDebt.plan_id)
        .where(Plan.debtor_id == debtor_id, Plan.status == PlanStatus.ACTIVE)
    ))
    open_lines = balance_of(session, debtor_id, now=now).lines
    planned |= settling(session, [line.debt_id for line in open_lines]).keys()
    lines = [
        line for line in open_lines
        if line.payable and line.debt_id not in planned
        and (line.debt_id in only if only else line.time_barred is not True)
    ]
    creditors = session.scalars(select(Creditor).where(Creditor.id.in_({line.creditor_id for line in lines})))
    policies = {creditor.id: policy_for(creditor) for creditor in creditors}
    found: list[Spread] = []
    for currency in dict.fromkeys(line.balance.currency for line in lines):
        found += _spread([line for line in lines if line.balance.currency == currency], policies)
    return sorted(found, key=lambda spread: -spread.total.minor)
