"""The section ``master``: whose books count, and how old a balance from other books may be."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from ledger.policy.section import Section


class MasterRules(Section):
    """Where another system is the master, a balance is only as true as it was when that system last confirmed it."""

    system: Literal["ours", "theirs"] = "ours"
    """Whose books count: ours, or those of the creditor or the agency's own system."""
    stale_after_hours: Annotated[int, Field(ge=1, le=8_784)] = 48
    """Hours after which a balance that the other system has not confirmed makes no agreement."""

    def stale(self, as_of: datetime | None, now: datetime) -> bool:
        """Whether a balance last confirmed at ``as_of`` (None: never) is too old to agree anything on."""
        if self.system == "ours":
            return False
        return as_of is None or now - as_of > timedelta(hours=self.stale_after_hours)
