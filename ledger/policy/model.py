"""A whole policy file."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import HoldReason
from ledger.money import Money, exponent
from ledger.policy.affordability import AffordabilityRules
from ledger.policy.approval import ApprovalRules
from ledger.policy.holds import HoldRules
from ledger.policy.interest import InterestRules
from ledger.policy.master import MasterRules
from ledger.policy.payments import PaymentRules
from ledger.policy.plans import FREQUENCIES, PlanRules, name_of
from ledger.policy.promises import PromiseRules
from ledger.policy.section import Loc, Section
from ledger.policy.settlement import SettlementRules
from ledger.schedule import Frequency, Shape


class WrongAmounts(ValueError):
    """Amounts of money that cannot be. ``places``: where each is in the file, and what is wrong with it."""

    def __init__(self, places: list[tuple[Loc, str]]) -> None:
        super().__init__("; ".join(said for _, said in places))
        self.places = places


class Policy(Section):
    """One policy. Amounts are in major units of ``currency``, as text; days are calendar days."""

    name: str = Field(description="The file's name without .yml")
    title: str = ""
    """What people call this policy."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Two capital letters (ISO 3166), as in GB."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Three capital letters (ISO 4217), as in GBP. All amounts of the file are in it."""
    plans: PlanRules
    promises: PromiseRules = PromiseRules()
    holds: HoldRules = HoldRules()
    master: MasterRules = MasterRules()
    payments: PaymentRules = PaymentRules()
    interest: InterestRules = InterestRules()
    settlement: SettlementRules = SettlementRules()
    approval: ApprovalRules = ApprovalRules()
    affordability: AffordabilityRules = AffordabilityRules()

    @property
    def sections(self) -> dict[str, Section]:
        """The sections by their names, in the order of the file."""
        every = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: each for name, each in every.items() if isinstance(each, Section)}

    @model_validator(mode="after")
    def _amounts_exist(self) -> "Policy":
        exponent(self.currency)
        places: list[tuple[Loc, str]] = []
        for name, section in self.sections.items():
            for amount, least in [*((a, 1) for a in section.amounts), *((a, 0) for a in section.limits)]:
                try:
                    if Money.from_decimal(amount, self.currency).minor < least:
                        raise ValueError(f"{amount} is not an amount to pay")
                except ValueError as error:
                    places.append(((name, *(section.place_of(amount) or ())), str(error)))
        if places:
            raise WrongAmounts(places)
        return self

    @property
    def rhythms(self) -> tuple[Frequency, ...]:
        """The frequencies allowed, the usual one first."""
        return tuple(FREQUENCIES[name] for name in self.plans.frequencies)

    def minimum(self, frequency: Frequency) -> Money | None:
        """The smallest instalment in this rhythm, None when the rhythm is not allowed."""
        name = name_of(frequency)
        if name is None or name not in self.plans.frequencies:
            return None
        return Money.from_decimal(self.plans.minimum_of(name) or Decimal(0), self.currency)

    def term_months(self, total: Money) -> int:
        """The longest term of a plan over ``total``."""
        return self.plans.term_months(total.decimal)

    def shape(self, place: str | None = None) -> Shape:
        """How instalments are laid out where the debtor lives (``ledger.schedule.place_of``); else in the country."""
        below = Money.from_decimal(self.plans.merge_last_below, self.currency).minor
        return Shape(self.plans.remainder == "first", below, self.plans.on_holidays, place or self.country)

    def for_the_rest(self) -> "Policy":
        """The same policy for what is left of a plan that runs: no down payment again."""
        return self.model_copy(update={"plans": self.plans.for_the_rest()})

    def hold_until(self, reason: HoldReason, today: date) -> date | None:
        """The last day of a hold placed today; None: until it is lifted."""
        return self.holds.until(reason, today)
