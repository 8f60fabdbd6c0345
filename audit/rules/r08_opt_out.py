"""Rule 8: every unasked electronic message says how to stop them."""

from collections.abc import Iterator

from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import US, Found, Rule

WHY = "an unasked message without a way to opt out"


def check(case: Case) -> Iterator[Found]:
    for said in case.proactive():
        if said.bot and case.found("opt_out", said) is None:
            yield Found(WHY, said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and item.electronic and item.found("opt_out") is None:
        yield Found(WHY)


RULE = Rule(8, "Unasked messages say how to stop them", "Reg F 1006.6(e)",
            "unasked messages and electronic outbox rows", "Put the profile's opt-out words into the text.",
            countries=US, conversation=check, outgoing=outgoing)
