"""Holds, asked by every room: what rests, until when, and who may place and lift them.

The rows are the ledger's. What a reason stops, how long at least and whose word is enough is the profile's
(``hold_rules``), never less than the ledger's own table. What staff may not do is refused and logged: such functions
give ``Refused`` instead of raising, so that the log is kept with the caller's transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.ages import date_age, decide_age
from compliance.asking import age_of, day_of, licensed, role_of
from compliance.hold_log import By, Deed, Refused, log, logged
from compliance.hold_rules import HoldRule
from compliance.profile import profile_of
from compliance.time_bar import Age
from ledger import holds as ledger
from ledger.balances import balance_of
from ledger.errors import NotFound
from ledger.holds import active_holds, authority_for
from ledger.kinds import Act, Authority, DebtStatus, HoldReason
from ledger.models import Creditor, Debt, Debtor, Hold
from ledger.policy import policy_for
from ledger.posting import content_hash
from runtime.ids import DebtId, DebtorId

__all__ = ["By", "Other", "Refused", "Stop", "authority_to_place", "date_age", "decide_age", "end_moratorium", "lift",
           "may_lift", "place", "place_by_staff", "reasons", "start_moratorium", "stopped", "until_when"]


class Other(StrEnum):
    """What stops asking and reminding without being a hold."""

    TOO_OLD = "too_old"
    AGE_UNKNOWN = "age_unknown"
    UNLICENSED = "unlicensed"


@dataclass(frozen=True, slots=True)
class Stop:
    """What forbids an act. ``until`` is its last day; None: until somebody ends it."""

    why: HoldReason | Other
    until: date | None = None
    hold: Hold | None = None


# Asking ------------------------------------------------------------------------------------------------------


def stopped(session: Session, *, debtor_id: DebtorId, act: Act, now: datetime,
            debt_id: DebtId | None = None) -> Stop | None:
    """The strongest thing that forbids ``act``, or None.

    With a debt: holds on it and on the whole debtor, its age, our licence. Without: what stops it for every debt.
    """
    if hold := ledger.stopped(session, debtor_id=debtor_id, debt_id=debt_id, act=act, now=now):
        return Stop(hold.reason, hold.until, hold)
    if act not in (Act.ASK, Act.REMIND):
        return None
    debtor = session.get_one(Debtor, debtor_id)
    lines = [line for line in balance_of(session, debtor_id, now=now).lines if debt_id in (None, line.debt_id)]
    if lines and not any(licensed(debtor, role_of(line), now) for line in lines):
        return Stop(Other.UNLICENSED)
    if debt_id is not None and lines:
        age = age_of(session, debtor, lines[0], day_of(debtor, now))
        return {Age.TOO_OLD: Stop(Other.TOO_OLD), Age.UNKNOWN: Stop(Other.AGE_UNKNOWN)}.get(age)
    return None


def reasons(session: Session, debtor_id: DebtorId, *, now: datetime) -> frozenset[HoldReason]:
    """Why anything of the debtor's is on hold at this moment."""
    return frozenset(hold.reason for hold in active_holds(session, debtor_id=debtor_id, now=now))


def until_when(session: Session, *, debtor_id: DebtorId | None, debt_id: DebtId | None = None, reason: HoldReason,
               today: date) -> date | None:
    """The last day of a hold placed today: the longest that the profile and the creditors' policies give.

    None: until it is lifted, when one of them says so. A policy that leaves the reason out leaves it to the profile.
    """
    debtor = session.get(Debtor, debtor_id) if debtor_id is not None else None
    ends = [profile_of(debtor).hold_until(reason, today)]
    if debtor_id is not None:
        query = select(Creditor).join(Debt, Debt.creditor_id == Creditor.id).where(Debt.debtor_id == debtor_id)
        query = query.where(Debt.status == DebtStatus.OPEN) if debt_id is None else query.where(Debt.id == debt_id)
        policies = [policy_for(creditor) for creditor in session.scalars(query.distinct())]
        ends += [policy.hold_until(reason, today) for policy in policies if reason in policy.holds.days]
    return None if None in ends else max(end for end in ends if end is not None)


