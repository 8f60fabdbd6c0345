"""Staff's word on how old a debt is (rule 15): too old or not, or from which date that is reckoned. Both are logged.

A decision counts before the dates; from a date that is put right the age is reckoned as the law of the place has it, so
that the debt grows too old by itself. What makes a debt one that may be asked for is a lead's to say.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from compliance.asking import age_of, day_of
from compliance.hold_log import By, Deed, Refused, log, logged
from compliance.time_bar import Age
from ledger.balances import balance_of
from ledger.kinds import Authority, DebtStatus
from ledger.models import Debt, Debtor
from ledger.posting import content_hash
from runtime.ids import DebtId

FOR_A_LEAD = "That a debt is not too old is decided by a lead."
"""Why whoever is no lead is refused."""


class Since(StrEnum):
    """Which date of a debt staff put right."""

    DUE = "due"
    """The day on which it fell due."""
    ACKNOWLEDGED = "acknowledged"
    """The last payment or written admission."""


def decide_age(session: Session, *, key: str, debt_id: DebtId, too_old: bool, by: By, why: str,
               now: datetime) -> Refused | None:
    """Staff decide whether a debt is too old, where its dates leave it open or say otherwise (rule 15)."""
    debt = session.get_one(Debt, debt_id, with_for_update=True, populate_existing=True)
    asked = content_hash(["age", debt_id, too_old, why])
    if (done := logged(session, key, asked)) is not None:
        return Refused(done.why) if done.what is Deed.REFUSED else None
    refusal = None
    if not by.right.covers(authority_on_age(Age.TOO_OLD if too_old else Age.IN_TIME)):
        refusal = FOR_A_LEAD
    elif not why.strip():
        refusal = "Say from which dates or documents it follows."
    if refusal:
        return log(session, key, asked, by, Deed.REFUSED, refusal, now, debtor_id=debt.debtor_id, debt_id=debt_id)
    debt.time_barred = too_old
    log(session, key, asked, by, Deed.DECIDED_AGE, why, now, debtor_id=debt.debtor_id, debt_id=debt_id,
        too_old=too_old)
    return None


def authority_on_age(age: Age) -> Authority:
    """Whose right is enough to say that a debt has this age."""
    return Authority.LEAD if age is Age.IN_TIME else Authority.STAFF


def date_age(session: Session, *, key: str, debt_id: DebtId, since: Since, on: date, by: By, why: str,
             now: datetime) -> Refused | None:
    """Staff put right the date from which a debt's age is reckoned. An earlier decision on its age ends.

    Refused without a reason, for a date to come or before the debt was there, where the law of the place then leaves
    the age open (decide it instead), and to whoever is no lead where the debt may be asked for by that date.
    """
    debt = session.get_one(Debt, debt_id, with_for_update=True, populate_existing=True)
    asked = content_hash(["age since", debt_id, since, on, why])
    if (done := logged(session, key, asked)) is not None:
        return Refused(done.why) if done.what is Deed.REFUSED else None
    today = day_of(session.get_one(Debtor, debt.debtor_id), now)
    refusal = None
    if not why.strip():
        refusal = "Say from which documents the date follows."
    elif debt.status is not DebtStatus.OPEN:
        refusal = "Only an open debt has an age that matters."
    elif on > today:
        refusal = "The date is still to come."
    elif on < debt.opened_on:
        refusal = f"The debt began on {debt.opened_on}: it cannot have fallen due or been paid before."
    if refusal is None:
        refusal = _dated(session, key, asked, by, debt, since, on, why, now)
    if refusal:
        return log(session, key, asked, by, Deed.REFUSED, refusal, now, debtor_id=debt.debtor_id, debt_id=debt_id)
    return None


def _dated(session: Session, key: str, asked: str, by: By, debt: Debt, since: Since, on: date, why: str,
           now: datetime) -> str | None:
    """Write the date down; or what speaks against it, and then nothing is written."""
    with session.begin_nested() as tried:
        if since is Since.DUE:
            debt.due_on = on
        else:
            debt.last_acknowledged_on = on
        debt.time_barred = None
        log(session, key, asked, by, Deed.DECIDED_AGE, f"{since} {on}: {why.strip()}", now, debtor_id=debt.debtor_id,
            debt_id=debt.id)
        age = age_now(session, debt, now=now)
        refusal = None
        if age is Age.UNKNOWN:
            refusal = "By that date the law of the place still leaves its age open: decide whether it is too old."
        elif not by.right.covers(authority_on_age(age)):
            refusal = FOR_A_LEAD
        if refusal is None:
            return None
        tried.rollback()
    return refusal


def age_now(session: Session, debt: Debt, *, now: datetime) -> Age:
    """How old a debt is taken to be at this moment."""
    debtor = session.get_one(Debtor, debt.debtor_id)
    line = next(line for line in balance_of(session, debtor.id, now=now).lines if line.debt_id == debt.id)
    return age_of(session, debtor, line, day_of(debtor, now))
