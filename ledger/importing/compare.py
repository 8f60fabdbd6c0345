"""What the ledger knows already of the creditors, debtors and debts of a file, and where the file says otherwise."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.importing.opened import Opened, opened_by_ref
from ledger.importing.records import Record
from ledger.models import Creditor, Debt, Debtor
from ledger.policy import load_policy

USUAL_POLICY = {"GB": "uk-standard", "US": "us-standard"}
CHUNK = 500
Item = TypeVar("Item")


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """``items`` some hundreds at a time, so that no statement grows with the file."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


class Known:
    """The rows of the ledger that a file speaks of, by reference. A few queries per hundreds of records."""

    def __init__(self, session: Session, records: Sequence[Record]) -> None:
        self.creditors: dict[str, Creditor] = {}
        self.debtors: dict[str, Debtor] = {}
        self.opened: dict[str, Opened] = {}
        self._whose: dict[str, set[str]] = {}
        for refs in chunks(sorted({record.creditor.ref for record in records})):
            found = session.scalars(select(Creditor).where(Creditor.ref.in_(refs)))
            self.creditors.update((creditor.ref, creditor) for creditor in found)
        debtor_refs = sorted({record.debtor.ref for record in records})
        for refs in chunks(debtor_refs):
            debtors = session.scalars(select(Debtor).where(Debtor.ref.in_(refs)))
            self.debtors.update((debtor.ref, debtor) for debtor in debtors)
        for refs in chunks([record.debt_ref for record in records]):
            self.opened.update(opened_by_ref(session, refs))
        self._learn_whose(session, records, debtor_refs)

    def _learn_whose(self, session: Session, records: Sequence[Record], debtor_refs: Sequence[str]) -> None:
        """Whom each reference stands for, as a debtor's or as a debt's: a link is made for either."""
        for record in records:
            self._whose.setdefault(record.debtor.ref, set()).add(record.debtor.ref)
            self._whose.setdefault(record.debt_ref, set()).add(record.debtor.ref)
        for refs in chunks([record.debt_ref for record in records]):
            for ref in session.scalars(select(Debtor.ref).where(Debtor.ref.in_(refs))):
                self._whose[ref].add(ref)
        for refs in chunks(debtor_refs):
            rows = session.execute(
                select(Debt.ref, Debtor.ref).join(Debtor, Debtor.id == Debt.debtor_id).where(Debt.ref.in_(refs))
            )
            for ref, owner in rows:
                self._whose[ref].add(owner)

    def reasons(self, record: Record) -> list[str]:
        """Why the ledger cannot take ``record``; none when it can. Raises OperatorError for a broken policy file."""
        return [*self._creditor(record), *self._debtor(record), *self._debt(record)]

    def _creditor(self, record: Record) -> Iterator[str]:
        facts, known = record.creditor, self.creditors.get(record.creditor.ref)
        country = known.country if known else facts.country or record.debtor.country
        name = known.policy if known else facts.policy or USUAL_POLICY.get(country)
        if name is None:
            yield f"creditor {facts.ref} needs a policy; there is no usual one in {country}"
            return
        if (policy := load_policy(name)).currency != record.currency:
            yield f"the debt is in {record.currency}, the policy {name} of creditor {facts.ref} in {policy.currency}"
        if known is None:
            return
        for what in ("name", "country", "policy", "own_collector"):
            said, has = getattr(facts, what), getattr(known, what)
            if said is not None and said != has:
                yield f"creditor {facts.ref} has {what} {has!r} in the ledger, {said!r} in the file"

    def _debtor(self, record: Record) -> Iterator[str]:
        known = self.debtors.get(record.debtor.ref)
        born = record.debtor.date_of_birth
        if known and born and known.date_of_birth and known.date_of_birth != born.isoformat():
            yield f"debtor {record.debtor.ref} has another date_of_birth in the ledger"
        for ref in sorted({record.debtor.ref, record.debt_ref}):
            if others := self._whose[ref] - {record.debtor.ref}:
                yield f"the reference {ref} stands for debtor {min(others)} too; nobody could tell whose it is"

    def _debt(self, record: Record) -> Iterator[str]:
        known = self.opened.get(record.debt_ref)
        if known and (differences := known.differences(record)):
            yield (
                f"debt {record.debt_ref} is in the ledger already, with {'; '.join(differences)}. "
                "A file does not change a debt"
            )
