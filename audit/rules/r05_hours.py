"""Rule 5: nothing unasked at night where the debtor lives, nor at hours the debtor ruled out."""

from collections.abc import Iterator
from datetime import datetime

from audit.case import Case
from audit.estate import Estate
from audit.outgoing import Outgoing
from audit.rule import Found, Rule


def _wrong_hour(estate: Estate | None, at: datetime) -> str | None:
    if estate is None:
        return "sent unasked, and it is not known where the debtor lives"
    local = estate.local(at)
    if local is None:
        return "sent unasked, and the debtor's time zone is not known"
    hours = estate.profile.contact_hours
    if not hours.not_before <= local.time() < hours.not_after:
        return f"sent unasked at {local:%H:%M} where the debtor lives"
    if estate.wishes is not None and estate.wishes[2] < at:
        earliest, latest, _ = estate.wishes
        if (earliest and local.time() < earliest) or (latest and local.time() >= latest):
            return f"sent unasked at {local:%H:%M}, an hour that the debtor ruled out"
    return None


def check(case: Case) -> Iterator[Found]:
    for said in case.proactive():
        if why := _wrong_hour(case.whose(said.at) or case.anyone(), said.at):
            yield Found(why, said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and (why := _wrong_hour(item.estate, item.moment)):
        yield Found(why)


RULE = Rule(5, "Nothing unasked at night", "Reg F 1006.6(b)(1); CONC 7.9",
            "messages and outbox rows that no act of the debtor's caused, time zones, wishes",
            "Stop the sender; put the time zone right.", conversation=check, outgoing=outgoing)
