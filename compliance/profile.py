"""The jurisdiction profile: what the law of a country asks, as figures and texts in ``profiles/NAME.yml``.

The operator's lawyer has the last word on these files.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.kinds import HoldReason
from runtime.errors import OperatorError
from runtime.settings import settings

FOLDER = Path(__file__).parent / "profiles"


class Part(BaseModel):
    """A part of a profile. Unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(Part):
    """Somebody to turn to. ``how`` says in a few words what it is or how to reach it ("text HOME to 741741")."""

    name: str
    phone: str | None = None
    website: str | None = None
    how: str | None = None
    regions: tuple[str, ...] = ()
    """Nations or states it serves; empty: all."""


class Hours(Part):
    """Nothing proactive before ``not_before`` or from ``not_after`` on, where the debtor lives."""

    not_before: time
    not_after: time


class Disclosures(Part):
    """Words the law prescribes, by language."""

    first: dict[str, str]
    later: dict[str, str]


class Waits(Part):
    """Failures before a lock, and the growing waits that follow, in minutes."""

    free_failures: Annotated[int, Field(ge=1)]
    wait_minutes: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)


class Identity(Part):
    """Limits of identity: how long it lasts, how often it may be tried."""

    verified_hours: Annotated[int, Field(ge=1, le=72)]
    idle_minutes: Annotated[int, Field(ge=5, le=1440)]
    factors_kept_minutes: Annotated[int, Field(ge=1, le=120)]
    per_conversation: Waits
    per_address: Waits
    failures_counted_hours: Annotated[int, Field(ge=1, le=168)]
    sent_links_verify: bool = False
    """Whether a link that we send is enough without a factor. The safe answer is no."""
    staff_link_days: Annotated[int, Field(ge=1, le=90)]
    sent_link_days: Annotated[int, Field(ge=1, le=90)]
    code_minutes: Annotated[int, Field(ge=1, le=60)]
    code_tries: Annotated[int, Field(ge=1, le=10)]
    codes_per_hour: Annotated[int, Field(ge=1, le=10)]


class Profile(Part):
    """One jurisdiction."""

    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    collector_disclosure: bool
    """Whether third-party collectors must say that they are (rule 1)."""
    disclosures: Disclosures | None = None
    emergency_number: str
    crisis: tuple[Contact, ...] = Field(min_length=1)
    free_advice: tuple[Contact, ...] = Field(min_length=1)
    fraud_report: str
    """Where identity theft is reported."""
    statutory_breathing_space: bool
    """Whether a statutory scheme exists that a debt adviser can start (rule 29)."""
    data_request_days: Annotated[int, Field(ge=1, le=90)]
    validation_days: Annotated[int, Field(ge=1, le=90)]
    """Days in which validation information must be sent (rule 12)."""
    contact_hours: Hours
    hold_days: dict[HoldReason, Annotated[int, Field(ge=1, le=3660)] | None]
    """The least a hold lasts, by reason; null: until staff lift it. A policy may be longer, never shorter."""
    time_bar_years: dict[str, Annotated[int, Field(ge=1, le=30)]]
    """Years after which a debt is time-barred, by nation or state; ``default`` for the others."""
    identity: Identity

    def crisis_for(self, region: str | None) -> tuple[Contact, ...]:
        """Crisis contacts that serve ``region``."""
        return tuple(c for c in self.crisis if not c.regions or region in c.regions)

    def advice_for(self, region: str | None) -> tuple[Contact, ...]:
        """Free advisers that serve ``region``; all when it is unknown."""
        return tuple(a for a in self.free_advice if not a.regions or region is None or region in a.regions)

    def disclosure(self, *, first: bool, language: str) -> str | None:
        """The prescribed words, in the debtor's language (rules 1, 2); None where there are none."""
        if not self.collector_disclosure or self.disclosures is None:
            return None
        words = self.disclosures.first if first else self.disclosures.later
        return words.get(language) or words["en"]

    def hold_until(self, reason: HoldReason, today: date) -> date | None:
        """Last day of a hold by this profile alone; None: until it is lifted."""
        days = self.hold_days.get(reason)
        return None if days is None else today + timedelta(days=days)

    def may_contact_at(self, now: datetime, zone: str | None) -> bool:
        """Whether it is a lawful hour where the debtor lives. An unknown time zone means no (rule 5)."""
        if zone is None:
            return False
        local = now.astimezone(ZoneInfo(zone)).time()
        return self.contact_hours.not_before <= local < self.contact_hours.not_after


@cache
def load_profile(name: str) -> Profile:
    """The profile ``name``. Raises OperatorError with one clear line when there is none or it is wrong."""
    path = FOLDER / f"{name}.yml"
    known = sorted(file.stem for file in FOLDER.glob("*.yml"))
    if name not in known:
        raise OperatorError(f"DEBTDESK_PROFILE: there is no profile {name!r}; known are {', '.join(known)}")
    try:
        loaded: Any = yaml.safe_load(path.read_text("utf-8"))
        return Profile.model_validate(loaded)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise OperatorError(f"{path.name}: {problems}") from None
    except yaml.YAMLError as error:
        raise OperatorError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None


@cache
def _by_country() -> dict[str, str]:
    return {load_profile(path.stem).country: path.stem for path in sorted(FOLDER.glob("*.yml"))}


def profile(country: str | None = None) -> Profile:
    """The profile of the debtor's ``country`` (ISO 3166, "GB") where we have one, else the configured one."""
    name = _by_country().get(country.upper()) if country else None
    return load_profile(name or settings().profile)
