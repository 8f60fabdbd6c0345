"""Who the operator is: ``operator.yml``. What is not configured there is not said."""

from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runtime.errors import OperatorError
from runtime.settings import settings

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Part(BaseModel):
    """A part of the operator file. Unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(Part):
    """Where the operator is registered, so that a debtor can check: rule 40, and "is this a scam"."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    name: str
    number: str
    register_name: str
    register_url: str


class Complaints(Part):
    """Where dissatisfaction goes, and who decides when we do not agree (rule 38)."""

    email: str
    phone: str
    address: str
    answer_within_days: Annotated[int, Field(ge=1, le=90)]
    ombudsman: str
    ombudsman_website: str | None = None


class WayToPay(Part):
    """A way to pay other than by card here."""

    name: str
    text: str


class Consequence(Part):
    """What may lawfully be said of consequences, for one kind of debt and stage (rule 16)."""

    kind: str
    stage: str = "default"
    text: str


class Opening(Part):
    """Office hours of one day, local time."""

    opens: time
    closes: time


class Operator(Part):
    """The firm that runs this installation."""

    legal_name: str
    trading_name: str
    address: str
    phone: str
    email: str
    website: str
    licences: tuple[Licence, ...] = ()
    timezone: str
    opening_hours: dict[Weekday, Opening] = Field(min_length=1)
    """Days that are not named are closed."""
    closed_on: tuple[date, ...] = ()
    reply_within_hours: Annotated[int, Field(ge=1, le=72)] = 4
    """Working hours in which a person answers what was left for them."""
    complaints: Complaints
    ways_to_pay: tuple[WayToPay, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    logo: str | None = None
    """A PNG or JPEG file for letters and statements, as a path from the operator file."""
    neutral_sender: str
    """How we appear on unverified channels and card statements: no hint of a debt, and no ruse (rule 4)."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not a time zone such as Europe/London") from None
        return value

    @field_validator("opening_hours")
    @classmethod
    def _in_order(cls, value: dict[Weekday, Opening]) -> dict[Weekday, Opening]:
        for day, hours in value.items():
            if hours.opens >= hours.closes:
                raise ValueError(f"{day} closes before it opens")
        return value

    @property
    def logo_file(self) -> Path | None:
        """The logo's file, which was there and of a known kind when the operator file was read."""
        return settings().operator_file.parent / self.logo if self.logo else None

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)

    def licence_in(self, country: str | None) -> Licence | None:
        """The licence for ``country``, else the first one."""
        return next((licence for licence in self.licences if licence.country == country),
                    self.licences[0] if self.licences else None)

    def ways_to_pay_texts(self) -> list[dict[str, str]]:
        """The other ways to pay, for a text: ``[{"name", "text"}, …]``."""
        return [{"name": way.name, "text": way.text} for way in self.ways_to_pay]

    @property
    def register_name(self) -> str | None:
        """The public register of the first licence, where a debtor can check who we are."""
        return self.licences[0].register_name if self.licences else None

    @property
    def register_number(self) -> str | None:
        """Our number on that register."""
        return self.licences[0].number if self.licences else None

    @property
    def hours_text(self) -> str:
        """Office hours as a short text: ``Mon-Thu 09:00-18:00, Fri 09:00-17:00``."""
        runs: list[tuple[Weekday, Weekday, Opening]] = []
        for place, day in enumerate(WEEKDAYS):
            hours = self.opening_hours.get(day)
            if hours is None:
                continue
            if runs and runs[-1][2] == hours and place and runs[-1][1] == WEEKDAYS[place - 1]:
                runs[-1] = (runs[-1][0], day, hours)
            else:
                runs.append((day, day, hours))
        days = [first[:3] if first == last else f"{first[:3]}-{last[:3]}" for first, last, _ in runs]
        return ", ".join(f"{name.title()} {hours.opens:%H:%M}-{hours.closes:%H:%M}"
                         for name, (_, _, hours) in zip(days, runs, strict=True))

    def consequence_text(self, kind: str, stage: str = "default") -> str | None:
        """What may be said for this kind of debt and stage; None: nothing may."""
        found = {(c.kind, c.stage): c.text for c in self.consequences}
        return next((found[k] for k in ((kind, stage), (kind, "default"), ("default", stage), ("default", "default"))
                     if k in found), None)

    def _hours(self, day: date) -> Opening | None:
        return None if day in self.closed_on else self.opening_hours.get(WEEKDAYS[day.weekday()])

    def open_at(self, now: datetime) -> bool:
        """Whether the office is open at this instant."""
        local = now.astimezone(self.zone)
        hours = self._hours(local.date())
        return hours is not None and hours.opens <= local.time() < hours.closes

    def next_opening(self, now: datetime) -> datetime:
        """When the office opens next, strictly after ``now``. Raises OperatorError when it never does within a year."""
        local = now.astimezone(self.zone)
        for ahead in range(367):
            day = local.date() + timedelta(days=ahead)
            if hours := self._hours(day):
                opens = datetime.combine(day, hours.opens, self.zone)
                if opens > local:
                    return opens
        raise OperatorError("operator.yml: the office does not open within a year")

    def reply_by(self, now: datetime) -> datetime:
        """By when a person answers what is left now: so many working hours from now, in the office's time."""
        left = timedelta(hours=self.reply_within_hours)
        at = now.astimezone(self.zone) if self.open_at(now) else self.next_opening(now)
        while True:
            hours = self._hours(at.date())
            closes = datetime.combine(at.date(), hours.closes, self.zone) if hours else at
            if at + left <= closes:
                return at + left
            left -= max(closes - at, timedelta(0))
            at = self.next_opening(closes)


def _check_logo(path: Path, logo: str | None) -> None:
    """Raises OperatorError for a logo that is not there, or is something that not every reader of PDF shows."""
    if logo is None:
        return
    try:
        with (path.parent / logo).open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise OperatorError(f"{path.name}: logo: {logo} cannot be read: {error.strerror}") from None
    if start != b"\x89PNG\r\n\x1a\n" and not start.startswith(b"\xff\xd8\xff"):
        raise OperatorError(f"{path.name}: logo: {logo} is neither a PNG nor a JPEG picture")


@cache
def operator() -> Operator:
    """The operator of this installation. Raises OperatorError with one clear line per mistake."""
    path = settings().operator_file
    try:
        loaded: Any = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise OperatorError(f"There is no operator file at {path}; copy operator.yml and put in who you are") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise OperatorError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None
    try:
        found = Operator.model_validate(loaded)
        _check_logo(path, found.logo)
        return found
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors())
        raise OperatorError(f"{path.name}: {problems}") from None
