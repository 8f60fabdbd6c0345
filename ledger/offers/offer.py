"""An instalment offer, and what may be answered to a debtor's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger.money import Money
from ledger.schedule import PLAIN, Due, Frequency, Shape, schedule, split


@dataclass(frozen=True, slots=True)
class Offer:
    """``total`` in instalments of ``instalment``, after ``down`` where there is one; ``shape`` says how laid out.

    ``first_on`` is where the rhythm begins; a date that the shape moves off a holiday is in ``dues``.
    """

    total: Money
    instalment: Money
    frequency: Frequency
    first_on: date
    down: Money | None = None
    shape: Shape = PLAIN

    @property
    def dues(self) -> tuple[Due, ...]:
        """Every instalment with its date."""
        return schedule(self.total, self.instalment, self.frequency, self.first_on, down=self.down, shape=self.shape)

    @property
    def count(self) -> int:
        """How many instalments there are, all included."""
        return len(self._amounts)

    @property
    def last(self) -> Due:
        """The last instalment."""
        return self.dues[-1]

    @property
    def largest(self) -> Money:
        """The largest instalment, the down payment included."""
        return Money(max(self._amounts), self.total.currency)

    @property
    def _amounts(self) -> list[int]:
        return split(self.total.minor, self.instalment.minor, down=self.down.minor if self.down else 0,
                     rest_first=self.shape.rest_first, merge_below=self.shape.merge_below)

    def json(self) -> dict[str, object]:
        """What a button or an open question keeps; ``from_json`` is the inverse."""
        return {
            "total": self.total.json(), "instalment": self.instalment.json(), "frequency": self.frequency.json(),
            "first_on": self.first_on.isoformat(),
            **({"down": self.down.json()} if self.down else {}),
            **({"shape": self.shape.json()} if self.shape != PLAIN else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Offer":
        """The offer behind ``json``. Raises ValueError for anything else."""
        total, instalment, frequency = (value.get(name) for name in ("total", "instalment", "frequency"))
        down = value.get("down")
        if not (isinstance(total, Mapping) and isinstance(instalment, Mapping) and isinstance(frequency, Mapping)
                and isinstance(down, Mapping | None)):
            raise ValueError(f"{value!r} is not an offer")
        return cls(Money.from_json(total), Money.from_json(instalment), Frequency.from_json(frequency),
                   date.fromisoformat(str(value.get("first_on"))), Money.from_json(down) if down else None,
                   Shape.from_json(value.get("shape")))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the debtor proposed may be agreed."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class TooLow:
    """The instalment is below the floor; ``nearest`` has the smallest allowed. Say it once, then ask staff, on hold."""

    nearest: Offer


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """The amount would do, but not the rhythm or the first date, or it is more than the debtor can spare.

    ``nearest`` is what comes closest.
    """

    nearest: Offer
    because: Literal["frequency", "first_on", "surplus"]


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """Nothing that the policy allows is within what the debtor can spare: a person decides, on hold meanwhile.

    ``least`` is the smallest first or regular payment the policy allows, ``surplus`` what there is for it in a month.
    """

    least: Money
    surplus: Money
