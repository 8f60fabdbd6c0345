"""The jurisdiction profile: what the law of a country asks, as figures and texts in ``profiles/NAME.yml``.

The operator's lawyer has the last word on these files.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from compliance.contact_rules import Caps, CoolingOff, Hours
from compliance.files import Part, WrongFile, content, read
from compliance.hold_rules import HoldRule, too_weak
from compliance.moratoria import Moratorium
from compliance.overlays import Overlay, merged
from compliance.prescribed import Disclosure, Document, Moment, Role
from compliance.time_bar import TimeBar
from ledger.kinds import HoldReason
from ledger.models import Debtor
from ledger.policy.problems import Problem, problems
from ledger.spelling import did_you_mean
from runtime.errors import OperatorError
from runtime.settings import settings

FOLDER = Path(__file__).parent / "profiles"


class Contact(Part):
    """Somebody to turn to. ``how`` says in a few words what it is or how to reach it ("text HOME to 741741")."""

    name: str
    """What it is called."""
    phone: str | None = None
    """Its telephone number, in quotes."""
    website: str | None = None
    """Its website."""
    how: str | None = None
    """In a few words how to reach it, or what it does."""
    regions: tuple[str, ...] = ()
    """Nations or states it serves; empty: all."""


class Licensing(Part):
    """Who needs a licence to collect (rule 40)."""

    needed_by: tuple[Role, ...]
    """Third-party collectors, creditors, both, or nobody: []."""
    source: str = ""
    """The law it comes from."""


class Waits(Part):
    """Failures before a lock, and the growing waits that follow, in minutes."""

    free_failures: Annotated[int, Field(ge=1)]
    """Failures before the first wait."""
    wait_minutes: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    """The waits in minutes, one after each further failure; the last one stays."""


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
    """The file's name without .yml."""
    title: str
    """What people call it."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Two capital letters (ISO 3166), as in GB."""
    regions: dict[str, str]
    """Short names of states or nations with the whole one, as in TX: Texas."""
    disclosures: dict[str, Disclosure]
    """Words the law prescribes, each under a name of its own."""
    documents: dict[str, Document]
    """What must be sent or answered, each under its own name: validation_notice, data_request, complaint_answer."""
    emergency_number: str
    """The number of police and ambulance, in quotes."""
    crisis: tuple[Contact, ...] = Field(min_length=1)
    """Whom to ring in a crisis, by day and night."""
    free_advice: tuple[Contact, ...] = Field(min_length=1)
    """Who advises on debts free of charge."""
    fraud_report: str
    """Where identity theft is reported."""
    on_stop: str
    """What staff are told when a debtor asks us to stop all contact; empty: nothing more."""
    moratoria: tuple[Moratorium, ...]
    """Statutory schemes that stop collecting for a time; none: []."""
    licensing: Licensing
    """Who needs a licence to collect."""
    contact_hours: Hours
    """When nothing may be sent unasked."""
    caps: Caps
    """How much may be sent unasked."""
    cooling_off: CoolingOff
    """Days of quiet."""
    holds: dict[HoldReason, HoldRule]
    """Every reason for a hold: what rests, how long, who may place and lift it."""
    time_bar: TimeBar
    """How old a debt may be."""
    identity: Identity
    """Limits of identity: how long it lasts, how often it may be tried."""
    overlays: tuple[Overlay, ...] = ()
    """States, nations and cities whose law beats this."""

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        if weak := too_weak(self.holds):
            raise ValueError(weak)
        for needed in ("validation_notice", "data_request"):
            if needed not in self.documents:
                raise ValueError(f"documents.{needed} is missing: by when it is due is told to debtors")
        for place in [*self.time_bar.places, *(each.region for each in self.overlays)]:
            if place not in self.regions.values():
                raise ValueError(f"{place} is not in regions{did_you_mean(place, self.regions.values())}")
        return self

    # Where ---------------------------------------------------------------------------------------------------

    def region(self, name: str | None) -> str | None:
        """A state or nation as this profile spells it, from its whole or short name; None when it is not known."""
        return self._spelt.get(name.strip().casefold()) if name else None

    @cached_property
    def _spelt(self) -> dict[str, str]:
        return {name.casefold(): whole for short, whole in self.regions.items() for name in (short, whole)}

    def crisis_for(self, region: str | None) -> tuple[Contact, ...]:
        """Crisis contacts that serve ``region``."""
        return tuple(c for c in self.crisis if not c.regions or self.region(region) in c.regions)

    def advice_for(self, region: str | None) -> tuple[Contact, ...]:
        """Free advisers that serve ``region``; all when it is unknown."""
        here = self.region(region)
        return tuple(a for a in self.free_advice if not a.regions or here is None or here in a.regions)

    def moratorium(self, region: str | None) -> Moratorium | None:
        """The statutory scheme that debtors of ``region`` mean by "breathing space" (rule 29).

        Where the region is not known, the first there is: an adviser knows; only staff enter one, for a known region.
        """
        here = self.region(region)
        return next((each for each in self.moratoria
                     if not each.crisis and (not each.regions or here is None or here in each.regions)), None)

    # What must be said and sent ------------------------------------------------------------------------------

    def prescribed(self, due: Moment, role: Role) -> list[Disclosure]:
        """The disclosures due at a moment, for what the operator is to the debt."""
        return [each for each in self.disclosures.values() if each.due is due and role in each.applies_to]

    @property
    def collector_disclosure(self) -> bool:
        """Whether third-party collectors must say that they are (rule 1)."""
        return bool(self.prescribed(Moment.FIRST_MESSAGE, Role.COLLECTOR))

    def disclosure(self, *, first: bool, language: str) -> str | None:
        """What a third-party collector says of itself, in the debtor's language (rules 1, 2); None: nothing."""
        found = self.prescribed(Moment.FIRST_MESSAGE if first else Moment.LATER_MESSAGE, Role.COLLECTOR)
        return " ".join(each.words(language) for each in found) or None

    @property
    def disclosed_again_after(self) -> timedelta:
        """After how long without one a third-party collector says again what it is."""
        found = self.prescribed(Moment.LATER_MESSAGE, Role.COLLECTOR)
        return timedelta(hours=min((each.again_after_hours for each in found if each.again_after_hours), default=24))

    def old_debt_words(self, role: Role, language: str) -> str | None:
        """What is said with anything about a debt that is too old to sue for (rule 15); None: nothing prescribed."""
        return " ".join(each.words(language) for each in self.prescribed(Moment.OLD_DEBT, role)) or None

    @property
    def data_request_days(self) -> int:
        """Days in which a request about personal data is answered (rule 33)."""
        return self.documents["data_request"].due_days

    @property
    def validation_days(self) -> int:
        """Days in which validation information must be sent (rule 12)."""
        return self.documents["validation_notice"].due_days

    @property
    def complaint_days(self) -> int | None:
        """Days in which a complaint is answered at the latest (rule 38); None: the law sets none."""
        found = self.documents.get("complaint_answer")
        return found.due_days if found else None

    # When ----------------------------------------------------------------------------------------------------

    def hold_until(self, reason: HoldReason, today: date) -> date | None:
        """Last day of a hold by this profile alone; None: until it is lifted."""
        days = self.holds[reason].days
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
    known = sorted(file.stem for file in FOLDER.glob("*.yml"))
    if name not in known:
        raise OperatorError(f"DEBTDESK_PROFILE: there is no profile {name!r}; known are {', '.join(known)}")
    return read_profile(FOLDER / f"{name}.yml")


