"""How old a debt may be before nothing is invited on it any more (rule 15; 12 CFR 1006.26(b), CONC 7.15).

The figures are examples of well-known periods; ``checked_by`` says which lawyer looked at them for this operator.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from compliance.files import Part
from ledger.policy.section import listed

Years = Annotated[int, Field(ge=1, le=30)]


class Age(StrEnum):
    """What is known of a debt's age."""

    IN_TIME = "in_time"
    TOO_OLD = "too_old"
    UNKNOWN = "unknown"
    """The dates or the place leave it open: staff decide."""


@dataclass(frozen=True, slots=True)
class Dates:
    """What is known of when the time of a debt began. ``acknowledged_on``: the last payment or written admission."""

    opened_on: date
    due_on: date | None = None
    acknowledged_on: date | None = None


class Limitation(Part):
    """The law of one state or nation."""

    years: dict[str, Years] = Field(min_length=1)
    """Years by kind of claim, such as contract or deed."""
    extinguished: bool = False
    """Whether the debt itself ends with the time, and not only the right to sue."""
    payment_restarts: bool = True
    """Whether a payment or a written admission starts the time anew."""
    source: str
    """The law the figures are from."""


class TimeBar(Part):
    """Periods of limitation by place and kind of debt."""

    as_of: date
    """The day on which the figures were last looked at."""
    checked_by: str | None
    """The lawyer who checked them for this operator; null: nobody yet, and ``profile check`` says so."""
    claims: dict[str, str] = Field(min_length=1)
    """Which kind of claim a kind of debt is, as in card: contract."""
    places: dict[str, Limitation] = Field(min_length=1)
    """The law by state or nation. In a place that is not here a debt older than the shortest period is put to staff."""

    @model_validator(mode="after")
    def _known_claims(self) -> "TimeBar":
        known = {claim for place in self.places.values() for claim in place.years}
        for kind, claim in self.claims.items():
            if claim not in known:
                raise ValueError(f"claims.{kind} is {claim}, for which no place has a figure")
        return self

    def age(self, kind: str, place: str | None, dates: Dates, today: date) -> Age:
        """Whether a debt of this ``kind`` is too old in ``place``, as far as that can be told."""
        law = self.places.get(place) if place else None
        shortest, longest = self._periods(kind, place if law else None)
        begun, certain = _begun(dates, restarts=law is None or law.payment_restarts)
        if begun is None:
            return Age.IN_TIME if _over(dates.opened_on, shortest) >= today else Age.UNKNOWN
        if _over(begun, longest) < today:
            return Age.TOO_OLD
        if _over(begun, shortest) >= today and certain:
            return Age.IN_TIME
        return Age.IN_TIME if _over(dates.opened_on, shortest) >= today else Age.UNKNOWN

    def _periods(self, kind: str, place: str | None) -> tuple[int, int]:
        """The shortest and the longest period that may be meant: the same where place and kind are known."""
        claim = self.claims.get(kind)
        if (claim, place) not in self._found:
            every: set[int] = set()
            for law in [self.places[place]] if place else self.places.values():
                every |= {law.years[claim]} if claim in law.years else set(law.years.values())
            self._found[claim, place] = min(every), max(every)
        return self._found[claim, place]

    @cached_property
    def _found(self) -> dict[tuple[str | None, str | None], tuple[int, int]]:
        return {}

    def extinguished(self, place: str | None) -> bool:
        """Whether a debt that is too old may no longer exist there."""
        law = self.places.get(place) if place else None
        return law is not None and law.extinguished


def _begun(dates: Dates, *, restarts: bool) -> tuple[date | None, bool]:
    """From when time runs, and whether that is certain. Where a payment restarts nothing, only the due date counts."""
    if not restarts:
        return (dates.due_on, True) if dates.due_on else (dates.acknowledged_on, False)
    known = [day for day in (dates.due_on, dates.acknowledged_on) if day is not None]
    return (max(known), True) if known else (None, False)


def _over(begun: date, years: int) -> date:
    """The last day within ``years`` of ``begun``."""
    try:
        return begun.replace(year=begun.year + years)
    except ValueError:  # 29 February
        return begun.replace(year=begun.year + years, day=28)


def explain(rules: TimeBar) -> Iterator[str]:
    """The table in words."""
    yield (f"As of {rules.as_of}, checked by {rules.checked_by}." if rules.checked_by else
           f"As of {rules.as_of}. Nobody has checked these figures for you: have a lawyer do so, then fill checked_by.")
    for place, law in rules.places.items():
        periods = listed([f"{years} years ({claim.replace('_', ' ')})" for claim, years in law.years.items()])
        more = " Then the debt itself ends." if law.extinguished else ""
        more += "" if law.payment_restarts else " A payment does not start the time anew."
        yield f"{place}: {periods}.{more} {law.source}."
    yield ("Where the place or the dates leave it open, the debt is put to staff, and nothing is invited on it "
           "meanwhile.")
    yield f"Kinds of debt: {by_claim(rules.claims)}. Any other kind counts as too old only by the longest period."


def by_claim(claims: Mapping[str, str]) -> str:
    """``contract: card, loan; deed: mortgage``."""
    kinds: dict[str, list[str]] = {}
    for kind, claim in claims.items():
        kinds.setdefault(claim, []).append(kind.replace("_", " "))
    return "; ".join(f"{claim.replace('_', ' ')}: {', '.join(each)}" for claim, each in kinds.items())
