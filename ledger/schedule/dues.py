"""Instalments with their dates: local dates, never instants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, islice
from typing import Literal

from ledger.money import Money
from ledger.schedule.amounts import split
from ledger.schedule.frequency import Frequency
from ledger.schedule.working_days import working_days

OnHolidays = Literal["keep", "before", "after"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a policy lays instalments out. ``merge_below`` is in minor units, ``place`` names a calendar.

    ``on_holidays`` moves a date that is no working day to the working day before or after it, or keeps it.
    """

    rest_first: bool = False
    merge_below: int = 0
    on_holidays: OnHolidays = "keep"
    place: str = ""

    def json(self) -> dict[str, object]:
        """What a button keeps; ``from_json`` is the inverse."""
        return {"rest_first": self.rest_first, "merge_below": self.merge_below, "on_holidays": self.on_holidays,
                "place": self.place}

    @classmethod
    def from_json(cls, value: object) -> "Shape":
        """The shape behind ``json``; the plain one for None. Raises ValueError for anything else."""
        match value:
            case None:
                return PLAIN
            case {"rest_first": bool(rest_first), "merge_below": int(merge_below),
                  "on_holidays": "keep" | "before" | "after" as on_holidays, "place": str(place)}:
                return cls(rest_first, merge_below, on_holidays, place)
        raise ValueError(f"{value!r} is not a shape of a plan")


PLAIN = Shape()


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment: what is due on which day."""

    on: date
    amount: Money


def _dates(frequency: Frequency, first_on: date, shape: Shape) -> Iterator[date]:
    """The due dates without end, each later than the one before however many holidays lie between."""
    working = working_days(shape.place)
    previous: date | None = None
    for number in count():
        day = frequency.on(first_on, number, working)
        if shape.on_holidays != "keep":
            day = working.before(day) if shape.on_holidays == "before" else working.after(day)
            if previous is not None and day <= previous:
                day = working.after(previous + timedelta(days=1))
        yield day
        previous = day


def due_dates(frequency: Frequency, first_on: date, number: int, shape: Shape = PLAIN, *, skip: int = 0) -> list[date]:
    """The dates of ``number`` instalments of a rhythm that began on ``first_on``, after ``skip`` of them."""
    return list(islice(_dates(frequency, first_on, shape), skip, skip + number))


def first_due(frequency: Frequency, first_on: date, shape: Shape = PLAIN) -> date:
    """The first due date of a rhythm on or after ``first_on``, moved where the shape moves it."""
    return next(_dates(frequency, first_on, shape))


def steps_until(frequency: Frequency, first_on: date, day: date, shape: Shape = PLAIN) -> int:
    """How many due dates of the rhythm lie before ``day``."""
    return next(number for number, due in enumerate(_dates(frequency, first_on, shape)) if due >= day)


def schedule(
    total: Money, instalment: Money, frequency: Frequency, first_on: date, *, down: Money | None = None,
    shape: Shape = PLAIN,
) -> tuple[Due, ...]:
    """Equal instalments, but for what is left over (``Shape``) and the down payment. They sum to ``total`` exactly.

    Raises ValueError for amounts that are not positive or more instalments than a lifetime holds.
    """
    amounts = split(total.minor, instalment.minor, down=down.minor if down else 0, rest_first=shape.rest_first,
                    merge_below=shape.merge_below)
    dates = due_dates(frequency, first_on, len(amounts), shape)
    return tuple(Due(on, Money(minor, total.currency)) for on, minor in zip(dates, amounts, strict=True))