# Placing -----------------------------------------------------------------------------------------------------


def place(session: Session, *, key: str, debtor_id: DebtorId, debt_id: DebtId | None, reason: HoldReason,
          until: date | None, actor: str, cause: str, now: datetime) -> Hold:
    """Place a hold on the debtor's word, or on what follows from it. The same key again is the same hold.

    Raises ValueError for a reason that the debtor's word does not start, such as statutory breathing space.
    """
    rule = _rule(session, debtor_id, reason)
    if rule.placed_by.authority is not Authority.BOT or rule.needs_notice:
        raise ValueError(f"a hold for {reason} is not placed on a debtor's word")
    return ledger.place_hold(session, key=key, debtor_id=debtor_id, debt_id=debt_id, reason=reason, until=until,
                             actor=actor, cause=cause, now=now, effect=rule.effect)


def authority_to_place(session: Session, *, debtor_id: DebtorId, reason: HoldReason, until: date | None, now: datetime,
                       today: date) -> Authority:
    """Whose right is enough for such a hold, by profile and policies. What the law itself starts needs no approval."""
    rule = _rule(session, debtor_id, reason)
    if rule.needs_notice:
        return rule.placed_by.authority
    policy = authority_for(session, debtor_id=debtor_id, reason=reason, until=until, now=now, today=today)
    return max(rule.placed_by.authority, policy, key=lambda who: who.rank)


def place_by_staff(session: Session, *, key: str, by: By, debtor_id: DebtorId, debt_id: DebtId | None,
                   reason: HoldReason, until: date | None, why: str, now: datetime, today: date,
                   notice: str = "") -> Hold | Refused:
    """Place a hold by hand. ``notice`` is the reference of the notice that starts it, where the profile asks for one.

    Refused without the right by profile or policy, without a reason, or without the notice.
    """
    asked = content_hash(["place", debtor_id, debt_id, reason, until, why, notice])
    if done := logged(session, key, asked):
        return Refused(done.why) if done.what is Deed.REFUSED else session.get_one(Hold, done.hold_id)
    rule = _rule(session, debtor_id, reason)
    needed = authority_to_place(session, debtor_id=debtor_id, reason=reason, until=until, now=now, today=today)
    refusal = None
    if not by.right.covers(needed):
        refusal = f"A hold for {_words(reason)} like this is placed by {_title(needed)}."
    elif rule.needs_notice and not notice.strip():
        refusal = f"A hold for {_words(reason)} starts only with a notice: give its reference."
    elif not why.strip():
        refusal = "Say why the hold is placed."
    elif until is not None and until < today:
        refusal = "The last day of the hold is over already."
    if refusal:
        return log(session, key, asked, by, Deed.REFUSED, refusal, now, debtor_id=debtor_id, debt_id=debt_id,
                    reason=reason)
    cause = f"notice {notice.strip()}" if notice.strip() else f"placed by {by.name}"
    hold = ledger.place_hold(session, key=f"{key}:hold", debtor_id=debtor_id, debt_id=debt_id, reason=reason,
                             until=until, actor=by.name, cause=cause[:200], now=now, effect=rule.effect)
    log(session, key, asked, by, Deed.PLACED, why, now, debtor_id=debtor_id, debt_id=debt_id, reason=reason, hold=hold)
    return hold


def start_moratorium(session: Session, *, key: str, by: By, debtor_id: DebtorId, notice: str, started_on: date,
                     now: datetime, today: date, crisis: bool = False) -> Hold | Refused:
    """Enter the notice that starts a statutory scheme: everything of the debtor rests for as long as it says (rule 29).

    Refused where the debtor lives under no such scheme, and as ``place_by_staff`` does.
    """
    debtor = session.get_one(Debtor, debtor_id)
    rules = profile_of(debtor)
    here = rules.region(debtor.region)
    scheme = next((each for each in rules.moratoria
                   if each.crisis is crisis and (not each.regions or here in each.regions)), None)
    if scheme is None:
        refusal = (f"There is no such scheme in {here or debtor.country}. Place a hold for advice instead; it is not "
                   "called breathing space.")
        asked = content_hash(["moratorium", debtor_id, crisis, notice, started_on])
        if done := logged(session, key, asked):
            return Refused(done.why)
        return log(session, key, asked, by, Deed.REFUSED, refusal, now, debtor_id=debtor_id, debt_id=None,
                    reason=HoldReason.BREATHING_SPACE)
    until = scheme.until(started_on)
    return place_by_staff(session, key=key, by=by, debtor_id=debtor_id, debt_id=None, notice=notice,
                          reason=HoldReason.BREATHING_SPACE, until=until, why=f"{scheme.name}, from {started_on}",
                          now=now, today=today)


