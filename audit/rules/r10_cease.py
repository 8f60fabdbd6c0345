"""Rule 10: after a written request to cease, only the notices that the rule allows."""

from collections.abc import Iterator
from datetime import datetime

from audit.case import Case
from audit.estate import Estate
from audit.outgoing import Outgoing
from audit.resting import SLACK
from audit.rule import US, Found, Rule


def _ceased(estate: Estate | None, at: datetime) -> datetime | None:
    """Since when everything is to cease, by the debtor's word."""
    words = estate.preferences if estate else []
    return min((p.since for p in words if p.reason == "stop_contact" and not p.allowed and p.since < at - SLACK),
               default=None)


def check(case: Case) -> Iterator[Found]:
    unasked = {said.id for said in case.proactive()}
    for said in case.ours:
        since = _ceased(case.whose(said.at) or case.anyone(), said.at)
        if since is None and case.stopped_at is not None and case.stopped_at < said.at - SLACK:
            since = case.stopped_at
        if since is None:
            continue
        if said.id in unasked:
            yield Found(f"sent unasked after the request of {since:%Y-%m-%d} to cease", said)
        elif said.bot and said.values.get("invite") is True:
            yield Found(f"invites to pay after the request of {since:%Y-%m-%d} to cease", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and not item.payload.get("required") and (since := _ceased(item.estate, item.moment)):
        yield Found(f"sent after the request of {since:%Y-%m-%d} to cease")


RULE = Rule(10, "A request to cease is kept", "Reg F 1006.6(c)",
            "what was said and sent after a request to stop; a row that says it is required by law is a notice",
            "Send nothing more but the notices of 1006.6(c)(2).", countries=US, collectors_only=True,
            conversation=check, outgoing=outgoing)
