"""The section ``holds``: how long collecting stays on hold for a reason, and what of it needs a colleague."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import Authority, HoldReason
from ledger.policy.section import Section, days, listed

_Days = Annotated[int, Field(ge=1, le=3660)]


class HoldRules(Section):
    """Calendar days by reason; a reason that is left out lasts as long as the jurisdiction profile says."""

    days: dict[HoldReason, _Days | None] = Field(default_factory=dict)
    """How long a hold lasts for each reason; without days it lasts until somebody lifts it."""
    longest_days: dict[HoldReason, _Days] = Field(default_factory=dict)
    """The longest hold a debtor may ask for without a colleague, for each reason; else as long as in days."""
    times_a_year: dict[HoldReason, Annotated[int, Field(ge=1, le=366)]] = Field(default_factory=dict)
    """How often within 365 days a hold may be placed without a colleague, for each reason."""

    @model_validator(mode="after")
    def _whole(self) -> "HoldRules":
        for reason, longest in self.longest_days.items():
            usual = self.days.get(reason)
            if usual is not None and longest < usual:
                raise ValueError(f"longest_days.{reason} is {longest}, shorter than the usual {usual} of days.{reason}")
        return self

    def until(self, reason: HoldReason, today: date) -> date | None:
        """The last day of a hold placed today; None: until it is lifted."""
        usual = self.days.get(reason)
        return None if usual is None else today + timedelta(days=usual)

    def authority(self, reason: HoldReason, length: int | None, *, before: int) -> Authority:
        """Who may place a hold of ``length`` days (None: the usual) after ``before`` others within a year."""
        longest = self.longest_days.get(reason, self.days.get(reason))
        too_long = length is not None and longest is not None and length > longest
        too_often = before >= self.times_a_year.get(reason, before + 1)
        return Authority.STAFF if too_long or too_often else Authority.BOT

    def explain(self, _currency: str) -> list[str]:
        """How long, and what needs a colleague."""
        lines = []
        for reason, length in self.days.items():
            words = str(reason).replace("_", " ")
            line = f"On hold for {words}: {days(length)}" if length else f"On hold for {words}: until it is lifted"
            more = []
            if (longest := self.longest_days.get(reason)) is not None:
                more.append(f"up to {days(longest)} when asked for")
            if (times := self.times_a_year.get(reason)) is not None:
                more.append("once a year" if times == 1 else f"{times} times a year")
            lines.append(f"{line}; {listed(more)} without a colleague." if more else f"{line}.")
        for reason in self.times_a_year.keys() - self.days.keys():
            lines.append(f"On hold for {str(reason).replace('_', ' ')}: until it is lifted; "
                         f"{self.times_a_year[reason]} times a year without a colleague.")
        return [*lines, "Every other reason lasts as long as the law of the profile says."]

    @staticmethod
    def longest(every: Sequence["HoldRules"]) -> "HoldRules":
        """For each reason the longest; until it is lifted, where one of these says so. Limits: the strictest."""
        reasons = {reason for rules in every for reason in rules.days}
        said = {reason: [rules.days.get(reason) for rules in every] for reason in reasons}
        lasts = {reason: None if None in each else max(d for d in each if d) for reason, each in said.items()}
        most = {reason: min(r.longest_days[reason] for r in every if reason in r.longest_days)
                for reason in {reason for rules in every for reason in rules.longest_days}}
        return HoldRules(
            days=lasts,
            longest_days={reason: max(most[reason], lasts.get(reason) or 0) for reason in most},
            times_a_year={reason: min(r.times_a_year[reason] for r in every if reason in r.times_a_year)
                          for reason in {reason for rules in every for reason in rules.times_a_year}},
        )
