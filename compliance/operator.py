"""Who the operator is: ``operator.yml``. What is not configured there is not said."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from compliance.files import WrongFile, content, read
from compliance.operator_parts import (
    WEEKDAYS,
    Complaints,
    Consequence,
    FreeOfLicence,
    Helpline,
    Licence,
    Names,
    Ombudsman,
    Opening,
    WayToPay,
    Weekday,
)
from compliance.profile import Contact, Profile, every_profile
from ledger.policy.problems import Problem
from runtime.errors import OperatorError
from runtime.settings import settings

__all__ = ["WEEKDAYS", "Complaints", "Consequence", "Licence", "Ombudsman", "Opening", "Operator", "WayToPay",
           "Weekday", "crisis_for", "operator", "read_operator"]


class Operator(Names):
    """The firm that runs this installation."""

    address: str
    """The postal address."""
    phone: str
    """The telephone number, in quotes."""
    email: str
    """The address people write to."""
    website: str
    """The website."""
    licences: tuple[Licence, ...] = ()
    """Licences and registrations; where there is none, nothing is asked for."""
    free_of_licence: tuple[FreeOfLicence, ...] = ()
    """Places where no licence is needed."""
    timezone: str
    """The office's time zone, as in Europe/London."""
    opening_hours: dict[Weekday, Opening] = Field(min_length=1)
    """Office hours by weekday. Days that are not named are closed."""
    closed_on: tuple[date, ...] = ()
    """Days on which the office is closed."""
    reply_within_hours: Annotated[int, Field(ge=1, le=72)] = 4
    """Working hours in which a person answers what was left for them."""
    complaints: Complaints
    """Where dissatisfaction goes, and who decides when we do not agree."""
    ways_to_pay: tuple[WayToPay, ...] = ()
    """Ways to pay other than by card here."""
    crisis: tuple[Helpline, ...] = ()
    """Helplines of your own choice, named after those of the profile."""
    consequences: tuple[Consequence, ...] = ()
    """What may lawfully be said of consequences, by kind of debt and stage."""
    logo: str | None = None
    """A PNG or JPEG file for letters and statements, as a path from the operator file."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not a time zone such as Europe/London") from None
        return value

    @property
    def logo_file(self) -> Path | None:
        """The logo's file, which was there and of a known kind when the operator file was read."""
        return settings().operator_file.parent / self.logo if self.logo else None

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)

    def licence_in(self, country: str | None, region: str | None = None) -> Licence | None:
        """The licence for a place, one for the very state or nation before one for the country; None: there is none."""
        here = [each for each in self.licences if country is not None and each.covers(country, region)]
        return max(here, key=lambda each: bool(each.regions), default=None)

    def licensed(self, country: str, region: str | None, on: date | None = None) -> bool:
        """Whether we may collect from somebody there (rule 40), with a licence in force on ``on`` or without need."""
        return any(each.covers(country, region) and (each.until is None or on is None or on <= each.until)
                   for each in self.licences) or any(each.covers(country, region) for each in self.free_of_licence)

    def ways_to_pay_in(self, country: str | None) -> tuple[WayToPay, ...]:
        """The other ways to pay for debtors in ``country``; where that is unknown, those for everybody."""
        return tuple(way for way in self.ways_to_pay if not way.countries or country in way.countries)

    def ways_to_pay_texts(self, country: str | None = None) -> list[dict[str, str]]:
        """The same for a text: ``[{"name", "text"}, …]``."""
        return [{"name": way.name, "text": way.text} for way in self.ways_to_pay_in(country)]

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

    def consequence_text(self, kind: str, stage: str = "default", country: str | None = None) -> str | None:
        """What may be said for this kind of debt and stage to a debtor in ``country``; None: nothing may."""
        found = {(c.kind, c.stage): c.text for c in self.consequences if not c.countries or country in c.countries}
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


def crisis_for(rules: Profile, office: Operator, region: str | None) -> tuple[Contact, ...]:
    """Whom to ring in a crisis in ``region``: the profile's contacts, then the operator's own."""
    own = tuple(Contact(name=each.name, phone=each.phone, how=each.how) for each in office.crisis
                if each.country == rules.country)
    return (*rules.crisis_for(region), *own)


def _logo_problem(path: Path, logo: str | None) -> str | None:
    """What is wrong with a logo: it is not there, or something that not every reader of PDF shows."""
    if logo is None:
        return None
    try:
        with (path.parent / logo).open("rb") as file:
            start = file.read(8)
    except OSError as error:
        return f"{logo} cannot be read: {error.strerror}"
    if start != b"\x89PNG\r\n\x1a\n" and not start.startswith(b"\xff\xd8\xff"):
        return f"{logo} is neither a PNG nor a JPEG picture"
    return None


def _against_the_law(office: Operator) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What the file says that the profiles do not allow or know, with its place in the file."""
    rules = {profile.country: profile for profile in every_profile()}
    most = min((p.complaint_days for c, p in rules.items() if p.complaint_days and any(
        licence.country == c for licence in office.licences)), default=None)
    if most is not None and office.complaints.answer_within_days > most:
        yield ("complaints", "answer_within_days"), (
            f"found {office.complaints.answer_within_days}, but the law asks for an answer within {most} days")
    for name in ("licences", "free_of_licence"):
        for number, one in enumerate(getattr(office, name)):
            known = rules.get(one.country)
            for region in one.regions:
                if known is not None and known.region(region) != region:
                    yield (name, number, "regions"), (
                        f"{region} is no state or nation of {known.title}{_meant(known, region)}")


def _meant(rules: Profile, region: str) -> str:
    found = rules.region(region)
    return f" (write {found})" if found else ""


def read_operator(path: Path) -> Operator:
    """The operator in a file anywhere. Raises OperatorError with one line that says everything that is wrong."""
    found = read(path, Operator)
    wrong = list(_against_the_law(found))
    if logo := _logo_problem(path, found.logo):
        wrong.append((("logo",), logo))
    if wrong:
        marked = content(path)
        raise WrongFile(path.name, [Problem(marked.line(place), ".".join(
            f"[{step + 1}]" if isinstance(step, int) else step for step in place).replace(".[", "["), said)
            for place, said in wrong])
    return found


@cache
def operator() -> Operator:
    """The operator of this installation. Raises OperatorError with one clear line for all mistakes."""
    path = settings().operator_file
    if not path.is_file():
        raise OperatorError(f"There is no operator file at {path}; copy operator.yml and put in who you are")
    return read_operator(path)
