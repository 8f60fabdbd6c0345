"""Parts of the section ``plans`` about a plan that runs: missed instalments, pauses, changes."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ledger.policy.section import Section

Then = Literal["catch_up", "replan", "person"]
_STRICTNESS: tuple[Then, ...] = ("person", "catch_up", "replan")


class MissedRules(Section):
    """What is proposed when an instalment was missed. Nothing changes before the debtor, or staff, say yes."""

    then: Then = "catch_up"
    """``catch_up``: add what was missed to the next instalments; ``replan``: new terms for the rest; ``person``."""
    within: Annotated[int, Field(ge=1, le=24)] = 3
    """Over how many instalments what was missed is caught up."""
    person_after: Annotated[int, Field(ge=1, le=24)] = 2
    """How many instalments may be missed before a person looks at the plan."""
    replans_per_year: Annotated[int, Field(ge=0, le=12)] = 1
    """How often in a year a plan may get new terms after a miss without staff."""

    @staticmethod
    def strictest(every: Sequence["MissedRules"]) -> "MissedRules":
        """What all of these allow."""
        return MissedRules(
            then=next(then for then in _STRICTNESS if any(rules.then == then for rules in every)),
            within=min(rules.within for rules in every), person_after=min(rules.person_after for rules in every),
            replans_per_year=min(rules.replans_per_year for rules in every),
        )


class PauseRules(Section):
    """How long and how often in a year a debtor may pause a plan without staff."""

    longest_days: Annotated[int, Field(ge=1, le=366)]
    """The longest pause, in calendar days."""
    per_year: Annotated[int, Field(ge=1, le=12)] = 1
    """How many pauses there may be in twelve months."""

    @staticmethod
    def strictest(every: Sequence["PauseRules"]) -> "PauseRules":
        """What all of these allow."""
        return PauseRules(longest_days=min(rules.longest_days for rules in every),
                          per_year=min(rules.per_year for rules in every))


class ChangeRules(Section):
    """What a debtor may change without staff, within what the policy allows for a new plan."""

    per_year: Annotated[int, Field(ge=0, le=24)] = 2
    """How often in a year the terms may change or an instalment may be moved."""
    move_days: Annotated[int, Field(ge=0, le=60)] = 10
    """How many days later one instalment may be paid."""

    @staticmethod
    def strictest(every: Sequence["ChangeRules"]) -> "ChangeRules":
        """What all of these allow."""
        return ChangeRules(per_year=min(rules.per_year for rules in every),
                           move_days=min(rules.move_days for rules in every))
