"""Rule 2: the disclosure is in the language of the conversation."""

from collections.abc import Iterator

from audit.case import Case
from audit.rule import US, Found, Rule
from audit.rules.r01_collector_disclosure import NAMES
from compliance.operator import operator
from compliance.prescribed import Moment, Role


def check(case: Case) -> Iterator[Found]:
    for said in case.ours:
        if said.name not in NAMES:
            continue
        moment = Moment.FIRST_MESSAGE if said.name == NAMES[0] else Moment.LATER_MESSAGE
        for due in case.profile_for(said).prescribed(moment, Role.COLLECTOR):
            words = due.text.get(case.language)
            if words is None:
                yield Found(f"the profile has no disclosure in the conversation's language ({case.language})", said)
            elif said.text and words.format(operator=operator().legal_name) not in said.text:
                yield Found(f"the disclosure is not in the profile's words in “{case.language}”", said)


RULE = Rule(2, "The disclosure is in the debtor's language", "Reg F 1006.18(e)(4)",
            "the disclosures, the conversation's language, the profile's texts",
            "Put the words of that language into the profile, or have staff of that language take over.",
            countries=US, collectors_only=True, conversation=check)
