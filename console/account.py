"""The account of a debtor as staff see it: debts and balances, what was posted and by whom, what is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from console.models import StaffAccount
from console.panel import Panel, panel_of
from ledger.approvals import approvers, waiting
from ledger.kinds import PostingKind
from ledger.models import Account, Approval, Creditor, Debt, DebtBalance, Debtor, Entry, Txn
from ledger.money import Money
from ledger.remarks import REMARKED, remarks_of
from runtime.ids import StaffId

SHOWN = 200
"""Postings shown, the newest first."""


@dataclass(frozen=True)
class DebtLine:
    """A debt in any state."""

    debt: Debt
    creditor: str
    owed: Money
    overpaid: Money


@dataclass(frozen=True)
class PostingLine:
    """One posting: what it moved on the debtor's debts, who made it, who approved it. ``undone``: it was reversed."""

    txn: Txn
    moves: Sequence[tuple[str, str, Money]]
    """Reference of the debt, bucket, and what was added to it."""
    actor: str
    approver: str | None
    undone: bool
    why: str
    """What caused it: in staff's words, where they gave any."""

    @property
    def refundable(self) -> bool:
        """Whether it is a payment that stands."""
        return self.txn.kind is PostingKind.PAYMENT and not self.undone

    @property
    def reversible(self) -> bool:
        """Whether it is one that staff may reverse."""
        kinds = (PostingKind.PAYMENT, PostingKind.WRITE_OFF, PostingKind.ADJUSTMENT, PostingKind.REFUND)
        return self.txn.kind in kinds and not self.undone and self.txn.reverses_id is None


@dataclass(frozen=True)
class AccountPage:
    """All of it."""

    panel: Panel
    debts: Sequence[DebtLine]
    postings: Sequence[PostingLine]
    waiting: Sequence[tuple[Approval, str]]
    """What was asked for, and by whom."""


def today_of(debtor: Debtor, now: datetime) -> date:
    """The debtor's own date."""
    return now.astimezone(ZoneInfo(debtor.timezone) if debtor.timezone else None).date()


def account_of(session: Session, debtor: Debtor, *, now: datetime) -> AccountPage:
    """The account of a debtor."""
    rows = session.execute(
        select(Debt, Creditor.name, DebtBalance).join(Creditor, Creditor.id == Debt.creditor_id)
        .outerjoin(DebtBalance, DebtBalance.debt_id == Debt.id).where(Debt.debtor_id == debtor.id).order_by(Debt.id))
    debts = [DebtLine(debt, creditor, Money(balance.owed if balance else 0, debt.currency),
                      Money(balance.overpayment if balance else 0, debt.currency)) for debt, creditor, balance in rows]
    asked = waiting(session, debtor_id=debtor.id)
    names = names_of(session, (row.asked_by for row in asked))
    return AccountPage(panel_of(session, debtor, now=now), debts, _postings(session, debtor),
                       [(row, names.get(row.asked_by, row.asked_by)) for row in asked])


def _postings(session: Session, debtor: Debtor) -> list[PostingLine]:
    reversal = aliased(Txn)
    mine = select(Entry.txn_id).join(Account, Account.id == Entry.account_id).join(Debt, Debt.id == Account.debt_id)
    found = session.execute(
        select(Txn, reversal.id).outerjoin(reversal, reversal.reverses_id == Txn.id)
        .where(Txn.id.in_(mine.where(Debt.debtor_id == debtor.id))).order_by(Txn.id.desc()).limit(SHOWN)).all()
    moves: dict[int, list[tuple[str, str, Money]]] = {}
    for txn_id, ref, bucket, minor, currency in session.execute(
        select(Entry.txn_id, Debt.ref, Account.kind, Entry.amount, Entry.currency)
        .join(Account, Account.id == Entry.account_id).join(Debt, Debt.id == Account.debt_id)
        .where(Entry.txn_id.in_([txn.id for txn, _ in found]), Debt.debtor_id == debtor.id).order_by(Entry.id)
    ):
        moves.setdefault(txn_id, []).append((ref, bucket, Money(minor, currency)))
    approved = approvers(session, [txn.idem_key for txn, _ in found])
    said = remarks_of(session, [txn.idem_key for txn, _ in found])
    names = names_of(session, [*(txn.actor for txn, _ in found), *approved.values()])
    return [
        PostingLine(txn, moves.get(txn.id, []), names.get(txn.actor, txn.actor),
                    names.get(by, by) if (by := approved.get(txn.idem_key)) else None, undone is not None,
                    txn.cause.replace(REMARKED, said[txn.idem_key]) if txn.idem_key in said else txn.cause)
        for txn, undone in found
    ]


def names_of(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """The names of actors that are staff."""
    ids = {actor: StaffId(int(number)) for actor in set(actors)
           for kind, _, number in [actor.partition(":")] if kind == "staff" and number.isdecimal()}
    rows: dict[StaffId, str] = {row.id: row.name for row in session.execute(
        select(StaffAccount.id, StaffAccount.name).where(StaffAccount.id.in_(ids.values())))}
    return {actor: rows[staff_id] for actor, staff_id in ids.items() if staff_id in rows}
