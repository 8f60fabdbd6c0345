"""A profile in plain words, for the people who answer for it."""

from collections.abc import Iterable, Iterator
from typing import Any

from compliance import contact_rules, hold_rules, moratoria, prescribed, time_bar
from compliance.prescribed import BOTH
from compliance.profile import Contact, Profile


def explain(profile: Profile) -> Iterator[str]:
    """The profile: a heading and then its sentences, each with two spaces before it, section by section."""
    yield f"{profile.title} ({profile.name}): the rules for debtors who live in {profile.country}."
    for title, lines in _sections(profile):
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _sections(profile: Profile) -> Iterator[tuple[str, Iterable[str]]]:
    yield "What must be said", prescribed.explain_disclosures(profile.disclosures)
    yield "What must be sent", prescribed.explain_documents(profile.documents)
    yield "Contact nobody asked for", [
        *contact_rules.explain(profile.contact_hours, profile.caps, profile.cooling_off),
        *([f"When a debtor asks us to stop, staff read: {profile.on_stop}"] if profile.on_stop else [])]
    yield "Holds", hold_rules.explain(profile.holds)
    yield "Statutory schemes", moratoria.explain(profile.moratoria)
    yield "Debts that are too old", time_bar.explain(profile.time_bar)
    yield "Licences", _licensing(profile)
    yield "Whom to turn to", _contacts(profile)
    yield "Identity", _identity(profile)
    yield "Places that differ", _overlays(profile)


def _licensing(profile: Profile) -> Iterator[str]:
    needed = profile.licensing.needed_by
    if not needed:
        yield "Nobody needs a licence to collect."
        return
    who = "Whoever collects needs" if set(needed) == set(BOTH) else f"A {needed[0].value} needs"
    source = f" ({profile.licensing.source})" if profile.licensing.source else ""
    yield f"{who} a licence for where the debtor lives{source}; where operator.yml has none, nothing is asked for."


def _contacts(profile: Profile) -> Iterator[str]:
    yield f"In danger: {profile.emergency_number}."
    yield f"In a crisis: {'; '.join(map(_contact, profile.crisis))}."
    yield f"Free advice on debts: {'; '.join(map(_contact, profile.free_advice))}."
    yield f"Identity theft is reported at: {profile.fraud_report}."


def _contact(one: Contact) -> str:
    parts = [one.phone, one.website, one.how, f"only in {', '.join(one.regions)}" if one.regions else None]
    return f"{one.name} ({', '.join(filter(None, parts))})"


def _identity(profile: Profile) -> Iterator[str]:
    limits: Any = profile.identity
    yield f"Verified for {limits.verified_hours} hours, or until {limits.idle_minutes} minutes passed without a word."
    rest = limits.model_dump(exclude={"verified_hours", "idle_minutes", "sent_links_verify"}, mode="json")
    yield (f"A link that we send {'verifies by itself' if limits.sent_links_verify else 'asks for one fact besides'}. "
           f"Limits: {'; '.join(_changes(rest))}.")


def _overlays(profile: Profile) -> Iterator[str]:
    for one in profile.overlays:
        where = f"{one.title}, postcodes that begin with {', '.join(one.postcodes)}" if one.postcodes else one.title
        yield f"{where}: {'; '.join(_changes(one.set))} ({one.source})."
    if not profile.overlays:
        yield "None."


def _changes(fields: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in fields.items():
        here = f"{path} {name}".strip().replace("_", " ")
        if isinstance(value, dict):
            yield from _changes(value, here)
        elif name != "source":
            yield f"{here}: {value}"


def warnings(profile: Profile) -> Iterator[str]:
    """What a lawyer should still look at."""
    if profile.time_bar.checked_by is None:
        yield "time_bar.checked_by is empty: nobody has checked the periods of limitation for you."
