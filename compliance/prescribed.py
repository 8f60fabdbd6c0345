"""What the law prescribes to be said or sent: disclosures with their moment, documents with their day."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from compliance.files import Part
from ledger.policy.section import days, listed


class Role(StrEnum):
    """What the operator is to a debt: it collects for another, or is the creditor (``Creditor.own_collector``)."""

    COLLECTOR = "collector"
    CREDITOR = "creditor"


class Moment(StrEnum):
    """When a disclosure is due."""

    FIRST_MESSAGE = "first_message"
    LATER_MESSAGE = "later_message"
    OLD_DEBT = "old_debt"
    """Before anything about a debt that is too old to sue for."""
    UNASKED_MESSAGE = "unasked_message"
    """In every electronic message outside an open conversation."""


BOTH = (Role.COLLECTOR, Role.CREDITOR)

_WHEN = {
    Moment.FIRST_MESSAGE: "in the first message that speaks of a debt",
    Moment.LATER_MESSAGE: "in later communications",
    Moment.OLD_DEBT: "with anything about a debt that is too old to sue for",
    Moment.UNASKED_MESSAGE: "in every message sent outside an open conversation",
}


class Disclosure(Part):
    """Words the law prescribes, and when they are due."""

    due: Moment
    """When it is said."""
    applies_to: tuple[Role, ...] = Field(BOTH, min_length=1)
    """Whether third-party collectors say it, creditors, or both."""
    text: dict[str, str] = Field(min_length=1)
    """The words by language; en is said in languages that have none."""
    again_after_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    """After so many hours of silence it is due again in the same conversation; null: only once."""
    source: str = ""
    """The law it comes from."""

    @field_validator("text")
    @classmethod
    def _has_english(cls, value: dict[str, str]) -> dict[str, str]:
        if not value.get("en", "").strip():
            raise ValueError("there are no words in English (en)")
        return value

    def words(self, language: str) -> str:
        """The words in ``language``, else in English."""
        return self.text.get(language) or self.text["en"]


class Document(Part):
    """Something that must be sent or answered, and by when."""

    title: str
    """What it is, as staff call it."""
    due_days: Annotated[int, Field(ge=1, le=365)]
    """Calendar days in which it is due."""
    counted_from: str
    """What the days are counted from, in words."""
    applies_to: tuple[Role, ...] = Field(BOTH, min_length=1)
    """Whether third-party collectors owe it, creditors, or both."""
    source: str = ""
    """The law it comes from."""

    def due(self, since: date) -> date:
        """The last day on which it is in time."""
        return since + timedelta(days=self.due_days)


def explain_disclosures(every: Mapping[str, Disclosure]) -> Iterator[str]:
    """What is said, by whom and when."""
    for one in every.values():
        again = f", again after {one.again_after_hours} hours" if one.again_after_hours else ""
        yield (f"{_WHEN[one.due].capitalize()}{again}, {_whose(one.applies_to)} says, in {listed(sorted(one.text))}"
               f"{f' ({one.source})' if one.source else ''}: \"{one.text['en']}\"")


def explain_documents(every: Mapping[str, Document]) -> Iterator[str]:
    """What is owed, and by when."""
    for one in every.values():
        yield (f"{one.title}: within {days(one.due_days)} of {one.counted_from}, by {_whose(one.applies_to)}"
               f"{f' ({one.source})' if one.source else ''}.")


def _whose(roles: tuple[Role, ...]) -> str:
    return "whoever collects" if set(roles) == set(BOTH) else (
        "a third-party collector" if roles[0] is Role.COLLECTOR else "a creditor collecting its own debts")
