"""Which figures and days a message may state: the books' at that moment, what was agreed, what the debtor named."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any

from audit.case import AMOUNT, Case, Said
from audit.estate import MOST_SUMS, Estate
from audit.values import dates, dictionaries, words
from conversations import texts
from ledger.kinds import HoldReason
from ledger.money import Money, total
from ledger.policy import load_policy
from payments.mode import SMALLEST

OFFER = {"instalment", "count", "first", "last", "regular", "total", "first_differs", "last_differs"}
PROGRESS = {"paid", "left", "total", "overdue"}
_WRITTEN = re.compile(r"[£$€]\s?([\d,]+)(?:\.(\d\d))?(?!\d)")


class Stated:
    """One message of the bot to a debtor whose books are known, and what would explain each of its figures."""

    def __init__(self, case: Case, said: Said, estate: Estate) -> None:
        self.case, self.said, self.estate = case, said, estate
        turn = case.turns.get(said.turn_id) if said.turn_id is not None else None
        self.since = min(turn.received_at, said.at) if turn else said.at
        self.places = estate.places(self.since, said.at)
        """A figure must have been true at some moment between the question and the answer."""

    @cached_property
    def figures(self) -> frozenset[Money]:
        """What the books give."""
        return frozenset().union(*(self.estate.figures(place) for place in self.places))

    def typed(self, minor: int) -> bool:
        """Whether the debtor typed or pressed an amount until then."""
        return any(minor in turn.minors for turn in self.case.turns.values() if turn.received_at <= self.said.at)

    @cached_property
    def typed_days(self) -> frozenset[date]:
        """Days that the debtor typed until then."""
        return frozenset(date.fromisoformat(str(day)) for turn in self.case.turns.values()
                         if turn.received_at <= self.said.at for day in turn.terms.get("dates") or ())

    @cached_property
    def worked_out(self) -> frozenset[Money]:
        """Amounts that follow from others in the same values: instalments that add up, what is paid and left."""
        found: set[Money] = set()
        for part in dictionaries(self.said.values):
            if part.keys() >= OFFER and adds_up(part) and self._known(_money(part, "total")):
                found.update(_money(part, name) for name in ("instalment", "first", "last"))
            if part.keys() >= PROGRESS:
                paid, left, whole, overdue = (_money(part, name) for name in ("paid", "left", "total", "overdue"))
                if self._known(whole) and paid.minor + left.minor == whole.minor and overdue.minor <= whole.minor:
                    found |= {paid, left, overdue}
            if {"amount", "balance", "payments", "until"} <= part.keys():
                amount, balance = _money(part, "amount"), _money(part, "balance")
                if self._known(balance) and amount.minor < balance.minor:
                    found.add(amount)
            if {"amount", "on"} <= part.keys() and isinstance(part["on"], dict):
                found |= set(self._of_a_due(part))
        return frozenset(found)

    def _of_a_due(self, part: Mapping[str, Any]) -> Iterator[Money]:
        """What is left of an instalment or promise of that day, and what was missed before it."""
        amount, on = _money(part, "amount"), next((day for _, day in dates(part["on"], "on")), None)
        for agreed in self.estate.agreed:
            if on in agreed.days:
                most = max((m.minor for m in agreed.figures if m.currency == amount.currency), default=0)
                if amount.minor <= most:
                    yield amount
                if "overdue" in part and _money(part, "overdue").minor <= most:
                    yield _money(part, "overdue")

    def _known(self, money: Money) -> bool:
        return money in self.figures

    def _one_of_many(self, money: Money) -> bool:
        """Whether it may be the sum of some of very many debts, which is not worked out."""
        return any(len(self.estate.owed(place)) > MOST_SUMS and any(
            money.currency == whole.currency and money.minor <= whole.minor for whole in self.estate.totals(place))
            for place in self.places)

    def unexplained(self) -> Iterator[str]:
        """Each amount and day among the values that nothing explains."""
        for path, money in self.said.money:
            if not (money.is_zero or money in self.figures or money in self.worked_out or self.typed(money.minor)
                    or self._one_of_many(money)
                    or (path == "smallest" and SMALLEST.get(money.currency) == money.minor)):
                yield f"{path} is {money}, which the books did not give then"
        for path, day in dates(self.said.values):
            if not self._day_known(path, day):
                yield f"{path} is {day}, which the books did not give then"

    def _day_known(self, path: str, day: date) -> bool:
        today = self.said.at.date()
        name = path.rpartition(".")[2]
        if name == "as_of":  # later confirmations take the place of earlier ones
            return day <= today + timedelta(days=1)
        if day in self.estate.days or day in self.typed_days:
            return True
        if name in ("first_on", "last_on"):  # of an offer: a day to come, within what adds up
            return day >= today - timedelta(days=1) and bool(self.worked_out)
        if name == "latest" or path.startswith("offers."):
            return today - timedelta(days=1) <= day <= today + timedelta(days=400)
        return self.said.name in ("hardship_offer", "hardship_hold_again") and day in self._could_hold(today)

    def _could_hold(self, today: date) -> set[date]:
        found: set[date] = set()
        for around in (-1, 0, 1):
            begun = today + timedelta(days=around)
            ends = [self.estate.profile.hold_until(HoldReason.HARDSHIP, begun)]
            ends += [load_policy(debt.policy).hold_until(HoldReason.HARDSHIP, begun)
                     for debt in self.estate.debts.values()]
            found.update(end for end in ends if end is not None)
        return found

    def composed(self) -> str | None:
        """An amount in the words or the card that is not among the typed values; None: there is none."""
        text = " ".join(self.said.text.casefold().split())
        if AMOUNT.search(text):
            told_texts = {" ".join(told.casefold().split()) for told in words(self.said.values)}
            for told in sorted(told_texts, key=len, reverse=True):
                if len(told) > 2:
                    text = text.replace(told, " ~ ")
            for _, money in sorted(self.said.money, key=lambda one: -one[1].minor):
                for locale in _locales(self.case):
                    text = text.replace(written(money, locale), " ~ ")
            if left := AMOUNT.search(text):
                return left[0]
        for row in self.said.card.get("rows") or ():
            for found in _WRITTEN.finditer(str(row.get("value", ""))):
                minor = int(found[1].replace(",", "") + (found[2] or "00"))
                if not (any(minor == money.minor for _, money in self.said.money) or self.typed(minor)
                        or any(minor == money.minor for money in self.figures)):
                    return found[0]
        return None


def adds_up(offer: Mapping[str, Any]) -> bool:
    """Whether the instalments of an offer come to its total."""
    whole = _money(offer, "total")
    parts = [_money(offer, "instalment")] * int(offer["regular"])
    parts += [_money(offer, name) for name in ("first", "last") if offer[f"{name}_differs"]]
    return bool(parts) and total(parts, whole.currency) == whole


def _money(part: Mapping[str, Any], name: str) -> Money:
    value = part.get(name)
    return Money.from_json(value) if isinstance(value, dict) else Money(-1, "GBP")


@lru_cache(maxsize=20_000)
def written(money: Money, locale: str) -> str:
    """An amount as a text writes it, in lower case and with single blanks."""
    return " ".join(texts.money(money.json(), locale).casefold().split())


def _locales(case: Case) -> list[str]:
    return list(dict.fromkeys((case.locale, f"{case.language}-GB", f"{case.language}-US", "en-GB", "en-US")))
