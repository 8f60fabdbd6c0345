"""The section ``approval``: what goes beyond an agent's own power and needs a colleague or a team lead."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import Authority
from ledger.policy.section import Exact, Section, money, percent


class Bounds(Section):
    """Where staff begins and where a lead begins; what is left out is nobody's limit."""

    staff: Decimal | int | None = None
    """Past this a member of staff has to approve."""
    lead: Decimal | int | None = None
    """Past this a team lead has to approve."""

    def above(self, value: Decimal | int) -> Authority:
        """Who approves ``value`` where more needs more authority."""
        if self.lead is not None and value > self.lead:
            return Authority.LEAD
        return Authority.STAFF if self.staff is not None and value > self.staff else Authority.BOT

    def below(self, value: Decimal | int) -> Authority:
        """Who approves ``value`` where less needs more authority."""
        if self.lead is not None and value < self.lead:
            return Authority.LEAD
        return Authority.STAFF if self.staff is not None and value < self.staff else Authority.BOT


_Percent = Annotated[Exact, Field(ge=0, le=100)]
_Amount = Annotated[Exact, Field(ge=0)]
_Count = Annotated[int, Field(ge=0, le=3660)]


class PercentBounds(Bounds):
    """Limits in per cent."""

    staff: _Percent | None = None
    """Past this a member of staff has to approve."""
    lead: _Percent | None = None
    """Past this a team lead has to approve."""


class AmountBounds(Bounds):
    """Limits in major units of the policy's currency."""

    staff: _Amount | None = None
    """Past this a member of staff has to approve."""
    lead: _Amount | None = None
    """Past this a team lead has to approve."""


class CountBounds(Bounds):
    """Limits in months or days."""

    staff: _Count | None = None
    """Past this a member of staff has to approve."""
    lead: _Count | None = None
    """Past this a team lead has to approve."""


_RISING = ("plan_longer_than_months", "write_off_above", "hold_longer_than_days")


class ApprovalRules(Section):
    """Each limit has one figure for ``staff`` and one for ``lead``: past it that role has to approve."""

    settlement_below_percent: PercentBounds = PercentBounds()
    """A settlement that takes less than this part of the balance."""
    plan_longer_than_months: CountBounds = CountBounds()
    """A plan that runs longer than this."""
    instalment_below: AmountBounds = AmountBounds()
    """A plan that pays less than this in a month."""
    write_off_above: AmountBounds = AmountBounds()
    """Writing off more than this."""
    hold_longer_than_days: CountBounds = CountBounds()
    """A hold that lasts longer than this."""

    @model_validator(mode="after")
    def _ordered(self) -> "ApprovalRules":
        for name in type(self).model_fields:
            bounds: Bounds = getattr(self, name)
            if bounds.staff is None or bounds.lead is None:
                continue
            if (bounds.lead < bounds.staff) if name in _RISING else (bounds.lead > bounds.staff):
                raise ValueError(f"{name}: a lead must be needed further out than staff, not nearer")
        return self

    def for_plan(self, months: int, a_month: Decimal) -> Authority:
        """Who approves a plan of so many months that pays ``a_month`` major units a month."""
        needed = (self.plan_longer_than_months.above(months), self.instalment_below.below(a_month))
        return max(needed, key=lambda who: who.rank)

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """The limits that are amounts of money."""
        every = (self.instalment_below, self.write_off_above)
        return tuple(limit for bounds in every for limit in (bounds.staff, bounds.lead) if limit is not None)

    def explain(self, currency: str) -> list[str]:
        """One sentence per limit."""
        lines = []
        for name in type(self).model_fields:
            bounds: Bounds = getattr(self, name)
            for limit, who in ((bounds.staff, "a colleague"), (bounds.lead, "a team lead")):
                if limit is not None:
                    lines.append(f"{_beyond(name, Decimal(limit), currency)} needs the approval of {who}.")
        return lines or ["Nothing needs approval beyond what each section says."]

    @staticmethod
    def strictest(every: Sequence["ApprovalRules"]) -> "ApprovalRules":
        """For each limit the one that is reached first."""
        limits: dict[str, dict[str, Decimal]] = {}
        for name in ApprovalRules.model_fields:
            first = min if name in _RISING else max
            for role in ("staff", "lead"):
                said = [limit for rules in every if (limit := getattr(getattr(rules, name), role)) is not None]
                if said:
                    limits.setdefault(name, {})[role] = first(said)
            both = limits.get(name, {})
            if len(both) == 2:  # where one policy's lead is nearer than another's staff, a lead is needed at once
                both["staff"] = first(both.values())
        return ApprovalRules.model_validate(limits)


def _beyond(name: str, limit: Decimal, currency: str) -> str:
    """What goes past a limit, in words."""
    match name:
        case "settlement_below_percent":
            return f"A settlement for less than {percent(limit)} of the balance"
        case "plan_longer_than_months":
            return f"A plan that runs longer than {limit} months"
        case "instalment_below":
            return f"A plan that pays less than {money(limit, currency)} a month"
        case "write_off_above":
            return f"Writing off more than {money(limit, currency)}" if limit else "Writing off anything"
        case _:
            return f"A hold of more than {limit} days"
