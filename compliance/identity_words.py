"""The identity file in plain words, and what in it should be looked at again."""

from collections.abc import Iterable, Iterator

from compliance.host_sites import HostSite
from compliance.identity_rules import IdentityRules, Requirement
from compliance.profile import Waits
from ledger.policy.section import listed
from runtime.settings import settings

_FACTORS = {"reference": "the reference", "date_of_birth": "the date of birth", "postcode": "the postcode",
            "last_name": "the last name", "code": "a code that we sent"}
_WAYS = {"email": "by e-mail", "sms": "by text message"}
_MANY = {4: 256, 6: 2**80}
"""More addresses than a library or an office has."""


def explain(rules: IdentityRules) -> Iterator[str]:
    """The file: a heading and then its sentences, each with two spaces before it, section by section."""
    yield "How it is proved who is talking, before anything is said of a debt."
    for title, lines in _sections(rules):
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _sections(rules: IdentityRules) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Everybody is asked for", [f"{_asked(one).capitalize()}." for one in rules.ask]
    yield "Creditors that ask for more", [
        f"{ref}: {listed([_asked(one) for one in more.also])} as well." for ref, more in rules.creditors.items()] or [
        "None."]
    yield "Sensitive acts", [
        "For new contact details, and for changing or ending a plan, identity was proved within "
        f"{_minutes(rules.fresh_minutes)}; else one factor is asked for once more."]
    yield "Personal links", _links(rules)
    yield "Codes", _codes(rules)
    yield "Waits and locks", _waits(rules)
    yield "Shared addresses", [
        f"{one.name} ({', '.join(map(str, one.networks))}): {_said(one.waits)}." for one in rules.shared_addresses] or [
        "None: every address waits as the profile says."]
    yield "Websites that say who their visitor is", [_site(one) for one in rules.host_sites] or ["None."]
    yield "How long a verification, a link and a code live", ["That is the profile's: debtdesk profile explain."]


def _asked(one: Requirement) -> str:
    names = [_FACTORS[factor] for factor in one.of]
    if one.at_least == len(names):
        return listed(names)
    return f"{listed(names, 'or')}{f', {one.at_least} of them' if one.at_least > 1 else ''}"


def _links(rules: IdentityRules) -> Iterator[str]:
    times = rules.links.verifies_times
    yield ("A link made by staff verifies whoever opens it, for as long as it lives." if times is None else
           f"A link made by staff verifies {'once' if times == 1 else f'{times} times'}; after that it says whose "
           "conversation it is, and one factor is asked for.")
    yield "After a link that we send, one factor is asked for, unless the profile says otherwise."


def _codes(rules: IdentityRules) -> Iterator[str]:
    by = listed([_WAYS[way] for way in rules.codes.by], "else") if rules.codes.by else "not at all"
    yield f"Sent {by}, at most {rules.codes.per_debtor_per_day} a day to one person. What is above is not sent."
    if not any(_set_up(way) for way in rules.codes.by):
        yield "Neither e-mail nor text messages are set up here now, so no code is sent."


def _set_up(way: str) -> bool:
    return (settings().smtp_url if way == "email" else settings().sms_url) is not None


def _waits(rules: IdentityRules) -> Iterator[str]:
    yield f"For one reference, known or not, from wherever: {_said(rules.per_account)}."
    yield f"For a whole channel: {_said(rules.per_channel)}."
    yield "For a conversation and an address: as the profile says."


def _said(waits: Waits) -> str:
    steps = [str(minutes) for minutes in waits.wait_minutes]
    then = f"then waits of {listed(steps)} minutes" if len(steps) > 1 else f"then waits of {_minutes(int(steps[0]))}"
    free = waits.free_failures
    return f"{free} {'failure' if free == 1 else 'failures'} without a wait, {then}"


def _minutes(count: int) -> str:
    return f"{count} minute" if count == 1 else f"{count} minutes"


def _site(one: HostSite) -> str:
    speaks = f"debtors of {listed(list(one.creditors))}" if one.creditors else "any debtor"
    subject = "the debtor's reference" if one.subject == "debtor" else "an account's reference"
    word = ("Its word is enough" + (" for somebody who owes to nobody else" if one.creditors else "")
            if one.proves == "verifies" else "After its word one factor is asked for")
    return (f"{one.name} ({one.issuer}, for {one.audience}): speaks of {speaks} by {subject}. {word}. An assertion "
            f"lives for {_minutes(one.longest_minutes)} at most, is signed with {listed(list(one.algorithms), 'or')}, "
            f"and clocks may be {one.leeway_seconds} seconds apart.")


def warnings(rules: IdentityRules) -> Iterator[str]:
    """What is allowed but should be looked at: codes that cannot be sent, wide networks, sites that are believed."""
    if not any(_set_up(way) for way in rules.codes.by):
        asked = [("everybody", rules.ask), *((ref, more.also) for ref, more in rules.creditors.items())]
        for whom, requirements in asked:
            if any("code" in one.of and one.at_least > len(one.of) - 1 for one in requirements):
                who = whom if whom == "everybody" else f"debtors of {whom}"
                yield (f"{who} must give a code, and no way of codes.by is set up (DEBTDESK_SMTP_URL, "
                       "DEBTDESK_SMS_URL): nobody could be verified by answering.")
    for shared in rules.shared_addresses:
        for network in shared.networks:
            if network.num_addresses > _MANY[network.version]:
                yield (f"the shared address {shared.name} takes in {network}: a guessing machine there has the same "
                       "easy waits.")
    for site in rules.host_sites:
        if site.proves == "verifies" and not site.creditors:
            yield f"the word of {site.name} is enough for every debtor of every creditor."
        if "HS256" in site.algorithms:
            yield f"{site.name} shares its secret with you: whoever reads it here can pass for the site."
