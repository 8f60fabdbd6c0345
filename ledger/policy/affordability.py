"""The section ``affordability``: guideline figures for spending, and how much of a surplus may be asked for."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from ledger.kinds import Spending
from ledger.policy.section import Exact, Section, days, money, percent


class Guideline(Section):
    """What a household usually spends on one thing in a month."""

    first_adult: Annotated[Exact, Field(ge=0)]
    """For a household of one adult."""
    further_adult: Annotated[Exact, Field(ge=0)] = Decimal(0)
    """For each adult more."""
    child: Annotated[Exact, Field(ge=0)] = Decimal(0)
    """For each child."""

    def amount(self, adults: int, children: int) -> Decimal:
        """The guideline for a household, in major units a month."""
        return self.first_adult + self.further_adult * (adults - 1) + self.child * children


class AffordabilityRules(Section):
    """How an income and expenditure form is read."""

    share_percent: Annotated[Exact, Field(gt=0, le=100)] = Decimal(100)
    """How much of the surplus instalments may take, in per cent."""
    valid_days: Annotated[int, Field(ge=1, le=1830)] = 180
    """Days after which a form is too old to rely on."""
    guidelines: dict[Spending, Guideline] = Field(default_factory=dict)
    """What a household usually spends in a month; a form with more is looked at by a person, never refused."""

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """Every guideline figure."""
        return tuple(figure for each in self.guidelines.values()
                     for figure in (each.first_adult, each.further_adult, each.child))

    def explain(self, currency: str) -> list[str]:
        """What is asked for, how long it holds, which figures are usual."""
        share = percent(self.share_percent)
        lines = [f"Instalments take at most {share} of what a household has left over in a month.",
                 f"An income and expenditure form counts for {days(self.valid_days)}. "
                 "With nothing left over, a person decides."]
        for category, each in self.guidelines.items():
            more = "".join(f", {money(figure, currency)} for each {whom}" for figure, whom in
                           ((each.further_adult, "adult more"), (each.child, "child")) if figure)
            lines.append(f"Usual spending on {str(category).replace('_', ' ')}: {money(each.first_adult, currency)} a "
                         f"month for one adult{more}.")
        if lines[2:]:
            lines.append("Spending above these figures is looked at by a person; it is never refused.")
        return lines

    @staticmethod
    def strictest(every: Sequence["AffordabilityRules"]) -> "AffordabilityRules":
        """The smallest share, the shortest validity; of guidelines the lowest of each figure."""
        categories = [category for category in Spending if any(category in rules.guidelines for rules in every)]
        named = {category: [r.guidelines[category] for r in every if category in r.guidelines]
                 for category in categories}
        return AffordabilityRules(
            share_percent=min(rules.share_percent for rules in every),
            valid_days=min(rules.valid_days for rules in every),
            guidelines={
                category: Guideline(first_adult=min(g.first_adult for g in each), child=min(g.child for g in each),
                                    further_adult=min(g.further_adult for g in each))
                for category, each in named.items()
            },
        )
