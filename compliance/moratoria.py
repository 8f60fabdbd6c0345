"""Statutory schemes that stop collecting for a time (rule 29). Our own pause is a *hold*, and never called so."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from compliance.files import Part
from ledger.policy.section import days, listed


class Moratorium(Part):
    """One scheme."""

    name: str
    """What it is called where it is law."""
    regions: tuple[str, ...] = ()
    """The nations or states it is law in; empty: the whole country."""
    started_by: str
    """Whose notice starts it."""
    days: Annotated[int, Field(ge=1, le=1000)] | None
    """Its length from the day of the notice; null: until the notice of its end."""
    after_days: Annotated[int, Field(ge=0, le=365)] = 0
    """Days it goes on after the notice of its end, as for a mental-health crisis."""
    crisis: bool = False
    """Whether it is the one for somebody in mental-health crisis treatment."""
    source: str
    """The law it comes from."""

    def until(self, started_on: date) -> date | None:
        """Its last day when it began on ``started_on``; None: until notice of its end."""
        return None if self.days is None else started_on + timedelta(days=self.days)


def explain(every: Sequence[Moratorium]) -> Iterator[str]:
    """The schemes in words."""
    for one in every:
        where = f" in {listed(list(one.regions))}" if one.regions else ""
        length = days(one.days) if one.days else "until notice of its end"
        after = f", and {days(one.after_days)} more" if one.after_days else ""
        yield f"{one.name}{where}: {length}{after}. Started by {one.started_by}, entered by staff. {one.source}."
    if not every:
        yield "There is no statutory scheme."
