"""Rule 16: no talk of arrest, bailiffs, wages or court other than what operator.yml holds for that kind of debt."""

from collections.abc import Iterator

from audit import lexical
from audit.case import Case
from audit.rule import Found, Rule
from compliance.operator import operator

WHY = "speaks of a consequence that operator.yml does not hold"
WORDS = lexical.said("consequences", WHY)


def check(case: Case) -> Iterator[Found]:
    yield from WORDS(case)
    for said in case.ours:
        if said.name != "consequences":
            continue
        estate = case.whose(said.at)
        kinds = {debt.kind for debt in estate.debts.values()} if estate else set()
        country = estate.country if estate else None
        stages = {one.stage for one in operator().consequences}  # that of a debt may have been another then
        lawful = {operator().consequence_text(kind, stage, country) for kind in kinds for stage in stages}
        if any(text not in lawful for text in said.values.get("texts") or ()):
            yield Found("a consequence that operator.yml does not hold for the debtor's kinds of debt", said)


RULE = Rule(16, "Only lawful consequences are named", "Reg F 1006.18(b); CONC 7.3",
            "the words of everything said and sent, less what operator.yml and the profile hold",
            "Correct it with the debtor in writing; put the text into operator.yml only after a lawyer's word.",
            conversation=check, outgoing=lexical.sent("consequences", WHY))
