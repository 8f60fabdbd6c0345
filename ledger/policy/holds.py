"""The section ``holds``: how long collecting stays on hold for a reason."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from ledger.kinds import HoldReason
from ledger.policy.section import Section


class HoldRules(Section):
    """Calendar days by reason; a reason that is left out is on hold until somebody lifts it."""

    days: dict[HoldReason, Annotated[int, Field(ge=1, le=3660)] | None] = Field(default_factory=dict)

    def until(self, reason: HoldReason, today: date) -> date | None:
        """The last day of a hold placed today; None: until it is lifted."""
        days = self.days.get(reason)
        return None if days is None else today + timedelta(days=days)

    @staticmethod
    def longest(every: Sequence["HoldRules"]) -> "HoldRules":
        """For each reason the longest; until it is lifted, where one of these says so."""
        reasons = {reason for rules in every for reason in rules.days}
        said = {reason: [rules.days.get(reason) for rules in every] for reason in reasons}
        return HoldRules(days={
            reason: None if None in days else max(d for d in days if d) for reason, days in said.items()
        })
