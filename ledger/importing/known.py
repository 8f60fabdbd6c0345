"""What the ledger knows already of the creditors, debtors and debts of a file, and where the file says otherwise.

A few queries per thousands of rows, none while the ledger is empty.
"""

import json
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ARRAY, ColumnElement, String, any_, exists, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger.importing.checking import Good
from ledger.importing.delta import outside_is_master, unknown
from ledger.importing.opened import Opened, opened_by_ref
from ledger.importing.records import CreditorFacts, unpacked
from ledger.models import Creditor, Debt, Debtor
from ledger.policy import load_policy
from runtime.ids import DebtId, DebtorId

USUAL_POLICY = {"GB": "uk-standard", "US": "us-standard"}


def among(session: Session, column: "InstrumentedAttribute[str]", values: Collection[str]) -> ColumnElement[bool]:
    """The condition that ``column`` is one of ``values``, however many: one parameter on both databases."""
    if session.get_bind().dialect.name == "sqlite":
        listed = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(values), ARRAY(String)))


class Known:
    """The rows of the ledger, as it was before the import, that some rows of a file speak of."""

    def __init__(self, session: Session, *, delta: bool = False) -> None:
        self._session, self._delta = session, delta
        self.creditors: dict[str, Creditor] = {}
        self._looked_for: set[str] = set()
        self._good: set[tuple[CreditorFacts, str, str]] = set()
        self.nothing = not session.scalar(select(exists().select_from(Debtor) | exists().select_from(Debt)))
        """Whether the ledger had neither debtors nor debts when the import began."""
        self.debtors: dict[str, tuple[DebtorId, str | None]] = {}
        self.debts: dict[str, DebtId] = {}
        self._owners: dict[str, str] = {}
        self._others: set[str] = set()
        self.opened: dict[str, Opened] = {}

    def learn(self, rows: Sequence[Good], unseen: Collection[str]) -> None:
        """Look up what ``rows`` speak of; of the debtors only ``unseen``."""
        if wanted := {row.record[1][0] for row in rows} - self._looked_for:
            self._looked_for |= wanted
            found = self._session.scalars(select(Creditor).where(among(self._session, Creditor.ref, wanted)))
            self.creditors.update((creditor.ref, creditor) for creditor in found)
        if self.nothing:
            return
        debts = {row.record[3] for row in rows}
        whose = self._session.execute(
            select(Debt.ref, Debt.id, Debtor.ref).join(Debtor, Debtor.id == Debt.debtor_id)
            .where(among(self._session, Debt.ref, debts | set(unseen)))
        ).all()
        self.debts = {ref: debt_id for ref, debt_id, _ in whose if ref in debts}
        self._owners = {ref: owner for ref, _, owner in whose}
        self._others = set(self._session.scalars(select(Debtor.ref).where(among(self._session, Debtor.ref, debts))))
        found_debtors = self._session.execute(
            select(Debtor.ref, Debtor.id, Debtor.date_of_birth).where(among(self._session, Debtor.ref, unseen))
        ) if unseen else ()
        self.debtors = {ref: (debtor_id, born) for ref, debtor_id, born in found_debtors}
        self.opened = opened_by_ref(self._session, list(self.debts)) if self.debts and not self._delta else {}

    def reasons(self, row: Good) -> list[str]:
        """Why the ledger cannot take ``row``; none when it can. Raises OperatorError for a broken policy file."""
        found = list(self.of_creditor(row))
        if not self.nothing:
            found += self.of_debtor(row, may_change=self._delta and outside_is_master(self.policy(row)))
        if self._delta and row.record[3] not in self.debts and (reason := unknown(row)):
            found.append(reason)
        if not self.nothing and not self._delta:
            opened = self.opened.get(row.record[3])
            if opened and (differences := opened.differences(unpacked(row.record))):
                found.append(
                    f"debt {row.record[3]} is in the ledger already, with {'; '.join(differences)}. "
                    "A file does not change a debt"
                )
        return found

    def policy(self, row: Good) -> str | None:
        """The policy of the creditor of ``row``, when there is one."""
        facts = CreditorFacts(*row.record[1])
        known = self.creditors.get(facts.ref)
        return known.policy if known else facts.policy or USUAL_POLICY.get(facts.country or row.record[2][4])

    def of_creditor(self, row: Good) -> Iterator[str]:
        """Why the creditor cannot be as the row says."""
        facts, currency, lives_in = CreditorFacts(*row.record[1]), row.record[7], row.record[2][4]
        if (facts, currency, lives_in) in self._good:
            return
        found = list(self._creditor(facts, currency, lives_in))
        yield from found
        if not found:
            self._good.add((facts, currency, lives_in))

    def _creditor(self, facts: CreditorFacts, currency: str, lives_in: str) -> Iterator[str]:
        known = self.creditors.get(facts.ref)
        country = known.country if known else facts.country or lives_in
        name = known.policy if known else facts.policy or USUAL_POLICY.get(country)
        if name is None:
            yield f"creditor {facts.ref} needs a policy; there is no usual one in {country}"
            return
        if (policy := load_policy(name)).currency != currency:
            yield f"the debt is in {currency}, the policy {name} of creditor {facts.ref} in {policy.currency}"
        if known is None:
            return
        for what in ("name", "country", "policy", "own_collector"):
            said, has = getattr(facts, what), getattr(known, what)
            if said is not None and said != has:
                yield f"creditor {facts.ref} has {what} {has!r} in the ledger, {said!r} in the file"

    def of_debtor(self, row: Good, *, may_change: bool = False) -> Iterator[str]:
        """Why the debtor cannot be as the row says. ``may_change``: whether another date of birth is a correction."""
        debtor, debt_ref = row.record[2], row.record[3]
        ref, born = debtor[0], debtor[3]
        known = self.debtors.get(ref)
        if known and born and known[1] and known[1] != born and not may_change:
            yield f"debtor {ref} has another date_of_birth in the ledger"
        both = {ref: self._owners.get(ref), debt_ref: debt_ref if debt_ref in self._others else None}
        if debt_ref == ref:
            both = {ref: self._owners.get(ref)}
        for mine, other in sorted(both.items()):
            if other not in (None, ref):
                yield f"the reference {mine} stands for debtor {other} too; nobody could tell whose it is"
