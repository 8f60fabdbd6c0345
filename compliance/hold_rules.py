"""What the profile says of each reason for a hold: what rests, how long at least, who may place and lift it.

The ledger's own table (``ledger.holds.EFFECTS``) is the floor: a profile may stop more, never less.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from compliance.files import Part
from ledger.holds import EFFECTS, Effect
from ledger.kinds import Act, Authority, HoldReason
from ledger.policy.section import days, listed


class Who(StrEnum):
    """Who may do something, from the least to the most."""

    DEBTOR = "debtor"
    STAFF = "staff"
    LEAD = "lead"

    @property
    def authority(self) -> Authority:
        """The same as the ledger's policies call it: what a debtor may, the bot does for them."""
        return Authority.BOT if self is Who.DEBTOR else Authority(self.value)


class HoldRule(Part):
    """One reason."""

    stops: tuple[Act, ...] = Field(min_length=1)
    """What rests: ask, remind, charge, accrue."""
    payable: bool
    """Whether the debtor may still pay, or agree a plan, of their own accord."""
    days: Annotated[int, Field(ge=1, le=3660)] | None
    """The least it lasts in calendar days; null: until it is lifted. A policy may be longer, never shorter."""
    placed_by: Who = Who.DEBTOR
    """Whose word is enough to place it: debtor, staff or lead."""
    lifted_by: Who
    """Whose word is enough to lift it: debtor, staff or lead."""
    needs_notice: bool = False
    """Whether it starts only with a notice from outside, such as a debt adviser's, whose reference is recorded."""
    needs_outcome: bool = False
    """Whether it is lifted only with the outcome of what it waits for, which is recorded."""
    source: str = ""
    """The law it comes from."""

    @property
    def effect(self) -> Effect:
        """The same as the ledger applies it."""
        return Effect(frozenset(self.stops), self.payable)


def too_weak(rules: Mapping[HoldReason, HoldRule]) -> str | None:
    """What is missing from ``rules``, or weaker in them than the ledger's floor; None when nothing is."""
    for reason, floor in EFFECTS.items():
        if reason not in rules:
            return f"holds.{reason} is missing: every reason needs its rule"
        rule = rules[reason]
        if missing := floor.stops - rule.effect.stops:
            return f"holds.{reason}.stops lacks {', '.join(sorted(missing))}, which rest under every law"
        if rule.payable and not floor.payable:
            return f"holds.{reason}.payable cannot be true: no payment is taken then under any law"
    return None


_RESTS = {Act.ASK: "asking", Act.REMIND: "reminding", Act.CHARGE: "charging cards", Act.ACCRUE: "interest and fees"}
_LIFTS = {Who.DEBTOR: "the debtor or staff", Who.STAFF: "staff", Who.LEAD: "a lead"}


def explain(rules: Mapping[HoldReason, HoldRule]) -> Iterator[str]:
    """Each reason in a sentence or two."""
    for reason, rule in rules.items():
        rests = listed([_RESTS[act] for act in Act if act in rule.stops])
        length = days(rule.days) if rule.days else "until it is lifted"
        lifted = f"{_LIFTS[rule.lifted_by]}{', with the outcome recorded' if rule.needs_outcome else ''}"
        placed = "" if rule.placed_by is Who.DEBTOR else f" Placed by {_LIFTS[rule.placed_by]} only"
        placed += ", with the notice's reference." if rule.needs_notice else "." if placed else ""
        yield (f"{str(reason).replace('_', ' ').capitalize()}: {length}. Stops {rests}. The debtor "
               f"{'may still pay' if rule.payable else 'cannot pay here meanwhile'}. Lifted by {lifted}.{placed}"
               f"{f' ({rule.source})' if rule.source else ''}")
