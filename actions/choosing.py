"""Which debt, which creditor: found in the words, or asked with a button for each."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from conversations.say import Choice
from ledger.allocation import Rules, in_order
from ledger.balances import DebtLine, by_creditor
from ledger.money import Money, total

_STOP = {"the", "and", "one", "ltd", "inc", "llc", "plc", "for", "please", "account", "company", "group", "final",
         "bill", "bills", "debt", "debts", "pay", "paid", "payment", "all", "with", "from", "off", "now", "our", "your",
         "not"}
_HOW = re.compile(
    r"\b(?:by|with|my|debit|credit|visa|mastercard|a|prepaid|bank|new)\s+(?:(?:debit|credit|bank)\s+)?cards?\b")
"""A card to pay with, which is not the card that the debt is on."""
_ALL = re.compile(r"\b(?:all|both|everything|each of them|the lot|together|every one|whole (?:lot|thing)|full whack)\b")
_PLACES = ((r"\b(?:first|1st|top|oldest)\b", 0), (r"\b(?:second|2nd)\b", 1), (r"\b(?:third|3rd)\b", 2),
           (r"\b(?:last|bottom|newest)\b", -1))
_SIZES = ((r"\b(?:biggest|bigger|larger|largest|highest|most)\b", max),
          (r"\b(?:smallest|smaller|littler|littlest|lowest|least)\b", min))
CLOSE = 0.84
"""How like two words must be for a slip of the pen."""


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _words(text: str) -> set[str]:
    return {_stem(w) for w in re.findall(r"[a-z0-9]+", text.casefold()) if len(w) > 2 and w not in _STOP}


def _names(typed: set[str], debt: DebtLine) -> bool:
    known = _words(f"{debt.creditor} {debt.description} {debt.original_creditor or ''}")
    known |= {part for part in re.findall(r"\d{3,}", debt.ref)}
    return bool(typed & known) or any(get_close_matches(w, known, 1, CLOSE) for w in typed if len(w) > 4)


def meant(lines: Sequence[DebtLine], words: str) -> list[DebtLine]:
    """The debts whose creditor, description or reference the debtor named; empty when none or all were."""
    said = words.casefold()
    if numbered := [d for d in lines if re.search(rf"(?<![\w-]){re.escape(d.ref.casefold())}(?![\w-])", said)]:
        return numbered if len(numbered) < len(lines) or len(lines) == 1 else []
    typed = _words(_HOW.sub(" ", said))
    found = [d for d in lines if _names(typed, d)]
    return [] if len(found) == len(lines) and len(lines) > 1 else found


def picked(lines: Sequence[DebtLine], words: str) -> list[DebtLine]:
    """As ``meant``, and by its place in what was shown or its size: the answer to "which one?"."""
    if found := meant(lines, words):
        return found
    said = words.casefold()
    for pattern, pick in _SIZES:
        if re.search(pattern, said) and lines:
            return [pick(lines, key=lambda d: d.balance.minor)]
    for pattern, place in _PLACES:
        if re.search(pattern, said) and -len(lines) <= place < len(lines):
            return [lines[place]]
    return []


def everything(words: str) -> bool:
    """Whether all of it is meant: "the lot", "both of them"."""
    return bool(_ALL.search(words.casefold()))


def split_over(lines: Sequence[DebtLine], amount: Money, rules: Rules | None = None) -> dict[DebtLine, Money]:
    """``amount`` over debts in the order of their creditors' ``rules`` (without: the oldest first).

    The caller has seen that it is not too much.
    """
    split: dict[DebtLine, Money] = {}
    left = amount
    for debt in in_order(lines, rules or {}):
        part = min(left, debt.balance)
        if part.minor > 0:
            split[debt] = part
            left -= part
    return split


def split_evenly(lines: Sequence[DebtLine], amount: Money) -> dict[DebtLine, Money]:
    """``amount`` in equal parts, none more than is owed; what does not divide goes to the first that has room."""
    parts = dict.fromkeys(lines, 0)
    left = amount.minor
    while left > 0 and (room := [d for d in lines if parts[d] < d.balance.minor]):
        share = max(1, left // len(room))
        for debt in room:
            part = min(share, debt.balance.minor - parts[debt], left)
            parts[debt] += part
            left -= part
    return {d: Money(minor, amount.currency) for d, minor in parts.items() if minor}


def debt_choices(lines: Sequence[DebtLine], intent: str, **choice: object) -> list[Choice]:
    """A button for each debt."""
    return [Choice("debt_choice", intent, {**choice, "debt": int(d.debt_id)},
                   {"creditor": d.creditor, "balance": d.balance.json(), "ref": d.ref,
                    "twice": sum(o.creditor == d.creditor for o in lines) > 1}) for d in lines]


def creditor_choices(lines: Sequence[DebtLine], intent: str, **choice: object) -> list[Choice]:
    """A button for each creditor, with all that is owed to it."""
    return [Choice("creditor_choice", intent, {**choice, "debts": ids(same)},
                   {"creditor": same[0].creditor, "balance": owed(same).json()})
            for same in by_creditor(lines).values()]


def owed(lines: Sequence[DebtLine]) -> Money:
    """What is owed on debts of one currency together."""
    return total((d.balance for d in lines), lines[0].balance.currency)


def ids(lines: Sequence[DebtLine]) -> list[int]:
    """The debts as buttons and open questions keep them."""
    return [int(d.debt_id) for d in lines]


def creditors(lines: Sequence[DebtLine]) -> str:
    """The creditors' names in one phrase."""
    names = list(dict.fromkeys(d.creditor for d in lines))
    return ", ".join(names)
