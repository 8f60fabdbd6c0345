"""Deeds on holds: placing and lifting one, and the notices of a statutory moratorium."""

from collections.abc import Sequence

from compliance.holds import (
    By,
    Refused,
    authority_to_place,
    end_moratorium,
    lift,
    may_lift,
    place_by_staff,
    start_moratorium,
    until_when,
)
from compliance.profile import profile_of
from console.deeds.deed import WHY, Deed, Doing, Given
from console.words import day, heading
from ledger.holds import active_holds
from ledger.kinds import Authority, BoundedAct, HoldReason
from ledger.models import Hold
from runtime.errors import StaffError
from runtime.ids import DebtId


def _hold(doing: Doing) -> Hold:
    hold = doing.session.get(Hold, doing.target)
    if hold is None or hold.debtor_id != doing.debtor.id:
        raise StaffError("There is no such hold.")
    if hold.lifted_at is not None:
        raise StaffError("This hold was lifted before.")
    return hold


def _told(found: Hold | Refused) -> None:
    if isinstance(found, Refused):
        raise StaffError(found.why)


# By hand -----------------------------------------------------------------------------------------------------


def _reasons(doing: Doing) -> list[tuple[str, str]]:
    """What may be placed without a notice from outside."""
    return [(reason.value, heading(reason)) for reason, rule in profile_of(doing.debtor).holds.items()
            if not rule.needs_notice]


def _debt_id(doing: Doing) -> DebtId | None:
    """The debt this is on; 0 in the address is everything of the debtor."""
    return doing.debt().id if doing.target else None


def _place_form(doing: Doing) -> Sequence[Given]:
    _debt_id(doing)
    return [Given("reason", "Reason", "choice", choices=_reasons(doing)),
            Given("until", "Last day", "date", required=False, hint="Empty: as the law and the policy say."), WHY]


def _place(doing: Doing) -> None:
    reason, debt_id, until = HoldReason(doing.choice("reason", _reasons(doing))), _debt_id(doing), doing.day("until")
    least = until_when(doing.session, debtor_id=doing.debtor.id, debt_id=debt_id, reason=reason, today=doing.today)
    if until is not None and (least is None or until < least):
        raise StaffError(f"A hold for {heading(reason).lower()} lasts "
                         f"{f'until {day(least)} at least' if least else 'until it is lifted: leave the day empty'}.")
    until = until or least
    needed = authority_to_place(doing.session, debtor_id=doing.debtor.id, reason=reason, until=until, now=doing.now,
                                today=doing.today)
    if not doing.authority.covers(needed):
        doing.refuse_without(needed, BoundedAct.HOLD, ["place", reason, debt_id, until.isoformat() if until else None])
    _told(place_by_staff(
        doing.session, key=doing.key, by=_by(doing, needed), debtor_id=doing.debtor.id, debt_id=debt_id, reason=reason,
        until=until, why=doing.text("why"), now=doing.now, today=doing.today))


def _by(doing: Doing, needed: Authority) -> By:
    """Whoever does it, with the right that their role gives or that was granted."""
    return By(doing.actor, max(doing.authority, needed, key=lambda who: who.rank))


def _lift_form(doing: Doing) -> Sequence[Given]:
    _hold(doing)
    return [WHY]


def _lift(doing: Doing) -> None:
    hold = doing.session.get(Hold, doing.target)
    if hold is None or hold.debtor_id != doing.debtor.id:
        raise StaffError("There is no such hold.")
    by = _lifting(doing, hold, doing.text("why"))
    _told(lift(doing.session, key=doing.key, hold_id=hold.id, by=by, outcome=doing.text("why"), now=doing.now))


def _lifting(doing: Doing, hold: Hold, outcome: str) -> By:
    """Who lifts it, with which right. Raises StaffError where nobody may, NeedsApproval where a lead has to say so."""
    if never := may_lift(doing.session, hold, right=Authority.LEAD, outcome=outcome):
        raise StaffError(never)
    right = doing.authority
    if may_lift(doing.session, hold, right=right, outcome=outcome):
        right = Authority.LEAD
        doing.refuse_without(right, BoundedAct.HOLD, hold.id)
    return By(doing.actor, right)


# A statutory moratorium --------------------------------------------------------------------------------------


