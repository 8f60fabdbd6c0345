"""The section ``payments``: where the money of a payment goes."""

from pydantic import model_validator

from ledger.kinds import OWED, Bucket
from ledger.policy.section import Section


class PaymentRules(Section):
    """How a payment is allocated."""

    buckets: tuple[Bucket, ...] = (Bucket.COSTS, Bucket.FEES, Bucket.INTEREST, Bucket.PRINCIPAL)
    """Order in which a payment fills the parts of one debt."""

    @model_validator(mode="after")
    def _whole(self) -> "PaymentRules":
        if sorted(self.buckets) != sorted(OWED):
            raise ValueError("buckets must name principal, interest, fees and costs, each once")
        return self
