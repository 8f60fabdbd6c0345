"""Rule 9: an opt-out in the debtor's own words works, also inside a flow."""

import re
from collections.abc import Iterator

from audit.case import Case
from audit.effects import AT_ONCE, SAME_MATTER
from audit.rule import Found, Rule
from compliance.safety_net import stop

KINDS = ("stop_contact", "contact_preference", "wrong_person", "third_party", "deceased", "represented", "bankruptcy",
         "fraud", "dispute")
"""Each of these ends unasked contact too, or takes up the words."""
WORTH_READING = re.compile(
    r"stop|stahp|unsub|\bopt|remov|take me|take my|get (?:me|my)|arr?[eê]t\b|\bend\b|quit|\balto\b|\bpar[ae]n?\b|"
    r"\bparar?\b|basta|det[eé]n|no m[aá]s|d[eé]j|cease|discontinu|halt|alone|delet|lose my|revok|withdraw|\boff\b|blow|"
    r"hear nothing|\bbaja\b|lista|cesen|no contact|no quiero|qu[ií]t|"
    r"(?:don.?t|do not|never|\bno\b).*(?:contact|messag|msg|text|call|ring|phon|mail|bother|harass|sms|letter|remind|"
    r"communic|correspond|consent|permission|receive|send|writ|reply|llam|escrib|molest|mand|env[ií])")


def check(case: Case) -> Iterator[Found]:
    for said, _ in case.heard():
        if not WORTH_READING.search(said.shown) or not stop(said.text):
            continue
        estate = case.whose(said.at)
        if case.stopped_at is not None and case.stopped_at <= said.at + AT_ONCE:
            continue
        if case.ticket(*KINDS, since=said.at - SAME_MATTER, until=said.at + AT_ONCE):
            continue
        if estate is not None and any(not p.allowed and p.since <= said.at + AT_ONCE for p in estate.preferences):
            continue
        yield Found("the debtor asked us to stop, and nothing was stopped", said)


RULE = Rule(9, "“Stop” works in any words", "Reg F 1006.6(e)",
            "what debtors typed, as the safety net reads it; stops, preferences and tickets",
            "Stop contact now, tell the debtor, and add the words to the safety net's tests if it missed them.",
            conversation=check)
