"""Rule 34: every amount and date that the bot states is one of the ledger's or the policy's, for that debtor then."""

from collections.abc import Callable, Iterator
from typing import Any

from audit.case import Case, Said
from audit.figures import Stated
from audit.rule import Found, Rule
from audit.values import amounts
from ledger.holds import HoldReason
from ledger.money import Money

BALANCES = ("balance", "balance_on_hold")
_DISPUTED = (HoldReason.DISPUTE, HoldReason.FRAUD)


def check(case: Case) -> Iterator[Found]:
    for said in case.ours:
        if not said.bot or not (said.values or said.card):
            continue
        debtor_id = case.verified(said.at)
        estate = case.estates.get(debtor_id) if debtor_id is not None else None
        if estate is None:
            continue
        stated = Stated(case, said, estate)
        reasons = list(stated.unexplained())
        reasons += [wrong for exact in _EXACT if (wrong := exact(stated))]
        if (amount := stated.composed()) is not None:
            reasons.append(f"{amount} is not among the values of the message")
        for reason in dict.fromkeys(reasons):
            yield Found(reason, said)


def _list(some: set[Money]) -> str:
    return " and ".join(str(money) for money in sorted(some, key=lambda m: (m.currency, m.minor))) or "nothing"


def _sums(value: Any) -> set[Money]:
    return {money for _, money in amounts(value) if not money.is_zero}


def _totals(stated: Stated) -> str | None:
    """All that is open, in every text that gives it."""
    if "totals" not in stated.said.values:
        return None
    told = _sums(stated.said.values["totals"])
    if any(told == stated.estate.totals(place) for place in stated.places):
        return None
    return f"totals are {_list(told)}, and {_list(stated.estate.totals(stated.places[0]))} was open"


def _by_creditor(stated: Stated) -> str | None:
    """What each creditor is owed, and which part is disputed, in an answer to "what do I owe"."""
    said, estate = stated.said, stated.estate
    if said.name not in BALANCES:
        return None
    told = {(str(debt["creditor"]), Money.from_json(debt["balance"])) for debt in said.values.get("debts") or ()}
    if not any(told == {(creditor, Money(minor, currency)) for (creditor, currency), minor
                        in estate.by_creditor(place).items()} for place in stated.places):
        return "the creditors' figures are not those of the books then"
    disputed = _sums(said.values.get("disputed"))
    for at in (stated.since, said.at):
        held = {debt_id for debt_id in estate.debts if estate.holds_at(at, *_DISPUTED, debt_id=debt_id)}
        if any(disputed == estate.totals(place, held) for place in stated.places):
            return None
    return f"{_list(disputed)} was said to be disputed, and that is not what was on hold"


def _left(stated: Stated) -> str | None:
    """What is left, with a payment's confirmation."""
    if stated.said.name != "payment_received":
        return None
    left = Money.from_json(stated.said.values["left"]) if "left" in stated.said.values else None
    for place in stated.places:
        open_now = {money.currency: money for money in stated.estate.totals(place)}
        if left is not None and open_now.get(left.currency, Money(0, left.currency)) == left:
            return None
    return f"{left} was said to be left, and that was not what was open"


def _made(what: str, name: str, figure: str) -> Callable[[Stated], str | None]:
    """What was just made states the very figure that was stored."""
    def exact(stated: Stated) -> str | None:
        said: Said = stated.said
        if said.name != name or said.turn_id is None:
            return None
        told = Money.from_json(said.values[figure])
        mine = [a for a in stated.estate.agreed if a.what == what and a.key.startswith(f"{said.turn_id}:")]
        if any(told in a.figures for a in mine):
            return None
        return f"{figure} is {told}, and no {what} of that turn has it"
    return exact


_EXACT = (_totals, _by_creditor, _left, _made("payment link", "pay_link", "amount"),
          _made("plan", "plan_made", "total"), _made("promise", "promise_made", "amount"))

RULE = Rule(34, "Every figure is true", "the ledger",
            "typed values, words and cards of the bot's messages, against the postings as of then, what was agreed "
            "and what the debtor typed", "Correct the figure with the debtor; find the text or action that made it.",
            conversation=check)
