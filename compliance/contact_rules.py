"""The profile's sections on contact: hours, caps of messages, cooling-off (rules 5 and 6)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated

from pydantic import Field, model_validator

from compliance.files import Part
from ledger.policy.section import days


class Hours(Part):
    """Nothing proactive before ``not_before`` or from ``not_after`` on, where the debtor lives."""

    not_before: time
    """The first minute of the day, in quotes as in "08:00"."""
    not_after: time
    """From this minute on nothing is sent, in quotes as in "21:00"."""
    source: str = ""
    """The law it comes from."""

    @model_validator(mode="after")
    def _in_order(self) -> "Hours":
        if self.not_before >= self.not_after:
            raise ValueError("not_before is not before not_after")
        return self


class Cap(Part):
    """So many proactive messages in so many days, on all channels together."""

    messages: Annotated[int, Field(ge=1, le=100)]
    """How many messages nobody asked for."""
    days: Annotated[int, Field(ge=1, le=366)]
    """Within how many days, the day of sending included."""
    source: str = ""
    """The law it comes from."""

    def reached(self, sent: Sequence[datetime], now: datetime) -> bool:
        """Whether so many were sent already; ``sent`` are the moments of those sent before."""
        return sum(at > now - timedelta(days=self.days) for at in sent) >= self.messages


class Caps(Part):
    """The most that may be sent unasked; the law of a state may set less."""

    per_debt: Cap
    """About one debt."""
    per_person: Cap
    """To one person, about all their debts."""


class CoolingOff(Part):
    """Days of quiet that nothing unasked breaks."""

    after_talk_days: Annotated[int, Field(ge=0, le=90)]
    """Days after a conversation about a debt before anything about it is sent unasked."""
    after_no_days: Annotated[int, Field(ge=0, le=365)]
    """Days before an offer that the debtor said no to is made again."""
    source: str = ""
    """The law it comes from."""

    def over(self, *, now: datetime, talked_at: datetime | None, said_no_at: datetime | None = None) -> bool:
        """Whether neither of the two was too lately."""
        lately = ((talked_at, self.after_talk_days), (said_no_at, self.after_no_days))
        return all(at is None or now >= at + timedelta(days=quiet) for at, quiet in lately)


def explain(hours: Hours, caps: Caps, cooling_off: CoolingOff) -> Iterator[str]:
    """The three in words."""
    yield (f"Nothing is sent unasked before {hours.not_before:%H:%M} or from {hours.not_after:%H:%M} on, where the "
           f"debtor lives{_by(hours.source)}; where their time zone is not known, nothing is.")
    for cap, about in ((caps.per_debt, "about one debt"), (caps.per_person, "to one person")):
        yield f"At most {cap.messages} such messages {about} within {days(cap.days)}{_by(cap.source)}."
    yield (f"After a conversation about a debt nothing is sent about it for {days(cooling_off.after_talk_days)}; an "
           f"offer that was refused is not made again for {days(cooling_off.after_no_days)}"
           f"{_by(cooling_off.source)}.")


def _by(source: str) -> str:
    return f" ({source})" if source else ""
