"""Rule 6: no more unasked messages than the profile's caps."""

from collections.abc import Iterator
from datetime import datetime

from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import Found, Rule


def check(case: Case) -> Iterator[Found]:
    sent: list[datetime] = []
    for said in case.proactive():
        cap = case.profile_for(said).caps.per_person
        if cap.reached(sent, said.at):
            yield Found(f"more than {cap.messages} unasked messages within {cap.days} days", said)
        sent.append(said.at)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and item.estate is not None:
        cap = item.estate.profile.caps.per_person
        if cap.reached(item.before, item.moment):
            yield Found(f"more than {cap.messages} unasked messages within {cap.days} days")


RULE = Rule(6, "Not too many messages", "Reg F 1006.14",
            "how many unasked messages a debtor got, in a conversation and through the outbox, and the profile's caps",
            "Stop the sequence that sends them.", conversation=check, outgoing=outgoing)
