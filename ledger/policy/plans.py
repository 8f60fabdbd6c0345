"""The section ``plans``: which instalments may be agreed without asking anybody."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ledger.policy.section import Exact, Section
from ledger.schedule import FORTNIGHTLY, FOUR_WEEKLY, MONTHLY, WEEKLY, Frequency

Name = Literal["weekly", "fortnightly", "four_weekly", "monthly"]
FREQUENCIES: dict[Name, Frequency] = {
    "weekly": WEEKLY, "fortnightly": FORTNIGHTLY, "four_weekly": FOUR_WEEKLY, "monthly": MONTHLY,
}


class PlanRules(Section):
    """Amounts are in major units of the policy's currency; days are calendar days."""

    frequencies: tuple[Name, ...] = Field(min_length=1, description="Rhythms allowed, the usual one first")
    minimum_instalment: dict[Name, Exact] = Field(description="Smallest instalment for each rhythm")
    minimum_percent: Annotated[Exact, Field(ge=0, le=100)] = Decimal(0)
    """Smallest part of the total to be paid in a month, in per cent."""
    round_to: Annotated[Exact, Field(gt=0)] = Decimal(5)
    """Instalments we propose above the smallest are multiples of this."""
    maximum_term_months: Annotated[int, Field(ge=1, le=600)]
    first_payment_within_days: Annotated[int, Field(ge=0, le=366)]
    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after its due date before an instalment counts as missed."""

    @model_validator(mode="after")
    def _whole(self) -> "PlanRules":
        if missing := [name for name in self.frequencies if name not in self.minimum_instalment]:
            raise ValueError(f"minimum_instalment lacks {', '.join(missing)}")
        return self

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """All amounts of money in this section."""
        return (*self.minimum_instalment.values(), self.round_to)

    @staticmethod
    def strictest(every: Sequence["PlanRules"]) -> "PlanRules | None":
        """What all of these allow; None when they share no rhythm."""
        first, *others = every
        shared = tuple(name for name in first.frequencies if all(name in other.frequencies for other in others))
        if not shared:
            return None
        return first.model_copy(update={
            "frequencies": shared,
            "minimum_instalment": {name: max(p.minimum_instalment[name] for p in every) for name in shared},
            "minimum_percent": max(p.minimum_percent for p in every),
            "round_to": max(p.round_to for p in every),
            "maximum_term_months": min(p.maximum_term_months for p in every),
            "first_payment_within_days": min(p.first_payment_within_days for p in every),
            "grace_days": max(p.grace_days for p in every),
        })
