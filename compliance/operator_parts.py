"""The parts of the operator file. What is left out is not said, so nearly all of it may be."""

import re
from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from compliance.files import Part

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]

HINTS = re.compile(r"debt|collect|recover|arrears|bailiff|legal|lawyer|court|solicitor|police|government|bank\b", re.I)
"""What a neutral name must not say: that it is about a debt, or a ruse (rule 4; CONC 7.9.2, 12 CFR 1006.18)."""


class Licence(Part):
    """Where the operator is registered, so that a debtor can check: rule 40, and "is this a scam"."""

    country: Country
    """Two capital letters (ISO 3166), as in GB."""
    regions: tuple[str, ...] = ()
    """The states or nations it is for; empty: the whole country."""
    name: str
    """What the licence is, as in "Licensed collection agency"."""
    number: str
    """Its number, in quotes."""
    register_name: str
    """The public register where a debtor finds it."""
    register_url: str
    """The register's website."""
    until: date | None = None
    """Its last day, where it has one."""

    def covers(self, country: str, region: str | None) -> bool:
        """Whether it is for this place. A licence for some states does not cover somebody whose state is unknown."""
        return self.country == country and (not self.regions or region in self.regions)


class FreeOfLicence(Part):
    """Where a lawyer found that no licence is needed."""

    country: Country
    """Two capital letters (ISO 3166), as in US."""
    regions: tuple[str, ...] = ()
    """The states or nations; empty: the whole country."""
    why: str
    """The law that says so, or who said so and when."""

    def covers(self, country: str, region: str | None) -> bool:
        """Whether it speaks of this place."""
        return self.country == country and (not self.regions or region in self.regions)


class Ombudsman(Part):
    """Who decides when a complaint is not settled, in one country."""

    country: Country = "GB"
    """Two capital letters (ISO 3166), as in GB."""
    name: str
    """What it is called."""
    website: str | None = None
    """Its website."""
    phone: str | None = None
    """Its telephone number, in quotes."""


class Complaints(Part):
    """Where dissatisfaction goes, and who decides when we do not agree (rule 38)."""

    email: str | None = None
    """The address for complaints."""
    phone: str | None = None
    """The number for complaints, in quotes."""
    address: str | None = None
    """The postal address for complaints."""
    answer_within_days: Annotated[int, Field(ge=1, le=90)]
    """Calendar days in which a complaint gets its final answer; never more than the profile allows."""
    ombudsman: str | None = None
    """What the United Kingdom's ombudsman is called; for other countries see ombudsmen."""
    ombudsman_website: str | None = None
    """The ombudsman's website."""
    ombudsmen: tuple[Ombudsman, ...] = ()
    """Ombudsmen by country."""

    def ombudsman_in(self, country: str) -> Ombudsman | None:
        """Who decides complaints of debtors in ``country``; None: nobody is named."""
        named = next((each for each in self.ombudsmen if each.country == country), None)
        if named is None and self.ombudsman and country == "GB":
            return Ombudsman(name=self.ombudsman, website=self.ombudsman_website)
        return named


class WayToPay(Part):
    """A way to pay other than by card here."""

    name: str
    """What it is called, as in "Bank transfer"."""
    text: str
    """How it is done, in a sentence."""
    countries: tuple[Country, ...] = ()
    """The debtors' countries it is for; empty: all."""


class Helpline(Part):
    """Somebody to ring in a crisis, named after those of the profile."""

    country: Country
    """Two capital letters (ISO 3166), as in GB."""
    name: str
    """What it is called."""
    phone: str
    """Its telephone number, in quotes."""
    how: str | None = None
    """In a few words what it does or when it answers."""


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
"""One word in small letters, as the ledger has kinds and stages of debts."""


class Consequence(Part):
    """What may lawfully be said of consequences, for one kind of debt and stage (rule 16)."""

    kind: Word
    """The kind of debt, as in energy; default: every kind that has no text of its own."""
    stage: Word = "default"
    """How far it has come, as your own process calls it; default: every stage that has no text of its own."""
    countries: tuple[Country, ...] = ()
    """The debtors' countries it is true for; empty: all."""
    text: str
    """What is said, word for word. Only what is lawful, intended and true."""


class Opening(Part):
    """Office hours of one day, local time."""

    opens: time
    """When the office opens, in quotes as in "09:00"."""
    closes: time
    """When it closes, in quotes as in "18:00"."""

    @model_validator(mode="after")
    def _in_order(self) -> "Opening":
        if self.opens >= self.closes:
            raise ValueError("closes before it opens")
        return self


class Names(Part):
    """What the firm is called, and how it appears where nobody may guess a debt."""

    legal_name: str
    """The firm's full name in law."""
    trading_name: str
    """What debtors call it."""
    neutral_sender: str
    """How we appear on unverified channels and card statements: no hint of a debt, and no ruse (rule 4)."""

    @field_validator("neutral_sender")
    @classmethod
    def _neutral(cls, value: str) -> str:
        if found := HINTS.search(value):
            raise ValueError(f"{found.group()!r} in it hints at a debt or at somebody else")
        return value
