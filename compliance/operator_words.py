"""The operator file in plain words, and what in it a lawyer should look at again."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from compliance.operator import Operator
from compliance.profile import every_profile

_THREATS = re.compile(r"\b(court|sue|suing|bailiff\w*|enforcement|arrest\w*|prison|jail|wages?|garnish\w*|repossess\w*|"
                      r"attorneys?|solicitors?|lien|evict\w*|credit (?:file|score|report)|disconnect\w*|cut off)\b",
                      re.I)


def explain(office: Operator) -> Iterator[str]:
    """The file: a heading and then its sentences, each with two spaces before it, section by section."""
    yield f"{office.trading_name}: what this installation says of itself. What is not here is not said."
    for title, lines in _sections(office):
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _sections(office: Operator) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Who", _who(office)
    yield "Licences", _licences(office)
    yield "Hours", _hours(office)
    yield "Complaints", _complaints(office)
    yield "Other ways to pay", [f"{way.name}{_only(way.countries)}: {way.text}" for way in office.ways_to_pay] or [
        "None are named; where cards are off, a debtor is put through to a person."]
    yield "In a crisis", [f"After the profile's contacts, in {one.country}: {one.name}, {one.phone}"
                          f"{f' ({one.how})' if one.how else ''}." for one in office.crisis] or [
        "Only the profile's own contacts are named."]
    yield "Consequences", _consequences(office)


def _who(office: Operator) -> Iterator[str]:
    yield f"{office.legal_name}, trading as {office.trading_name}, {office.address}."
    yield f"Reached at {office.phone}, {office.email} and {office.website}."
    yield (f"Before anybody is known, and on card statements, it appears as {office.neutral_sender}.")
    yield f"Letters carry {office.logo}." if office.logo else "Letters carry no logo."


def _licences(office: Operator) -> Iterator[str]:
    for one in office.licences:
        until = f", until {one.until}" if one.until else ""
        yield (f"{_place(one.country, one.regions)}: {one.name}, number {one.number}{until}. Debtors are told to look "
               f"it up on the {one.register_name} ({one.register_url}).")
    for free in office.free_of_licence:
        yield f"{_place(free.country, free.regions)}: no licence is needed, says {free.why}."
    yield "Everywhere else nothing is asked for and nothing sent unasked, and staff are told."


def _hours(office: Operator) -> Iterator[str]:
    yield f"Open {office.hours_text}, in the time of {office.timezone}."
    if office.closed_on:
        yield f"Closed on {', '.join(map(str, office.closed_on))}."
    yield f"What is left for a person is answered within {office.reply_within_hours} working hours."


def _complaints(office: Operator) -> Iterator[str]:
    ways = [way for way in (office.complaints.email, office.complaints.phone, office.complaints.address) if way]
    yield f"They go to {' or '.join(ways)}." if ways else "They are taken in the chat; no other way is named."
    yield f"They are answered within {office.complaints.answer_within_days} days."
    for rules in every_profile():
        if (one := office.complaints.ombudsman_in(rules.country)) is not None:
            more = ", ".join(filter(None, (one.website, one.phone)))
            yield f"In {rules.country}: {one.name}{f' ({more})' if more else ''} decides in the end."
        elif rules.complaint_days is not None:
            yield f"In {rules.country} no ombudsman is named."


def _consequences(office: Operator) -> Iterator[str]:
    for one in office.consequences:
        stage = "" if one.stage == "default" else f" at the stage {one.stage}"
        kind = "any other kind of debt" if one.kind == "default" else f"a debt of the kind {one.kind}"
        yield f"Asked what could happen with {kind}{stage}{_only(one.countries)}, it says: \"{one.text.strip()}\""
    if not any(one.kind == "default" for one in office.consequences):
        yield "Asked about any other kind of debt it says nothing, and offers a person."


def _place(country: str, regions: tuple[str, ...]) -> str:
    return f"{', '.join(regions)} ({country})" if regions else country


def _only(countries: tuple[str, ...]) -> str:
    return f" (only in {', '.join(countries)})" if countries else ""


def warnings(office: Operator, today: date) -> Iterator[str]:
    """What is allowed but should be looked at: threats, licences that end, countries without one, no ombudsman."""
    for one in office.consequences:
        if found := sorted({match.lower() for match in _THREATS.findall(one.text)}):
            yield (f"the consequence text for {one.kind}, {one.stage}, speaks of {', '.join(found)}: that must be "
                   "lawful, intended and true for every such debt (rule 16).")
    for licence in office.licences:
        if licence.until is not None and licence.until < today:
            yield (f"the licence {licence.number} in {licence.country} ended on {licence.until}: nothing is asked for "
                   "there.")
    for rules in every_profile():
        countries = {each.country for each in office.licences} | {each.country for each in office.free_of_licence}
        if rules.country not in countries:
            yield f"there is no licence in {rules.title}: nothing is asked for there (rule 40)."
        if rules.complaint_days is not None and office.complaints.ombudsman_in(rules.country) is None:
            yield f"no ombudsman is named for {rules.title}: the answer to a complaint must name one (rule 38)."
