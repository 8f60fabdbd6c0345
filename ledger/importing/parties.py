"""Debtors from what a file says of them."""

from collections.abc import Iterable
from datetime import date

from ledger.importing.records import DebtorFacts
from ledger.models import Debtor

FACTS = tuple(name for name in DebtorFacts._fields if name != "ref")


def complete(debtor: Debtor, facts: DebtorFacts, only: Iterable[str] = FACTS) -> tuple[bool, list[str]]:
    """Fill in what the ledger did not know of ``debtor``: whether there was any, and what it knows otherwise.

    The ledger's own word stays: the debtor may have told us of a change since the file was made.
    """
    changed, otherwise = False, []
    for what in only:
        said, has = getattr(facts, what), getattr(debtor, what)
        said = said.isoformat() if isinstance(said, date) else said
        if said in (None, False, has):
            continue
        if has in (None, "", False):
            setattr(debtor, what, said)
            changed = True
        else:
            otherwise.append(what)
    return changed, otherwise


def rewrite(debtor: Debtor, facts: DebtorFacts, only: Iterable[str] = FACTS) -> list[str]:
    """Make ``debtor`` what the file says where it says anything; the names of the facts that changed.

    What was never a file's to say stays: a flag of vulnerability is set and not taken back.
    """
    changed = []
    for what in only:
        said, has = getattr(facts, what), getattr(debtor, what)
        said = said.isoformat() if isinstance(said, date) else said
        if said not in (None, has) and not (what == "vulnerable" and said is False):
            setattr(debtor, what, said)
            changed.append(what)
    return changed