# Lifting -----------------------------------------------------------------------------------------------------


def may_lift(session: Session, hold: Hold, *, right: Authority, outcome: str = "") -> str | None:
    """Why this hold may not be lifted with this right and outcome, in words for staff; None: it may."""
    rule = _rule(session, hold.debtor_id, hold.reason)
    if not right.covers(rule.lifted_by.authority):
        return f"A hold for {_words(hold.reason)} is lifted by {_title(rule.lifted_by.authority)}."
    if rule.needs_outcome and not outcome.strip():
        return f"A hold for {_words(hold.reason)} ends with the outcome of what it waits for: say what came of it."
    return None


def lift(session: Session, *, key: str, hold_id: int, by: By, outcome: str = "", now: datetime) -> Hold | Refused:
    """Lift a hold, or refuse it and log that. Lifting a lifted one changes nothing. Raises NotFound."""
    hold = session.get(Hold, hold_id, with_for_update=True, populate_existing=True)
    if hold is None:
        raise NotFound(f"there is no hold {hold_id}")
    asked = content_hash(["lift", hold_id, outcome])
    if (done := logged(session, key, asked)) is not None:
        return Refused(done.why) if done.what is Deed.REFUSED else hold
    if hold.lifted_at is not None:
        return hold
    if refusal := may_lift(session, hold, right=by.right, outcome=outcome):
        return log(session, key, asked, by, Deed.REFUSED, refusal, now, debtor_id=hold.debtor_id,
                    debt_id=hold.debt_id, hold=hold)
    ledger.lift_hold(session, hold_id=hold_id, now=now, actor=by.name, why=outcome.strip() or None)
    log(session, key, asked, by, Deed.LIFTED, outcome, now, debtor_id=hold.debtor_id, debt_id=hold.debt_id, hold=hold)
    return hold


def end_moratorium(session: Session, *, key: str, hold_id: int, by: By, notice: str, ended_on: date, now: datetime,
                   today: date) -> Hold | Refused:
    """Enter the notice of the end of a scheme that goes on for some days after it, as a mental-health crisis does."""
    hold = session.get(Hold, hold_id)
    if hold is None or hold.reason is not HoldReason.BREATHING_SPACE:
        raise NotFound(f"there is no moratorium {hold_id}")
    after = max((each.after_days for each in profile_of(session.get_one(Debtor, hold.debtor_id)).moratoria
                 if each.crisis), default=0) if hold.until is None else 0
    outcome = f"notice {notice.strip()}, ended on {ended_on}" if notice.strip() else ""
    last = date.fromordinal(ended_on.toordinal() + after)
    lifted = lift(session, key=key, hold_id=hold_id, by=by, outcome=outcome, now=now)
    if isinstance(lifted, Refused) or not after or last < today:
        return lifted
    return place_by_staff(session, key=f"{key}:after", by=by, debtor_id=hold.debtor_id, debt_id=hold.debt_id,
                          reason=hold.reason, until=last, why=outcome, now=now, today=today, notice=notice)


def _rule(session: Session, debtor_id: DebtorId, reason: HoldReason) -> HoldRule:
    return profile_of(session.get_one(Debtor, debtor_id)).holds[reason]


def _words(reason: HoldReason) -> str:
    return str(reason).replace("_", " ")


def _title(right: Authority) -> str:
    return {Authority.BOT: "the debtor or staff", Authority.STAFF: "staff", Authority.LEAD: "a lead"}[right]
