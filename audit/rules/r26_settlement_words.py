"""Rule 26: no "final" and no countdown with a settlement, but "we are not obliged to repeat this offer"."""

from collections.abc import Iterator

from audit import lexical
from audit.case import Case
from audit.rule import Found, Rule

FINALITY = lexical.said("finality", "a last chance is made of an offer")


def check(case: Case) -> Iterator[Found]:
    yield from FINALITY(case)
    for said in case.ours:
        if said.name == "settlement" and said.values.get("offers") and case.found("repeats_offer", said) is None:
            yield Found("an offer to settle without “we are not obliged to repeat this offer”", said)
        if said.name == "payment_received" and "left" not in said.values:
            yield Found("a payment was confirmed without saying what remains", said)


RULE = Rule(26, "No countdowns on settlements", "CONC 7.4", "the words of settlements, and confirmations of payments",
            "Take the words out; say what remains and until when the offer stands.",
            conversation=check, outgoing=lexical.sent("finality", "a last chance is made of an offer"))
