"""A debtor's books as rules look at them: debts, holds, wishes, and what was owed at any moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import combinations
from zoneinfo import ZoneInfo

from compliance.operator import operator
from compliance.profile import Profile, profile_of
from compliance.time_bar import Age, Dates
from ledger.holds import effect_of
from ledger.kinds import OWED, Act, DebtStatus, HoldReason
from ledger.models import Debtor, Hold
from ledger.money import Money
from runtime.ids import DebtId, DebtorId

MOST_SUMS = 10
"""With more debts than this, sums of some of them are not told from other figures."""


@dataclass(frozen=True, slots=True)
class DebtFact:
    """One debt, whoever collects it."""

    id: DebtId
    ref: str
    creditor_id: int
    creditor: str
    policy: str
    own_collector: bool
    currency: str
    kind: str
    status: DebtStatus
    opened_on: date
    due_on: date | None
    acknowledged_on: date | None
    time_barred: bool | None
    as_of: datetime | None
    decided: bool | None = None
    """Whether staff decided that it is too old; None: they did not."""


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry on a debt."""

    debt_id: DebtId
    bucket: str
    amount: int
    txn_id: int
    kind: str
    posted_at: datetime
    effective_on: date


@dataclass(frozen=True, slots=True)
class Preference:
    """A channel allowed or stopped, and since when."""

    channel: str
    allowed: bool
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Agreed:
    """A plan, a promise or a payment link: what it is, for which debts, since when, and all its figures and days."""

    what: str
    id: int
    at: datetime
    debts: Mapping[DebtId, int]
    figures: frozenset[Money] = frozenset()
    days: frozenset[date] = frozenset()
    key: str = ""
    actor: str = ""


