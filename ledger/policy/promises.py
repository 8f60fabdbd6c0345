"""The section ``promises``: how far ahead one may promise, and when a promise is judged."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ledger.policy.section import Section


class PromiseRules(Section):
    """Days are calendar days."""

    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after the promised one before the promise is judged."""
    within_days: Annotated[int, Field(ge=1, le=366)] = 45
    """How far ahead a promise to pay may lie."""

    @staticmethod
    def strictest(every: Sequence["PromiseRules"]) -> "PromiseRules":
        """What all of these allow."""
        return PromiseRules(grace_days=max(p.grace_days for p in every), within_days=min(p.within_days for p in every))
