"""Rule 22: revoked consent is final on that channel, with one confirmation at most."""

from collections.abc import Iterator

from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import US, Found, Rule
from audit.rules.r07_stopped_channel import stopped

CONFIRMING = frozenset({"stopped", "stopped_here"})


def check(case: Case) -> Iterator[Found]:
    confirmed: set[int | None] = set()
    for said in case.ours:
        if said.name in CONFIRMING:
            if said.turn_id in confirmed:
                yield Found("a second confirmation of the same stop", said)
            confirmed.add(said.turn_id)
    for said in case.proactive():
        word = stopped(case.whose(said.at) or case.anyone(), case.channel, said.at)
        if word and word.reason == "stop_contact":
            yield Found(f"sent although consent was revoked on {word.since:%Y-%m-%d}", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and item.electronic and (word := stopped(item.estate, item.channel, item.moment)) and (
            word.reason == "stop_contact"):
        yield Found(f"sent by {item.channel} although consent was revoked on {word.since:%Y-%m-%d}")


RULE = Rule(22, "Revoked consent is final", "47 CFR 64.1200",
            "confirmations of stops, and what was sent on the channel since",
            "Send nothing more on that channel.", countries=US, conversation=check, outgoing=outgoing)