@dataclass
class Estate:
    """Everything about one debtor."""

    debtor: Debtor
    debts: dict[DebtId, DebtFact] = field(default_factory=dict)
    entries: list[EntryFact] = field(default_factory=list)
    """In the order of recording."""
    holds: list[Hold] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    wishes: tuple[time | None, time | None, datetime] | None = None
    agreed: list[Agreed] = field(default_factory=list)

    @property
    def id(self) -> DebtorId:
        """The debtor's id."""
        return self.debtor.id

    @property
    def country(self) -> str:
        """Where the debtor lives."""
        return self.debtor.country

    @cached_property
    def profile(self) -> Profile:
        """The rules where the debtor lives."""
        return profile_of(self.debtor)

    @cached_property
    def collector(self) -> bool:
        """Whether any debt is collected for another; without debts: yes."""
        return not self.debts or any(not debt.own_collector for debt in self.debts.values())

    def local(self, at: datetime) -> datetime | None:
        """A moment where the debtor lives; None where that is not known."""
        return at.astimezone(ZoneInfo(self.debtor.timezone)) if self.debtor.timezone else None

    # Holds ------------------------------------------------------------------------------------------------------

    def holds_at(self, at: datetime, *reasons: HoldReason, debt_id: DebtId | None = None) -> list[Hold]:
        """The holds in force just before a moment, of these reasons (or any), on this debt (or any)."""
        return [hold for hold in self.holds if (not reasons or hold.reason in reasons)
                and (debt_id is None or hold.debt_id in (None, debt_id)) and in_force(hold, at)]

    def stops(self, at: datetime, act: Act, debt_id: DebtId | None) -> Hold | None:
        """A hold that forbade an act at a moment, on this debt, or with None on everything."""
        return next((hold for hold in self.holds if in_force(hold, at) and act in effect_of(hold).stops
                     and hold.debt_id in (None, debt_id)), None)

    def too_old(self, debt_id: DebtId, day: date) -> bool:
        """Whether a debt was too old to be asked for: by staff's decision, the creditor's word, or its dates."""
        debt = self.debts.get(debt_id)
        if debt is None:
            return False
        if debt.decided is not None or debt.time_barred is not None:
            return bool(debt.decided if debt.decided is not None else debt.time_barred)
        paid = [entry.effective_on for entry in self.entries if entry.debt_id == debt_id and entry.kind == "payment"]
        dates = Dates(debt.opened_on, debt.due_on, max(filter(None, (debt.acknowledged_on, *paid)), default=None))
        rules = self.profile
        return rules.time_bar.age(debt.kind, rules.region(self.debtor.region), dates, day) is Age.TOO_OLD

    # Figures ----------------------------------------------------------------------------------------------------

    def _place(self, at: datetime) -> int:
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.entries[middle].posted_at <= at else (low, middle)
        return low

    @cached_property
    def _states(self) -> dict[int, dict[DebtId, dict[str, int]]]:
        return {}

    def _state(self, place: int) -> dict[DebtId, dict[str, int]]:
        if place not in self._states:
            made: dict[DebtId, dict[str, int]] = {debt_id: {} for debt_id in self.debts}
            for entry in self.entries[:place]:
                parts = made.setdefault(entry.debt_id, {})
                parts[entry.bucket] = parts.get(entry.bucket, 0) + entry.amount
            self._states[place] = made
        return self._states[place]

    def places(self, first: datetime, last: datetime) -> list[int]:
        """The states of the books between two moments, as places in the entries, the latest first."""
        begin, end = self._place(first), self._place(last)
        return [place for place in range(end, begin - 1, -1)
                if place in (begin, end) or self.entries[place - 1].txn_id != self.entries[place].txn_id]

    def owed(self, place: int) -> dict[DebtId, int]:
        """What was owed on each debt in a state of the books, in minor units; only where something was."""
        found = {debt_id: sum(parts.get(bucket, 0) for bucket in OWED) for debt_id, parts in self._state(place).items()}
        return {debt_id: minor for debt_id, minor in found.items() if minor > 0}

    def by_creditor(self, place: int) -> dict[tuple[str, str], int]:
        """What was owed to each creditor and currency."""
        found: dict[tuple[str, str], int] = {}
        for debt_id, minor in self.owed(place).items():
            debt = self.debts[debt_id]
            found[debt.creditor, debt.currency] = found.get((debt.creditor, debt.currency), 0) + minor
        return found

    def totals(self, place: int, only: Iterable[DebtId] | None = None) -> set[Money]:
        """The sums by currency, without zeros."""
        wanted = None if only is None else set(only)
        found: dict[str, int] = {}
        for debt_id, minor in self.owed(place).items():
            if wanted is None or debt_id in wanted:
                currency = self.debts[debt_id].currency
                found[currency] = found.get(currency, 0) + minor
        return {Money(minor, currency) for currency, minor in found.items()}

    @cached_property
    def _figures(self) -> dict[int, frozenset[Money]]:
        return {}

    def figures(self, place: int) -> frozenset[Money]:
        """Every figure the books give in a state: parts, debts, sums of debts, payments, what was agreed."""
        if place not in self._figures:
            self._figures[place] = frozenset(self._all_figures(place))
        return self._figures[place]

    def _all_figures(self, place: int) -> Iterable[Money]:
        for debt_id, parts in self._state(place).items():
            currency = self.debts[debt_id].currency
            for bucket, minor in parts.items():
                yield Money(-minor if bucket == "overpayment" else minor, currency)
            yield Money(sum(parts.get(bucket, 0) for bucket in OWED if bucket != "principal"), currency)
        owed = self.owed(place)
        for (_, currency), minor in self.by_creditor(place).items():
            yield Money(minor, currency)
        for count in range(1, len(owed) + 1) if len(owed) <= MOST_SUMS else (1, len(owed)):
            for some in combinations(owed, count):
                currencies = {self.debts[debt_id].currency for debt_id in some}
                if len(currencies) == 1:
                    yield Money(sum(owed[debt_id] for debt_id in some), currencies.pop())
        owners = {entry.txn_id: entry.debt_id for entry in self.entries[:place]}
        paid: dict[tuple[int, DebtId | None], int] = {}
        for entry in self.entries[:place]:
            keys: tuple[tuple[int, DebtId | None], ...] = ((entry.txn_id, entry.debt_id), (entry.txn_id, None))
            for key in keys:
                paid[key] = paid.get(key, 0) - entry.amount
        for (txn_id, on_one), minor in paid.items():
            owner = on_one if on_one is not None else owners[txn_id]
            yield Money(abs(minor), self.debts[owner].currency)
        for agreed in self.agreed:
            yield from agreed.figures

    @cached_property
    def days(self) -> frozenset[date]:
        """Every day the books know: of payments, instalments, promises, holds, confirmations."""
        found = {entry.effective_on for entry in self.entries}
        found.update(day for agreed in self.agreed for day in agreed.days)
        found.update(hold.until for hold in self.holds if hold.until is not None)
        moments = [debt.as_of for debt in self.debts.values()] + [hold.lifted_at for hold in self.holds]
        zones = {UTC, operator().zone, ZoneInfo(self.debtor.timezone) if self.debtor.timezone else UTC}
        found.update(at.astimezone(zone).date() for at in moments if at is not None for zone in zones)
        found.update(d.opened_on for d in self.debts.values())
        return frozenset(found)


def in_force(hold: Hold, at: datetime) -> bool:
    """Whether a hold was in force just before a moment; its last day ends where on earth it ends last."""
    lasts = hold.until is None or hold.until >= (at - timedelta(hours=12)).date()
    return hold.placed_at < at and lasts and (hold.lifted_at is None or hold.lifted_at > at)


def through(holds: Sequence[Hold], day: date) -> Hold | None:
    """A hold in force through a whole day, from the day after it was placed to the day before it was lifted."""
    return next((hold for hold in holds if hold.placed_at.date() < day and (hold.until is None or day <= hold.until)
                 and (hold.lifted_at is None or day < hold.lifted_at.date())), None)
