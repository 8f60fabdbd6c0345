"""Rule 38: any dissatisfaction is a complaint: acknowledged, with the ombudsman's details, answered in time."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit.case import Case
from audit.effects import has_effect, overdue
from audit.rule import UK, Found, Rule
from audit.scope import Scope
from compliance.operator import operator
from compliance.profile import Profile
from ledger.kinds import HoldReason


def check(case: Case) -> Iterator[Found]:
    for said, turn in case.heard():
        if not case.heard_words("complains", said) and "action_complaint" not in turn.actions:
            continue
        if not has_effect(case, said, turn, tickets=("complaint",), holds=(HoldReason.COMPLAINT,)):
            yield Found("a complaint was made, and there is no ticket or hold for it", said)
    office = operator().complaints.ombudsman_in("GB")
    for said in case.ours:
        if said.name == "complaint" and office is not None and said.text and office.name not in said.text:
            yield Found("a complaint was acknowledged without the ombudsman's name", said)


def _days(rules: Profile) -> int | None:
    allowed = [operator().complaints.answer_within_days, rules.complaint_days]
    return min((days for days in allowed if days is not None), default=None)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from overdue(session, scope, "complaint", _days, "a complaint", UK)


RULE = Rule(38, "Complaints are acknowledged and answered", "DISP 1",
            "complaints that were typed, their tickets and holds, the acknowledgement, and when they closed",
            "Acknowledge it now, with the ombudsman's details.", countries=UK, conversation=check, books=books)
