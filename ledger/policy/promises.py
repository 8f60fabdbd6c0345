"""The section ``promises``: how far ahead one may promise, and when a promise is judged."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ledger.policy.section import Section, days


class PromiseRules(Section):
    """Days are calendar days, unless ``working_days`` says otherwise."""

    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after the promised one before the promise is judged."""
    working_days: bool = False
    """Whether weekends and public holidays are left out when the days of grace are counted."""
    within_days: Annotated[int, Field(ge=1, le=366)] = 45
    """How far ahead a promise to pay may lie."""

    def explain(self, _currency: str) -> list[str]:
        """How far ahead, and when it is judged."""
        grace = days(self.grace_days)
        if self.working_days:
            grace = grace.replace("day", "working day") + " (no weekends or public holidays)"
        return [f"A debtor may promise a payment for a day up to {days(self.within_days)} ahead.",
                f"A promise is judged {grace} after the promised day, by the value date of what came in."
                if self.grace_days else "A promise is judged on the day after, by the value date of what came in."]

    @staticmethod
    def strictest(every: Sequence["PromiseRules"]) -> "PromiseRules":
        """What all of these allow."""
        return PromiseRules(
            grace_days=max(p.grace_days for p in every), within_days=min(p.within_days for p in every),
            working_days=any(p.working_days for p in every),
        )
