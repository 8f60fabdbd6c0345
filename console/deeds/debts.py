"""Deeds on what a debt is: how old, for the law, and how far it has come."""

from collections.abc import Sequence

from compliance.ages import FOR_A_LEAD, Since, date_age, decide_age
from compliance.holds import By, Refused
from compliance.operator import operator
from compliance.stages import NOT_SAID, set_stage, stages_for
from console.deeds.deed import WHY, Deed, Doing, Given
from console.words import heading
from ledger.kinds import Authority, BoundedAct, DebtStatus
from runtime.errors import StaffError

_AGES = [("too_old", "It is too old to be asked for"), ("in_time", "It is not too old"),
         (Since.DUE.value, "Reckon its age from the day it fell due"),
         (Since.ACKNOWLEDGED.value, "Reckon its age from the last payment or written admission")]


def _age_form(doing: Doing) -> Sequence[Given]:
    if doing.debt().status is not DebtStatus.OPEN:
        raise StaffError("Only an open debt has an age that matters.")
    return [Given("age", "What you decide", "choice", choices=_AGES),
            Given("on", "That day", "date", required=False, hint="Only for an age that is reckoned from a day."),
            Given("why", "From which documents does it follow?", hint="Kept with the decision. No words about health.")]


def _age(doing: Doing) -> None:
    choice, on = doing.choice("age", _AGES), doing.day("on")
    if (on is None) is (choice in tuple(Since)):
        raise StaffError("Give the day from which its age is reckoned." if on is None else
                         "A day belongs only to an age that is reckoned from it.")
    refused = _decided(doing, choice, doing.key, doing.authority)
    if refused is not None and refused.why == FOR_A_LEAD and not doing.authority.covers(Authority.LEAD):
        doing.refuse_without(Authority.LEAD, BoundedAct.HOLD, ["age", doing.target, choice, doing.values.get("on", "")])
        refused = _decided(doing, choice, f"{doing.key}:approved", Authority.LEAD)
    if refused is not None:
        raise StaffError(refused.why)


def _decided(doing: Doing, choice: str, key: str, right: Authority) -> Refused | None:
    by, debt_id, why, on = By(doing.actor, right), doing.debt().id, doing.text("why"), doing.day("on")
    if on is not None:
        return date_age(doing.session, key=key, debt_id=debt_id, since=Since(choice), on=on, by=by, why=why,
                        now=doing.now)
    return decide_age(doing.session, key=key, debt_id=debt_id, too_old=choice == "too_old", by=by, why=why,
                      now=doing.now)


def _stages(doing: Doing) -> list[tuple[str, str]]:
    return [(stage, "Not said" if stage == NOT_SAID else heading(stage))
            for stage in stages_for(operator(), doing.debt())]


def _stage_form(doing: Doing) -> Sequence[Given]:
    return [Given("stage", "Stage", "choice", doing.debt().stage or NOT_SAID, choices=_stages(doing)), WHY]


def _stage(doing: Doing) -> None:
    set_stage(doing.session, key=doing.key, debt_id=doing.debt().id, stage=doing.choice("stage", _stages(doing)),
              actor=doing.actor, why=doing.text("why"), now=doing.now)


DEBTS = (
    Deed("stage", "Say how far a debt has come", _stage_form, _stage,
         "The stages are those of the operator file. A debtor who asks what could happen is told the text of this "
         "stage, so it has to be true."),
    Deed("age", "Decide how old a debt is", _age_form, _age,
         "Where the law's time runs from, or whether it is over. On a debt that is too old nothing is asked for. What "
         "a lawyer has to answer, ask a lawyer."),
)
