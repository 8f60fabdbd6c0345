"""The section ``settlement``: what may be taken to close a debt without asking anybody."""

from typing import Annotated

from pydantic import Field

from ledger.policy.section import Exact, Section


class SettlementTier(Section):
    """A discount that may be offered."""

    pay_percent: Annotated[Exact, Field(gt=0, le=100)]
    """The part of the balance that closes the debt."""
    payments: Annotated[int, Field(ge=1, le=24)] = 1
    within_days: Annotated[int, Field(ge=1, le=366)] = 30
