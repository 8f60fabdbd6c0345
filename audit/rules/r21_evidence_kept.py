"""Rule 21: evidence is kept for three years after the last activity."""

from collections.abc import Iterator

from dateutil.relativedelta import relativedelta

from audit.case import Case
from audit.rule import Found, Rule

KEPT = relativedelta(years=3)


def check(case: Case) -> Iterator[Found]:
    if case.last_activity_at + KEPT < case.now:
        return
    there = {said.event_id for said in case.messages}
    missing = [number for number in range(1, case.next_event) if number not in there]
    if missing:
        some = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
        yield Found(f"{len(missing)} of {case.next_event - 1} messages are gone ({some}) before three years are over",
                    at=case.last_activity_at)


RULE = Rule(21, "Evidence is kept three years", "Reg F 1006.100",
            "the unbroken numbers of each conversation's messages",
            "Restore them from the backup, and find out what removed them.", conversation=check)
