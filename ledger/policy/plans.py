"""The section ``plans``: which instalments may be agreed, and what may be done to a plan, without asking anybody."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ledger.policy.plan_changes import ChangeRules, MissedRules, PauseRules
from ledger.policy.plan_terms import Band, DownPayment, months_for, strictest_term
from ledger.policy.section import Exact, Section
from ledger.schedule import (
    FORTNIGHTLY,
    FOUR_WEEKLY,
    LAST_FRIDAY,
    LAST_WORKING_DAY,
    MONTHLY,
    SEMI_MONTHLY,
    WEEKLY,
    Frequency,
)

Name = Literal["weekly", "fortnightly", "four_weekly", "semi_monthly", "monthly", "last_working_day", "payday"]
FREQUENCIES: dict[Name, Frequency] = {
    "weekly": WEEKLY, "fortnightly": FORTNIGHTLY, "four_weekly": FOUR_WEEKLY, "semi_monthly": SEMI_MONTHLY,
    "monthly": MONTHLY, "last_working_day": LAST_WORKING_DAY, "payday": LAST_FRIDAY,
}
"""What each name stands for when nothing more is said. A debtor may name other days of the same rhythm."""

Months = Annotated[int, Field(ge=1, le=600)]
OnHolidays = Literal["keep", "before", "after"]


def name_of(frequency: Frequency) -> Name | None:
    """The policy's name for a rhythm, whatever weekday or days of the month it has; None when there is none."""
    if frequency.unit == "week":
        weeks: dict[int, Name] = {1: "weekly", 2: "fortnightly", 4: "four_weekly"}
        return weeks.get(frequency.every)
    if frequency.every != 1:
        return None
    if frequency.twice_a_month:
        return "semi_monthly"
    if not frequency.rule:
        return "monthly"
    return "last_working_day" if frequency.rule == "last_working_day" else "payday"


class PlanRules(Section):
    """Amounts are in major units of the policy's currency; days are calendar days."""

    frequencies: tuple[Name, ...] = Field(min_length=1, description="Rhythms allowed, the usual one first")
    minimum_instalment: dict[Name, Exact] = Field(
        description="Smallest instalment for each rhythm; last_working_day and payday may take that of monthly")
    minimum_percent: Annotated[Exact, Field(ge=0, le=100)] = Decimal(0)
    """Smallest part of the total to be paid in a month, in per cent."""
    round_to: Annotated[Exact, Field(gt=0)] = Decimal(5)
    """Instalments we propose above the smallest are multiples of this."""
    maximum_term_months: Annotated[
        Annotated[Months, Tag("[months]")] | Annotated[tuple[Band, ...], Tag("[bands]")],
        Discriminator(lambda value: "[bands]" if isinstance(value, list | tuple) else "[months]"),
    ] = Field(description="A number of months, or a list of {up_to, months} by what is owed, the last without up_to")
    first_payment_within_days: Annotated[int, Field(ge=0, le=366)]
    down_payment: DownPayment | None = None
    """What has to come first, before the instalments; nothing when left out."""
    remainder: Literal["last", "first"] = "last"
    """Which instalment differs when they do not go into the total."""
    merge_last_below: Annotated[Exact, Field(ge=0)] = Decimal(0)
    """What is left over and less than this joins the instalment beside it."""
    on_holidays: OnHolidays = "keep"
    """Where a due date goes that is a weekend or a public holiday where the debtor lives."""
    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after its due date before an instalment counts as missed."""
    missed: MissedRules = MissedRules()
    pause: PauseRules | None = None
    """What a debtor may pause without staff; nothing when left out."""
    change: ChangeRules = ChangeRules()

    @model_validator(mode="after")
    def _whole(self) -> "PlanRules":
        if missing := [name for name in self.frequencies if self.minimum_of(name) is None]:
            raise ValueError(f"minimum_instalment lacks {', '.join(missing)}")
        if len(set(self.frequencies)) != len(self.frequencies):
            raise ValueError("frequencies names one of them twice")
        months_for(self.maximum_term_months, Decimal(0))
        return self

    def minimum_of(self, name: Name) -> Decimal | None:
        """The smallest instalment of a rhythm, in major units."""
        monthly = self.minimum_instalment.get("monthly") if name in ("last_working_day", "payday") else None
        return self.minimum_instalment.get(name, monthly)

    def term_months(self, total: Decimal) -> int:
        """The longest term for ``total`` in major units."""
        return months_for(self.maximum_term_months, total)

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """All amounts of money in this section; none of them may be nothing."""
        bands = self.maximum_term_months if isinstance(self.maximum_term_months, tuple) else ()
        down = self.down_payment.amount if self.down_payment else None
        some = (down, self.merge_last_below or None, *(band.up_to for band in bands))
        return (*self.minimum_instalment.values(), self.round_to, *(amount for amount in some if amount is not None))

    def for_the_rest(self) -> "PlanRules":
        """The same rules for what is left of a plan that runs: no down payment again."""
        return self.model_copy(update={"down_payment": None})

    @staticmethod
    def strictest(every: Sequence["PlanRules"]) -> "PlanRules | None":
        """What all of these allow; None when they share no rhythm."""
        first, *others = every
        shared = tuple(name for name in first.frequencies if all(name in other.frequencies for other in others))
        if not shared:
            return None
        minimum = {name: [p.minimum_of(name) for p in every] for name in shared}
        moves = {p.on_holidays for p in every}
        pauses = [p.pause for p in every]
        return first.model_copy(update={
            "frequencies": shared,
            "minimum_instalment": {name: max(m for m in all_of if m is not None) for name, all_of in minimum.items()},
            "minimum_percent": max(p.minimum_percent for p in every),
            "round_to": max(p.round_to for p in every),
            "maximum_term_months": strictest_term([p.maximum_term_months for p in every]),
            "first_payment_within_days": min(p.first_payment_within_days for p in every),
            "down_payment": DownPayment.strictest([p.down_payment for p in every]),
            "merge_last_below": max(p.merge_last_below for p in every),
            # the earliest day of these is in time for all
            "on_holidays": next(move for move in ("before", "keep", "after") if move in moves),
            "grace_days": max(p.grace_days for p in every),
            "missed": MissedRules.strictest([p.missed for p in every]),
            "pause": PauseRules.strictest([p for p in pauses if p is not None]) if None not in pauses else None,
            "change": ChangeRules.strictest([p.change for p in every]),
        })
