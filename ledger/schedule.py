"""When instalments fall due: local dates, exact amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from ledger.money import Money, zero

Unit = Literal["week", "month"]
MOST_DUES = 1200  # a hundred years of months; beyond it somebody mistyped


@dataclass(frozen=True, slots=True)
class Frequency:
    """Every so many weeks or months."""

    every: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.every < 1 or self.unit not in ("week", "month"):
            raise ValueError(f"no frequency: every {self.every} {self.unit}")

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Frequency":
        """From ``{"every": 2, "unit": "week"}``. Raises ValueError for anything else."""
        every, unit = value.get("every"), value.get("unit")
        if type(every) is not int or unit not in ("week", "month"):
            raise ValueError(f"{value!r} is not a frequency")
        return cls(every, unit)

    def json(self) -> dict[str, object]:
        """``{"every": 2, "unit": "week"}``."""
        return {"every": self.every, "unit": self.unit}

    def on(self, first_on: date, number: int) -> date:
        """The due date of instalment ``number`` (0 is the first). Reckoned from the first, so month ends stay right."""
        steps = self.every * number
        return first_on + (relativedelta(months=steps) if self.unit == "month" else timedelta(weeks=steps))


WEEKLY = Frequency(1, "week")
FORTNIGHTLY = Frequency(2, "week")
FOUR_WEEKLY = Frequency(4, "week")
MONTHLY = Frequency(1, "month")


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment: what is due on which day."""

    on: date
    amount: Money


def schedule(total: Money, instalment: Money, frequency: Frequency, first_on: date) -> tuple[Due, ...]:
    """Equal instalments, the last one smaller when they do not go into ``total``. The amounts sum to it exactly.

    Raises ValueError for amounts that are not positive or more instalments than a lifetime holds.
    """
    nothing = zero(total.currency)
    if total <= nothing or instalment <= nothing:
        raise ValueError("total and instalment must be more than nothing")
    whole, rest = divmod(total.minor, instalment.minor)
    if whole > MOST_DUES:
        raise ValueError(f"{whole} instalments are too many")
    amounts = [instalment.minor] * whole + ([rest] if rest else [])
    return tuple(Due(frequency.on(first_on, i), Money(minor, total.currency)) for i, minor in enumerate(amounts))