def _schemes(doing: Doing) -> list[tuple[str, str]]:
    """The schemes that are law where the debtor lives."""
    rules = profile_of(doing.debtor)
    here = rules.region(doing.debtor.region)
    return [("crisis" if each.crisis else "standard", f"{each.name}, started by {each.started_by}")
            for each in rules.moratoria if not each.regions or here in each.regions]


def _start_form(doing: Doing) -> Sequence[Given]:
    schemes = _schemes(doing)
    if not schemes:
        raise StaffError(f"There is no such scheme in {doing.debtor.region or doing.debtor.country}. Place a hold for "
                         "advice instead; it is not called breathing space.")
    _not_in_force(doing)
    return [Given("scheme", "Scheme", "choice", schemes[0][0] if len(schemes) == 1 else "", choices=schemes),
            Given("notice", "Reference of the notice", hint="As it stands on the notice."),
            Given("started_on", "In force from", "date", hint="The day the notice names.")]


def _not_in_force(doing: Doing) -> None:
    """Raises StaffError when there is a moratorium already that this very form did not enter."""
    if any(hold.reason is HoldReason.BREATHING_SPACE and hold.key != f"{doing.key}:hold"
           for hold in active_holds(doing.session, debtor_id=doing.debtor.id, now=doing.now)):
        raise StaffError("A moratorium is in force already.")


def _notice(doing: Doing) -> str:
    notice = " ".join(doing.values.get("notice", "").split())
    if not 1 <= len(notice) <= 100:
        raise StaffError("The reference of the notice is missing, or longer than 100 characters.")
    return notice


def _start(doing: Doing) -> None:
    _not_in_force(doing)
    crisis = doing.choice("scheme", _schemes(doing)) == "crisis"
    notice, started_on = _notice(doing), doing.day("started_on")
    if started_on is None or started_on > doing.today:
        raise StaffError("The day from which it is in force is missing, or still to come.")
    needed = authority_to_place(doing.session, debtor_id=doing.debtor.id, reason=HoldReason.BREATHING_SPACE, until=None,
                                now=doing.now, today=doing.today)
    if not doing.authority.covers(needed):
        doing.refuse_without(needed, BoundedAct.HOLD, ["moratorium", crisis, notice, started_on.isoformat()])
    _told(start_moratorium(doing.session, key=doing.key, by=_by(doing, needed), debtor_id=doing.debtor.id,
                           notice=notice, started_on=started_on, crisis=crisis, now=doing.now, today=doing.today))


def _end_form(doing: Doing) -> Sequence[Given]:
    if _hold(doing).reason is not HoldReason.BREATHING_SPACE:
        raise StaffError("This hold is no moratorium: lift it instead.")
    return [Given("notice", "Reference of the notice of its end", hint="As it stands on the notice."),
            Given("ended_on", "Ended on", "date", doing.today.isoformat())]


def _end(doing: Doing) -> None:
    hold = doing.session.get(Hold, doing.target)
    if hold is None or hold.debtor_id != doing.debtor.id or hold.reason is not HoldReason.BREATHING_SPACE:
        raise StaffError("There is no such moratorium.")
    notice, ended_on = _notice(doing), doing.day("ended_on")
    if ended_on is None or not hold.placed_at.date() <= ended_on <= doing.today:
        raise StaffError("The day on which it ended is missing, before its beginning or still to come.")
    by = _lifting(doing, hold, notice)
    _told(end_moratorium(doing.session, key=doing.key, hold_id=hold.id, by=by, notice=notice, ended_on=ended_on,
                         now=doing.now, today=doing.today))


HOLDS = (
    Deed("place-hold", "Place a hold", _place_form, _place,
         "Nothing is asked for meanwhile; what else rests is the law's and the policy's."),
    Deed("lift-hold", "Lift a hold", _lift_form, _lift,
         "What the hold stopped may go on. Make sure that its reason is gone."),
    Deed("moratorium", "Enter the notice of a moratorium", _start_form, _start,
         "Only what the law calls so, from the notice that starts it. A debtor who asks for a pause gets a hold for "
         "advice."),
    Deed("end-moratorium", "Enter the notice of its end", _end_form, _end,
         "After a mental-health crisis the scheme goes on for some days more; that is seen to."),
)
