"""Which debt, which creditor: found in the words, or asked with a button for each."""

import re
from collections.abc import Sequence

from conversations.say import Choice
from ledger.balances import DebtLine

_STOP = {"the", "and", "one", "co", "ltd", "inc", "llc", "plc", "of", "for", "my", "please", "account", "company"}


def _words(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z0-9]+", text.casefold()) if len(w) > 2 and w not in _STOP}


def meant(lines: Sequence[DebtLine], words: str) -> list[DebtLine]:
    """The debts whose creditor, description or reference the debtor named; empty when none or all were."""
    typed = _words(words)
    found = [d for d in lines if typed & _words(f"{d.creditor} {d.description} {d.ref} {d.original_creditor or ''}")]
    return [] if len(found) == len(lines) and len(lines) > 1 else found


def debt_choices(lines: Sequence[DebtLine], intent: str, **choice: object) -> list[Choice]:
    """A button for each debt."""
    return [Choice("debt_choice", intent, {**choice, "debt": int(d.debt_id)},
                   {"creditor": d.creditor, "balance": d.balance.json(), "ref": d.ref,
                    "twice": sum(o.creditor == d.creditor for o in lines) > 1}) for d in lines]
