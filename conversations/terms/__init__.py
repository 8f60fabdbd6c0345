"""Amounts, dates and rhythm in debtor language: "forty quid a fortnight from the 3rd".

A small grammar of our own. No library is good at this (``docs/decisions`` says what was tried): first the
identifiers are painted over, then the rhythm is read, then marked amounts, then dates, then bare figures. What
comes out is never acted on by itself: the schedule is always shown and a yes is asked for.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from conversations.terms.amounts import AmountFinder
from conversations.terms.canvas import FREQUENCY, IDENTIFIER, Canvas
from conversations.terms.dates import DateFinder
from conversations.terms.frequency import Rhythm, find_rhythm
from conversations.terms.identifiers import (
    EMAIL,
    LONG_NUMBER,
    UK_POSTCODE,
    URL,
    ZIP_NAMED,
    ZIP_PLUS_4,
    cards,
    phones,
    references,
)
from conversations.terms.written_dates import born, written_dates
from ledger.money import Money

__all__ = ["Rhythm", "Terms", "find_terms"]

LONGEST = 4000
_MASKS = re.compile(r"\[[a-z_]+\]")
_BORN = re.compile(r"\b(?:born(?: on)?|d\.?o\.?b\.?|date of birth|birthday|birth date|"
                   r"nac[ií](?:do|da)?(?: el)?|fecha de nacimiento)\b[\s:=,]*(?:is|es|on)?\s*$")


@dataclass(frozen=True)
class Terms:
    """What a text says of money and time. ``unsure``: there is more, or other, than could be read for certain."""

    amounts: tuple[Money, ...] = ()
    dates: tuple[date, ...] = ()
    frequency: Rhythm | None = None
    unsure: bool = False
    instalment: Money | None = None
    """The amount that stands beside the rhythm, when there is one."""

    def json(self) -> dict[str, Any]:
        """The ``debtdesk terms`` contract: amounts, dates, frequency, unsure."""
        return {
            "amounts": [amount.json() for amount in self.amounts],
            "dates": [day.isoformat() for day in self.dates],
            "frequency": self.frequency.json() if self.frequency else None,
            "unsure": self.unsure,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Terms":
        """The inverse of ``json`` (the instalment is not part of it)."""
        rhythm = value.get("frequency")
        return cls(
            amounts=tuple(Money.from_json(amount) for amount in value.get("amounts", ())),
            dates=tuple(date.fromisoformat(day) for day in value.get("dates", ())),
            frequency=Rhythm(rhythm["every"], rhythm["unit"]) if rhythm else None,
            unsure=bool(value.get("unsure")),
        )


def _paint_identifiers(canvas: Canvas, *, locale: str, today: date) -> None:
    whole = (EMAIL, URL, ZIP_PLUS_4, UK_POSTCODE, _MASKS)
    spans = [match.span() for pattern in whole for match in pattern.finditer(canvas.text)]
    spans += [match.span(1) for match in ZIP_NAMED.finditer(canvas.text)]
    spans += [*cards(canvas.text), *phones(canvas.text), *references(canvas.text)]
    for written in written_dates(canvas.text, locale=locale):
        asked = bool(_BORN.search(canvas.text[max(0, written.start - 40):written.start]))
        if asked or born(written.readings, today=today, asked=False):
            spans.append((written.start, written.end))
    spans += [match.span() for match in LONG_NUMBER.finditer(canvas.text)]
    for start, end in spans:
        canvas.paint(start, end, IDENTIFIER)


def find_terms(text: str, *, locale: str, currency: str, today: date) -> Terms:
    """Amounts, dates and rhythm of ``text``.

    ``locale`` decides 3/4 and the figures' commas, ``currency`` (ISO 4217) is that of amounts without one, ``today``
    is the debtor's date: days of the month and dates without a year that look past mean the next ones to come.
    References, postcodes, phone and card numbers and dates of birth are never taken for terms.
    """
    canvas = Canvas(text if len(text) <= LONGEST else " ".join(text[:LONGEST].split(" ")[:-1]))
    _paint_identifiers(canvas, locale=locale, today=today)
    rhythm, unsure_rhythm = find_rhythm(canvas)
    amounts = AmountFinder(canvas, locale=locale, currency=currency)
    amounts.find_marked()
    dates = DateFinder(canvas, locale=locale, today=today)
    dates.find()
    amounts.find_bare()
    found = amounts.result()
    beside = amounts.beside(re.compile(rf"\s*(?:(?:or so|max|tops)\s*)?[{FREQUENCY}]")) if rhythm else None
    instalment = beside or (found[0] if rhythm and len(found) == 1 else None)
    return Terms(
        amounts=found, dates=dates.result(), frequency=rhythm,
        unsure=unsure_rhythm or amounts.unsure or dates.unsure,
        instalment=instalment,
    )
