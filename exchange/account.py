"""A debtor's account over time, read from the postings: what was owed, what was added, what was paid, what is owed now.

Nothing here is kept: every figure is a sum of entries, and what is owed now is the cached balance that the same entries
make (tests hold the two against each other).
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.asking import balance_of
from ledger.balances import DebtLine
from ledger.kinds import Bucket, DebtStatus, PostingKind
from ledger.models import Account, Creditor, Debt, Entry, Txn
from ledger.money import Money, zero
from runtime.ids import CreditorId, DebtId, DebtorId

_PAID = {PostingKind.PAYMENT.value}
_GIVEN_BACK = {PostingKind.PAYMENT_REVERSAL.value, "refund", "card_dispute_lost"}


@dataclass(frozen=True, slots=True)
class Movement:
    """What one posting did to one debt. ``owed`` is the change of what is owed, ``surplus`` of what is held."""

    posting: int
    on: date
    kind: str
    owed: Money
    surplus: Money

    @property
    def paid(self) -> Money:
        """What of it is money that came in, or, below nothing, went back."""
        moves = self.kind in _PAID or self.kind in _GIVEN_BACK
        return self.surplus - self.owed if moves else zero(self.owed.currency)

    @property
    def added(self) -> Money:
        """What it changed otherwise: interest, costs, a discount, a correction."""
        return self.owed - self.surplus + self.paid


@dataclass(frozen=True, slots=True)
class DebtAccount:
    """One debt: what was owed before the period, every movement in it, and what is owed now."""

    debt_id: DebtId
    ref: str
    creditor_id: CreditorId
    creditor: str
    original_creditor: str | None
    description: str
    status: DebtStatus
    time_barred: bool | None
    opened_on: date
    before: Money
    surplus_before: Money
    movements: tuple[Movement, ...]
    line: DebtLine | None
    """How it stands among the open debts; None when it is not open."""

    @property
    def owed(self) -> Money:
        """What is owed now."""
        return sum((move.owed for move in self.movements), start=self.before)

    @property
    def overpaid(self) -> Money:
        """What we hold of money paid too much."""
        return sum((move.surplus for move in self.movements), start=self.surplus_before)

    @property
    def start(self) -> Money:
        """What was owed when the period began, or when the debt was handed to us in it, less what was held already."""
        opened = (move.owed for move in self.movements if move.kind == PostingKind.OPENING)
        return sum(opened, start=self.before - self.surplus_before)

    @property
    def added(self) -> Money:
        """What came on top since, or was taken off otherwise than by paying."""
        later = (move.added for move in self.movements if move.kind != PostingKind.OPENING)
        return sum(later, start=zero(self.before.currency))

    @property
    def paid(self) -> Money:
        """What was paid in the period, less what was given back."""
        return sum((move.paid for move in self.movements), start=zero(self.before.currency))


@dataclass
class _Gathered:
    debt: Debt
    creditor: Creditor
    before: int = 0
    surplus_before: int = 0
    moves: dict[int, tuple[date, str, int, int]] = field(default_factory=dict)


def account_of(session: Session, debtor_id: DebtorId, *, first: date | None, now: datetime) -> list[DebtAccount]:
    """The debts of a debtor, the oldest first, with every movement of value date ``first`` or later (None: all).

    ``start + added - paid`` is ``owed - overpaid`` for every debt. Two queries and those of ``balance_of``.
    """
    found = {
        debt.id: _Gathered(debt, creditor) for debt, creditor in session.execute(
            select(Debt, Creditor).join(Creditor, Creditor.id == Debt.creditor_id)
            .where(Debt.debtor_id == debtor_id).order_by(Debt.opened_on, Debt.id))
    }
    entries = session.execute(
        select(Account.debt_id, Account.kind, Entry.amount, Txn.id, Txn.effective_on, Txn.kind)
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_(found)).order_by(Txn.effective_on, Txn.id, Entry.id)
    )
    for debt_id, bucket, amount, posting, on, kind in entries:
        assert debt_id is not None
        mine = found[debt_id]
        owed, surplus = (0, -amount) if bucket == Bucket.OVERPAYMENT else (amount, 0)
        if first is not None and on < first:
            mine.before += owed
            mine.surplus_before += surplus
        else:
            _, _, so_far, held = mine.moves.get(posting, (on, kind, 0, 0))
            mine.moves[posting] = (on, str(kind.value), so_far + owed, held + surplus)
    lines = {line.debt_id: line for line in balance_of(session, debtor_id, now=now).lines}
    return [_account(gathered, lines.get(debt_id)) for debt_id, gathered in found.items()]


def _account(mine: _Gathered, line: DebtLine | None) -> DebtAccount:
    debt, currency = mine.debt, mine.debt.currency
    return DebtAccount(
        debt_id=debt.id, ref=debt.ref, creditor_id=mine.creditor.id, creditor=mine.creditor.name,
        original_creditor=debt.original_creditor, description=debt.description, status=debt.status,
        time_barred=debt.time_barred, opened_on=debt.opened_on, before=Money(mine.before, currency),
        surplus_before=Money(mine.surplus_before, currency),
        movements=tuple(Movement(posting, on, kind, Money(owed, currency), Money(surplus, currency))
                        for posting, (on, kind, owed, surplus) in mine.moves.items()), line=line,
    )
