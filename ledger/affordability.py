"""What a household can spare: a short income and expenditure form, its surplus, and the most an instalment may be.

Figures are what the debtor says; nothing is refused for being high. Lines above the guideline of a policy are flagged
for a person to look at. Sums are exact fractions of a minor unit; only the surplus is rounded, down to a minor unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from ledger.errors import WrongCurrency
from ledger.kinds import Income, Spending
from ledger.money import Money, exponent
from ledger.policy import Policy
from ledger.policy.affordability import AffordabilityRules


class Every(StrEnum):
    """How often a line of the form comes."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    FOUR_WEEKS = "four_weeks"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


A_MONTH = {
    Every.WEEK: Fraction(52, 12), Every.FORTNIGHT: Fraction(26, 12), Every.FOUR_WEEKS: Fraction(13, 12),
    Every.MONTH: Fraction(1), Every.QUARTER: Fraction(1, 3), Every.YEAR: Fraction(1, 12),
}
"""How often it comes in a month, a year being twelve months and 52 weeks."""

Minor = Annotated[int, Field(strict=True, ge=0, le=10**12)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Part):
    minor: Minor
    """Minor units of the form's currency."""
    every: Every = Every.MONTH

    @property
    def a_month(self) -> Fraction:
        """Exactly what it comes to in a month, in minor units."""
        return self.minor * A_MONTH[self.every]


class IncomeLine(_Line):
    """Money that comes in."""

    kind: Income


class SpendingLine(_Line):
    """Money that goes out."""

    category: Spending


class Form(_Part):
    """An income and expenditure form of one household, in one currency.

    Payments to us are not spending: plans that run are subtracted from the surplus by the ledger itself.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    adults: Annotated[int, Field(strict=True, ge=1, le=30)] = 1
    children: Annotated[int, Field(strict=True, ge=0, le=30)] = 0
    income: tuple[IncomeLine, ...] = ()
    spending: tuple[SpendingLine, ...] = ()

    @property
    def income_a_month(self) -> Fraction:
        """In minor units, exact."""
        return sum((line.a_month for line in self.income), Fraction(0))

    @property
    def spending_a_month(self) -> Fraction:
        """In minor units, exact."""
        return sum((line.a_month for line in self.spending), Fraction(0))

    @property
    def surplus(self) -> Money:
        """What is left over in a month, rounded down to a minor unit; below nothing when more goes out than comes in.
        """
        left = self.income_a_month - self.spending_a_month
        return Money(left.numerator // left.denominator, self.currency)

    def spent_on(self, category: Spending) -> Fraction:
        """What goes on one thing in a month, in minor units, exact."""
        return sum((line.a_month for line in self.spending if line.category is category), Fraction(0))

    def json(self) -> dict[str, Any]:  # type: ignore[override]  # pydantic's own is a leftover of version 1
        """What is stored; ``from_json`` is the inverse."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The form behind ``json``. Raises ValueError for anything else."""
        return cls.model_validate(value)


@dataclass(frozen=True, slots=True)
class Flag:
    """Spending above a guideline, for a person to look at. Both a month's; ``spent`` rounded down."""

    category: Spending
    spent: Money
    guideline: Money


@dataclass(frozen=True, slots=True)
class NothingToSpare:
    """Nothing is left over: no instalment may be proposed, a person has to decide."""

    surplus: Money


def flags(rules: AffordabilityRules, form: Form) -> list[Flag]:
    """The spending that is above the guideline for a household of this size, by category."""
    over = []
    for category, guideline in rules.guidelines.items():
        spent = form.spent_on(category)
        usual = Fraction(guideline.amount(form.adults, form.children)) * 10 ** exponent(form.currency)
        if spent > usual:
            over.append(Flag(category, Money(spent.numerator // spent.denominator, form.currency),
                             Money(usual.numerator // usual.denominator, form.currency)))
    return over


def affordable(policy: Policy, surplus: Money) -> Money | NothingToSpare:
    """The most that instalments may take in a month: the policy's share of ``surplus``, rounded down.

    Raises WrongCurrency.
    """
    if surplus.currency != policy.currency:
        raise WrongCurrency(f"the policy {policy.name} is in {policy.currency}, not {surplus.currency}")
    share = surplus.minor * Fraction(policy.affordability.share_percent) / 100
    minor = share.numerator // share.denominator
    return Money(minor, surplus.currency) if minor > 0 else NothingToSpare(surplus)