def read_profile(path: Path) -> Profile:
    """The profile in a file anywhere, with every overlay tried. Raises OperatorError as above."""
    found = read(path, Profile)
    if found.name != path.stem:
        raise WrongFile(path.name, [Problem(content(path).line(("name",)), "name",
                                            f"found '{found.name}', expected the file's own name, {path.stem}")])
    for overlay in found.overlays:
        _with(path, (overlay,))
    return found


def _with(path: Path, overlays: tuple[Overlay, ...]) -> Profile:
    """The profile of a file with ``overlays`` over it. Raises WrongFile, which names them."""
    marked = content(path)
    try:
        return Profile.model_validate(merged(marked.content, overlays))
    except ValidationError as error:
        titles = " and ".join(overlay.title for overlay in overlays)
        raise WrongFile(path.name, [Problem(marked.line(("overlays",)), f"overlay {titles}: {each.path}", each.said)
                                    for each in problems(error, marked, Profile)]) from None


@cache
def _by_country() -> dict[str, str]:
    return {load_profile(path.stem).country: path.stem for path in sorted(FOLDER.glob("*.yml"))}


def profile(country: str | None = None) -> Profile:
    """The profile of the debtor's ``country`` (ISO 3166, "GB") where we have one, else the configured one."""
    name = _by_country().get(country.upper()) if country else None
    return load_profile(name or settings().profile)


@cache
def _overlaid(name: str, titles: tuple[str, ...]) -> Profile:
    below = load_profile(name)
    return _with(FOLDER / f"{name}.yml", tuple(each for each in below.overlays if each.title in titles))


def profile_of(debtor: Debtor | None) -> Profile:
    """The rules where a debtor lives: those of their state, nation or city before the country's.

    Without a debtor, the configured profile.
    """
    below = profile(debtor.country if debtor else None)
    if debtor is None or not below.overlays:
        return below
    here = below.region(debtor.region)
    near = [each for each in below.overlays if each.region == here]
    postcode = debtor.postcode if any(each.postcodes for each in near) else None
    over = tuple(each.title for each in near if each.covers(here, postcode))
    return _overlaid(below.name, over) if over else below


def every_profile() -> Iterator[Profile]:
    """The profiles there are, each checked. Raises OperatorError for the first that is wrong."""
    for path in sorted(FOLDER.glob("*.yml")):
        yield load_profile(path.stem)
