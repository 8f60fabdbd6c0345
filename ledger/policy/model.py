"""A whole policy file."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import HoldReason
from ledger.money import Money, exponent
from ledger.policy.holds import HoldRules
from ledger.policy.interest import InterestRules
from ledger.policy.master import MasterRules
from ledger.policy.payments import PaymentRules
from ledger.policy.plans import FREQUENCIES, PlanRules
from ledger.policy.promises import PromiseRules
from ledger.policy.section import Section
from ledger.policy.settlement import SettlementTier
from ledger.schedule import Frequency


class Policy(Section):
    """One policy. Amounts are in major units of ``currency``, as text; days are calendar days."""

    name: str = Field(description="The file's name without .yml")
    title: str = ""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    plans: PlanRules
    promises: PromiseRules = PromiseRules()
    holds: HoldRules = HoldRules()
    master: MasterRules = MasterRules()
    payments: PaymentRules = PaymentRules()
    interest: InterestRules = InterestRules()
    settlement: tuple[SettlementTier, ...] = ()

    @model_validator(mode="after")
    def _amounts_exist(self) -> "Policy":
        exponent(self.currency)
        for amount in self.plans.amounts:
            if Money.from_decimal(amount, self.currency).minor <= 0:
                raise ValueError(f"{amount} is not an amount to pay")
        for amount in self.interest.amounts:
            Money.from_decimal(amount, self.currency)
        return self

    @property
    def rhythms(self) -> tuple[Frequency, ...]:
        """The frequencies allowed, the usual one first."""
        return tuple(FREQUENCIES[name] for name in self.plans.frequencies)

    def minimum(self, frequency: Frequency) -> Money | None:
        """The smallest instalment in this rhythm, None when the rhythm is not allowed."""
        for name in self.plans.frequencies:
            if FREQUENCIES[name] == frequency:
                return Money.from_decimal(self.plans.minimum_instalment[name], self.currency)
        return None

    def hold_until(self, reason: HoldReason, today: date) -> date | None:
        """The last day of a hold placed today; None: until it is lifted."""
        return self.holds.until(reason, today)
