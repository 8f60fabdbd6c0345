"""What is to be paid over to a creditor for a period, debt by debt, and why.

Everything is read from the creditor's clearing account. Each posting that moved it is divided by the accounts on its
other side, so what is shown always sums to what the account moved: nothing can be left out or counted twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from exchange.period import Period
from ledger.kinds import CreditorAccount, PostingKind
from ledger.models import Account, Creditor, Debt, Debtor, Entry, Txn
from ledger.money import Money
from runtime.ids import CreditorId, DebtId

_RETURNS = frozenset({PostingKind.PAYMENT_REVERSAL.value, "refund", "reversal"})
AT_ONCE = 2_000


@dataclass(slots=True)
class Figures:
    """Minor units. What came in is positive, what went out negative; ``net`` is their sum."""

    received: int = 0
    reversed: int = 0
    """Payments undone as a whole."""
    refunded: int = 0
    """Money given back to debtors."""
    fees: int = 0
    """What the card processor kept."""
    disputes: int = 0
    """What the card processor holds back while a card dispute is open; positive when it comes back."""
    other: int = 0
    """Anything else, such as what was paid over."""

    @property
    def net(self) -> int:
        """What of it is the creditor's."""
        return sum(getattr(self, one.name) for one in fields(self))

    def add(self, other: "Figures") -> None:
        """Add ``other`` to it."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(slots=True)
class DebtPart:
    """What a period brought on one debt. ``direct`` went to the creditor itself and is not paid over."""

    debt_id: DebtId
    ref: str
    debtor: str
    figures: Figures = field(default_factory=Figures)
    direct: int = 0
    payments: int = 0


@dataclass(slots=True)
class Remittance:
    """One creditor, one currency, one period. ``brought`` is what was not paid over before it."""

    creditor: str
    ref: str
    currency: str
    period: Period
    brought: int
    parts: list[DebtPart]
    totals: Figures
    direct: int

    @property
    def carried(self) -> int:
        """What is not paid over at its end: the balance of the clearing account."""
        return self.brought + self.totals.net

    def money(self, minor: int) -> Money:
        """An amount of this remittance."""
        return Money(minor, self.currency)


def remittances(session: Session, creditor_id: CreditorId, period: Period) -> list[Remittance]:
    """One remittance for each currency in which the creditor's accounts moved, or hold something."""
    creditor = session.get_one(Creditor, creditor_id)
    clearing = select(Account.currency, func.sum(Entry.amount)).join(Entry, Entry.account_id == Account.id).join(
        Txn, Txn.id == Entry.txn_id).where(
        Account.creditor_id == creditor_id, Account.kind == CreditorAccount.PROCESSOR_CLEARING.value,
        Txn.posted_at < period.begins).group_by(Account.currency)
    brought: dict[str, int] = {currency: int(amount) for currency, amount in session.execute(clearing)}
    found: dict[str, tuple[dict[DebtId, DebtPart], Figures, list[int]]] = {}
    for rows in _postings(session, creditor_id, period):
        for currency in sorted({row.currency for row in rows}):
            parts, totals, direct = found.setdefault(currency, ({}, Figures(), [0]))
            _divide([row for row in rows if row.currency == currency], parts, totals, direct)
    made = []
    for currency in sorted(found.keys() | {currency for currency, amount in brought.items() if amount}):
        parts, totals, direct = found.get(currency, ({}, Figures(), [0]))
        made.append(Remittance(creditor.name, creditor.ref, currency, period, brought.get(currency, 0),
                               sorted(parts.values(), key=lambda part: part.ref), totals, direct[0]))
    return made or [Remittance(creditor.name, creditor.ref, creditor.currency, period, 0, [], Figures(), 0)]


def _postings(session: Session, creditor_id: CreditorId, period: Period) -> Iterator[list[Any]]:
    """The creditor's side of every posting of the period that moved money of its: entries on its debts and accounts."""
    moved = select(Entry.txn_id).join(Account, Account.id == Entry.account_id).where(
        Account.creditor_id == creditor_id,
        Account.kind.in_((CreditorAccount.PROCESSOR_CLEARING.value, CreditorAccount.DIRECT.value)))
    query = (
        select(Txn.id, Txn.kind.label("posting"), Account.kind, Account.debt_id, Debt.ref, Debtor.ref.label("debtor"),
               Entry.currency, Entry.amount)
        .join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id)
        .outerjoin(Debt, Debt.id == Account.debt_id).outerjoin(Debtor, Debtor.id == Debt.debtor_id)
        .where(period.posted, Txn.id.in_(moved),
               or_(Account.creditor_id == creditor_id, Debt.creditor_id == creditor_id))
    )
    ordered = query.order_by(Txn.id, Entry.id).execution_options(yield_per=AT_ONCE)
    for _, rows in groupby(session.execute(ordered), key=lambda row: row.id):
        yield list(rows)


def _divide(rows: list[Any], parts: dict[DebtId, DebtPart], totals: Figures, direct: list[int]) -> None:
    """Add one posting, in one currency, to the debts it is on and to the whole."""
    def of(*kinds: CreditorAccount) -> int:
        return sum(row.amount for row in rows if row.debt_id is None and row.kind in kinds)

    clearing = of(CreditorAccount.PROCESSOR_CLEARING)
    on_debts: dict[DebtId, int] = {}
    for row in rows:
        if row.debt_id is not None:
            parts.setdefault(row.debt_id, DebtPart(row.debt_id, row.ref, row.debtor))
            on_debts[row.debt_id] = on_debts.get(row.debt_id, 0) - row.amount
    came_directly = clearing == 0 and of(CreditorAccount.DIRECT) != 0
    kind = rows[0].posting.value
    for debt_id, amount in on_debts.items():
        part = parts[debt_id]
        part.payments += kind == PostingKind.PAYMENT
        if came_directly:
            part.direct += amount
            direct[0] += amount
        else:
            part.figures.add(_named(kind, amount))
    mine = Figures(fees=-of(CreditorAccount.PROCESSOR_FEES), disputes=-of(CreditorAccount.DISPUTE_HOLD))
    if not came_directly:
        for amount in on_debts.values():
            mine.add(_named(kind, amount))
        mine.other += clearing - mine.net  # whatever else was on the other side: the account has the last word
        totals.add(mine)


def _named(kind: str, amount: int) -> Figures:
    if kind == PostingKind.PAYMENT:
        return Figures(received=amount)
    if kind == PostingKind.PAYMENT_REVERSAL:
        return Figures(reversed=amount)
    return Figures(refunded=amount) if kind in _RETURNS else Figures(other=amount)


def columns(made: Iterable[Remittance]) -> tuple[str, ...]:
    """The figures in which anything stands, in their order; received always."""
    every = list(made)
    return tuple(one.name for one in fields(Figures)
                 if one.name == "received" or any(getattr(remittance.totals, one.name) for remittance in every))
