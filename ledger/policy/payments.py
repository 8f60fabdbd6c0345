"""The section ``payments``: where the money of a payment goes."""

from typing import Literal

from pydantic import model_validator

from ledger.kinds import OWED, Bucket
from ledger.policy.section import Section

OverDebts = Literal["oldest", "smallest", "highest_interest"]
"""Which of several debts a payment fills first: by when it was opened, by what is owed, or by its rate of interest."""


class PaymentRules(Section):
    """How a payment is allocated."""

    buckets: tuple[Bucket, ...] = (Bucket.COSTS, Bucket.FEES, Bucket.INTEREST, Bucket.PRINCIPAL)
    """Order in which a payment fills the parts of one debt."""
    over_debts: OverDebts = "oldest"
    """Order in which it fills several debts, unless the debtor says which."""

    @model_validator(mode="after")
    def _whole(self) -> "PaymentRules":
        if sorted(self.buckets) != sorted(OWED):
            raise ValueError("buckets must name principal, interest, fees and costs, each once")
        return self
