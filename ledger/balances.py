"""What a debtor owes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ledger.holds import active_holds, effect_of, strongest
from ledger.kinds import Act, DebtStatus, HoldReason
from ledger.models import Creditor, Debt, DebtBalance
from ledger.money import Money, total, totals
from ledger.policy import load_policy
from runtime.ids import CreditorId, DebtId, DebtorId

DISPUTED = frozenset({HoldReason.DISPUTE, HoldReason.FRAUD})


@dataclass(frozen=True, slots=True)
class DebtLine:
    """One open debt. ``payable``: something is owed and no hold forbids paying it."""

    debt_id: DebtId
    ref: str
    creditor_id: CreditorId
    creditor: str
    kind: str
    description: str
    original_creditor: str | None
    opened_on: date
    due_on: date | None
    balance: Money
    principal: Money
    interest: Money
    fees: Money
    costs: Money
    disputed: bool
    hold: HoldReason | None
    hold_until: date | None
    payable: bool
    askable: bool
    """Whether we may ask for it: something is owed and no hold stops asking."""
    time_barred: bool | None
    version: int
    as_of: datetime | None = None
    """When the balance was last confirmed: by the other system where that is the master, else when it was opened."""
    stale: bool = False
    """Whether another system is the master and this figure is too old to agree anything on."""
    interest_rate: Decimal | None = None
    """The debt's own rate of interest, per cent a year."""
    acknowledged_on: date | None = None
    """The last payment or written acknowledgement that the creditor's file knows of."""
    own_collector: bool = False
    """Whether the creditor collects for itself."""
    stage: str | None = None
    """How far it has come, as the creditor's process calls it; None: not said."""

    @property
    def added(self) -> Money:
        """Interest, fees and costs: what came on top of the principal."""
        return self.interest + self.fees + self.costs


@dataclass(frozen=True, slots=True)
class DebtorBalance:
    """The open debts and their sums per currency: all of them, the disputed part, and what can be paid now.

    ``overpaid`` is what we hold for the debtor, on debts of any state.
    """

    lines: list[DebtLine]
    totals: dict[str, Money] = field(default_factory=dict)
    disputed: dict[str, Money] = field(default_factory=dict)
    payable: dict[str, Money] = field(default_factory=dict)
    overpaid: dict[str, Money] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Rises with every posting on an open debt: what a stale button is told by."""
        return sum(line.version for line in self.lines)


_QUERY = (
    select(
        Debt.id, Debt.ref, Debt.kind, Debt.description, Debt.original_creditor, Debt.opened_on, Debt.due_on,
        Debt.currency, Debt.status, Debt.time_barred, Debt.as_of, Debt.interest_rate, Debt.last_acknowledged_on,
        Debt.stage, Creditor.id.label("creditor_id"), Creditor.name, Creditor.policy, Creditor.own_collector,
        DebtBalance.principal, DebtBalance.interest, DebtBalance.fees, DebtBalance.costs, DebtBalance.overpayment,
        DebtBalance.version,
    )
    .join(Creditor, Creditor.id == Debt.creditor_id)
    .join(DebtBalance, DebtBalance.debt_id == Debt.id)
    .where(Debt.debtor_id == bindparam("debtor_id"))
    .order_by(Debt.opened_on, Debt.id)
)


def balance_of(session: Session, debtor_id: DebtorId, *, now: datetime) -> DebtorBalance:
    """All open debts of a debtor, the oldest first. ``totals`` includes the disputed ones. Two queries.

    Raises OperatorError when a creditor's policy file cannot be read.
    """
    rows = session.execute(_QUERY, {"debtor_id": debtor_id}).all()
    holds = active_holds(session, debtor_id=debtor_id, now=now) if rows else []
    lines: list[DebtLine] = []
    for row in rows:
        if row.status is not DebtStatus.OPEN:
            continue
        mine = [hold for hold in holds if hold.debt_id in (None, row.id)]
        first = strongest(mine)
        parts = [Money(minor, row.currency) for minor in (row.principal, row.interest, row.fees, row.costs)]
        balance = total(parts, row.currency)
        lines.append(DebtLine(
            debt_id=row.id, ref=row.ref, creditor_id=row.creditor_id, creditor=row.name, kind=row.kind,
            description=row.description, original_creditor=row.original_creditor, opened_on=row.opened_on,
            due_on=row.due_on, balance=balance, principal=parts[0], interest=parts[1], fees=parts[2], costs=parts[3],
            disputed=any(hold.reason in DISPUTED for hold in mine),
            hold=first.reason if first else None, hold_until=first.until if first else None,
            payable=not balance.is_zero and all(effect_of(hold).payable for hold in mine),
            askable=not balance.is_zero and all(Act.ASK not in effect_of(hold).stops for hold in mine),
            time_barred=row.time_barred, version=row.version, as_of=row.as_of,
            stale=load_policy(row.policy).master.stale(row.as_of, now), interest_rate=row.interest_rate,
            acknowledged_on=row.last_acknowledged_on, own_collector=row.own_collector, stage=row.stage,
        ))
    return DebtorBalance(
        lines=lines,
        totals=totals(line.balance for line in lines),
        disputed=totals(line.balance for line in lines if line.disputed),
        payable=totals(line.balance for line in lines if line.payable),
        overpaid=totals(Money(row.overpayment, row.currency) for row in rows if row.overpayment),
    )


def by_creditor(lines: Iterable[DebtLine]) -> dict[tuple[CreditorId, str], list[DebtLine]]:
    """The lines by creditor and currency, in the order in which each first stands."""
    grouped: dict[tuple[CreditorId, str], list[DebtLine]] = {}
    for line in lines:
        grouped.setdefault((line.creditor_id, line.balance.currency), []).append(line)
    return grouped


def third_party_collector(session: Session, debtor_id: DebtorId) -> bool:
    """Whether any open debt of the debtor is collected for somebody else (Reg F covers only that)."""
    return session.scalar(
        select(Debt.id).join(Creditor, Creditor.id == Debt.creditor_id)
        .where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN, Creditor.own_collector.is_(False)).limit(1)
    ) is not None
