"""What the ledger has of a debt since its opening, to set beside what a file says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.importing.records import Record
from ledger.kinds import OWED, Bucket, PostingKind
from ledger.models import Account, Creditor, Debt, Debtor, Entry, Txn
from ledger.money import Money
from runtime.ids import DebtId, DebtorId


@dataclass(slots=True)
class Opened:
    """A debt as it was opened."""

    debt_id: DebtId
    debtor_id: DebtorId
    facts: dict[str, object]
    amounts: dict[Bucket, Money] = field(default_factory=dict)

    def differences(self, record: Record) -> list[str]:
        """What the ledger has that ``record`` says otherwise, as "principal 50.00 (the file: 60.00)"."""
        said: dict[str, object] = {
            "debtor": record.debtor.ref,
            "creditor": record.creditor.ref,
            "currency": record.currency,
            "kind": record.kind,
            "description": record.description,
            "original_creditor": record.original_creditor,
            "opened_on": record.opened_on,
            "due_on": record.due_on,
        }
        found = [
            f"{name} {_words(self.facts[name])} (the file: {_words(value)})"
            for name, value in said.items()
            if self.facts[name] != value
        ]
        if record.currency == self.facts["currency"]:
            found += [
                f"{bucket} {self.amounts[bucket].decimal} (the file: {record.amounts[bucket].decimal})"
                for bucket in OWED
                if self.amounts[bucket] != record.amounts[bucket]
            ]
        return found


def opened_by_ref(session: Session, refs: Sequence[str]) -> dict[str, Opened]:
    """The debts with these references. Two queries."""
    rows = session.execute(
        select(Debt, Debtor.ref, Creditor.ref)
        .join(Debtor, Debtor.id == Debt.debtor_id)
        .join(Creditor, Creditor.id == Debt.creditor_id)
        .where(Debt.ref.in_(refs))
    ).all()
    found = {
        debt.id: Opened(
            debt_id=debt.id,
            debtor_id=debt.debtor_id,
            facts={
                "debtor": debtor_ref,
                "creditor": creditor_ref,
                "currency": debt.currency,
                "kind": debt.kind,
                "description": debt.description,
                "original_creditor": debt.original_creditor,
                "opened_on": debt.opened_on,
                "due_on": debt.due_on,
            },
            amounts={bucket: Money(0, debt.currency) for bucket in OWED},
        )
        for debt, debtor_ref, creditor_ref in rows
    }
    entries = session.execute(
        select(Account.debt_id, Account.kind, Entry.amount, Entry.currency)
        .join(Entry, Entry.account_id == Account.id)
        .join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_(found), Txn.kind == PostingKind.OPENING)
    )
    for debt_id, kind, amount, currency in entries:
        if debt_id is not None:
            opened = found[debt_id]
            opened.amounts[Bucket(kind)] += Money(amount, currency)
    return {debt.ref: found[debt.id] for debt, _, _ in rows}


def _words(value: object) -> str:
    return "none" if value in (None, "") else str(value)
