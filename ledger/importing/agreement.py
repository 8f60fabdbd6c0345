"""Rows of one file that must not contradict each other."""

from dataclasses import fields
from typing import Any

from ledger.importing.records import CreditorFacts, DebtorFacts, Record


class Agreement:
    """Keeps what the rows so far said, so that a later row cannot say otherwise."""

    def __init__(self) -> None:
        self._debts: dict[str, int] = {}
        self._said: dict[tuple[str, str], tuple[Any, int]] = {}

    def reasons(self, record: Record) -> list[str]:
        """Why ``record`` does not go together with the rows before it; when it does, it is kept."""
        if before := self._debts.get(record.debt_ref):
            return [f"debt {record.debt_ref} is already on line {before}"]
        told = [
            *(((f"debtor {record.debtor.ref}", f.name), getattr(record.debtor, f.name)) for f in fields(DebtorFacts)),
            *(
                ((f"creditor {record.creditor.ref}", f.name), getattr(record.creditor, f.name))
                for f in fields(CreditorFacts)
            ),
        ]
        found = []
        for key, value in told:
            said = self._said.get(key)
            if said is not None and value is not None and said[0] != value:
                found.append(f"{key[0]} has another {key[1]} on line {said[1]}")
        if not found:
            self._debts[record.debt_ref] = record.line
            for key, value in told:
                if value is not None:
                    self._said.setdefault(key, (value, record.line))
        return found
