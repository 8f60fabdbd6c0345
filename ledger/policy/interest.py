"""The section ``interest``: what is added to a debt while it is with us. Off unless a policy says otherwise."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import DayCount, InterestBase, InterestMethod
from ledger.policy.section import Exact, Section


class InterestCap(Section):
    """The most interest there may be on one debt in all; the lowest of those given."""

    percent_of_principal: Annotated[Exact, Field(ge=0, le=1000)] | None = None
    """Of the principal the debt was opened with."""
    amount: Annotated[Exact, Field(ge=0)] | None = None
    """In major units of the policy's currency."""


class InterestRules(Section):
    """Simple interest, never on interest. The rate of a debt itself goes before the policy's."""

    method: InterestMethod | None = Field(default=None, description="simple or monthly; none is added without")
    annual_percent: Annotated[Exact, Field(ge=0, le=1000, max_digits=9, decimal_places=6)] | None = None
    """Without it only debts with a rate of their own bear interest."""
    day_count: DayCount = DayCount.ACTUAL_365
    """For ``simple``; in ``monthly`` every calendar month is a twelfth of a year."""
    base: InterestBase = InterestBase.PRINCIPAL
    since: date | None = None
    """No day before this bears interest; nor any before a debt was placed with us."""
    until: date | None = None
    """The last day that bears interest."""
    cap: InterestCap = InterestCap()
    while_in_plan: bool = False
    """Whether debts in an active plan bear interest too."""

    @model_validator(mode="after")
    def _whole(self) -> "InterestRules":
        if self.method is not None and self.since is None:
            raise ValueError("since: say from which day on interest is added, so that none is added for the past")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("until lies before since")
        return self

    def rate(self, own: Decimal | None, day: date) -> Decimal | None:
        """Per cent a year on a day for a debt with this rate of its ``own``; None when none is added."""
        rate = own if own is not None else self.annual_percent
        off = self.method is None or self.since is None or day < self.since or (self.until and day > self.until)
        return None if off or not rate else rate

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """All amounts of money in this section."""
        return () if self.cap.amount is None else (self.cap.amount,)
