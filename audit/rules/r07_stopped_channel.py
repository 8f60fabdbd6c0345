"""Rule 7: a channel that the debtor stopped stays silent."""

from collections.abc import Iterator
from datetime import datetime

from audit.case import Case
from audit.estate import Estate, Preference
from audit.outgoing import Outgoing
from audit.resting import SLACK
from audit.rule import Found, Rule


def stopped(estate: Estate | None, channel: str, at: datetime) -> Preference | None:
    """The debtor's word by which a channel was stopped at a moment; None: it was not."""
    return next((p for p in estate.preferences if p.channel == channel and not p.allowed and p.since < at - SLACK),
                None) if estate else None


def check(case: Case) -> Iterator[Found]:
    for said in case.proactive():
        estate = case.whose(said.at) or case.anyone()
        if word := stopped(estate, case.channel, said.at):
            yield Found(f"sent unasked on {case.channel}, stopped on {word.since:%Y-%m-%d} ({word.reason})", said)
            continue
        opened = estate is not None and any(p.channel == case.channel and p.allowed for p in estate.preferences)
        if case.stopped_at is not None and case.stopped_at < said.at - SLACK and not opened:
            yield Found(f"sent unasked in a conversation that was stopped on {case.stopped_at:%Y-%m-%d}", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and (word := stopped(item.estate, item.channel, item.moment)):
        yield Found(f"sent unasked by {item.channel}, stopped on {word.since:%Y-%m-%d} ({word.reason})")


RULE = Rule(7, "A stopped channel stays silent", "Reg F 1006.14(h)",
            "unasked messages and outbox rows, contact preferences, stops in conversations",
            "Stop the sender, and apologise.", conversation=check, outgoing=outgoing)
