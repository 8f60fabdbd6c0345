"""Holds: which reason stops which act, placing, lifting, asking.

The table here is the floor under every law. What a profile stops beyond it is kept with each hold when it is placed, so
that a hold goes on to mean what it meant; ``compliance.holds`` knows the profiles, and who may place and lift.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from ledger.errors import NotFound
from ledger.feed import tell_hold
from ledger.kinds import Act, Authority, DebtStatus, HoldReason
from ledger.models import Creditor, Debt, Hold
from ledger.once import once
from ledger.policy import policy_for
from runtime.ids import DebtId, DebtorId

__all__ = [
    "EFFECTS", "Act", "Effect", "HoldReason", "active_holds", "authority_for", "days_stopped", "effect_of",
    "hold_until", "lift_hold", "place_hold", "placed_within_a_year", "stopped", "strongest",
]

_EVERYTHING = frozenset(Act)
_NO_CHASING = frozenset({Act.ASK, Act.REMIND, Act.CHARGE})


@dataclass(frozen=True, slots=True)
class Effect:
    """What a hold does. ``payable``: whether the debtor may still pay, or agree a plan, of their own accord."""

    stops: frozenset[Act]
    payable: bool


# From the strongest to the weakest.
EFFECTS: dict[HoldReason, Effect] = {
    HoldReason.SELF_HARM: Effect(_EVERYTHING, payable=False),  # money returns only with a person (rule 35)
    HoldReason.DECEASED: Effect(_EVERYTHING, payable=False),  # rule 20
    HoldReason.WRONG_PERSON: Effect(_EVERYTHING, payable=False),  # rule 3
    HoldReason.FRAUD: Effect(_EVERYTHING, payable=False),
    HoldReason.BANKRUPTCY: Effect(_EVERYTHING, payable=False),  # no asking, no link (rule 36)
    HoldReason.DISPUTE: Effect(_EVERYTHING, payable=False),  # rules 13, 17, 27
    HoldReason.REPRESENTED: Effect(_NO_CHASING, payable=False),  # rule 11
    HoldReason.THIRD_PARTY: Effect(_NO_CHASING, payable=False),
    HoldReason.BREATHING_SPACE: Effect(_EVERYTHING, payable=True),  # rule 29
    HoldReason.VULNERABILITY: Effect(_EVERYTHING, payable=True),  # rule 28
    HoldReason.HARDSHIP: Effect(_EVERYTHING, payable=True),
    HoldReason.VALIDATION: Effect(_NO_CHASING, payable=True),  # Reg F 1006.38
    HoldReason.ALREADY_PAID: Effect(_EVERYTHING, payable=True),
    HoldReason.ADVICE: Effect(_EVERYTHING, payable=True),  # rule 25
    HoldReason.STAFF_REVIEW: Effect(_EVERYTHING, payable=True),  # rule 24
    HoldReason.COMPLAINT: Effect(_NO_CHASING, payable=True),
}
_STRENGTH = {reason: place for place, reason in enumerate(EFFECTS)}


def effect_of(hold: Hold) -> Effect:
    """What this hold does: the table's floor for its reason, and what the law added when it was placed."""
    floor = EFFECTS[hold.reason]
    if not hold.also_stops and hold.payable is None:
        return floor
    added = (Act(act) for act in hold.also_stops.split(",") if act)
    return Effect(floor.stops.union(added), floor.payable and hold.payable is not False)


def strongest(holds: Iterable[Hold]) -> Hold | None:
    """The hold that matters most, the earliest of equals."""
    return min(holds, key=lambda hold: (_STRENGTH[hold.reason], hold.id), default=None)


def place_hold(
    session: Session, *, key: str, debtor_id: DebtorId, debt_id: DebtId | None, reason: HoldReason, now: datetime,
    until: date | None, actor: str, cause: str, effect: Effect | None = None,
) -> Hold:
    """Put a debt, or with ``debt_id=None`` everything of the debtor, on hold through ``until`` (None: until lifted).

    A state, never a posting. ``effect`` is what the law where the debtor lives stops; less than the table's floor
    changes nothing. The same key again returns the same hold.
    """
    floor = EFFECTS[reason]
    more = sorted(effect.stops - floor.stops) if effect else []
    hold = once(session, Hold, key, lambda: Hold(
        key=key, debtor_id=debtor_id, debt_id=debt_id, reason=reason, placed_at=now, until=until, actor=actor,
        cause=cause, also_stops=",".join(more),
        payable=False if effect and floor.payable and not effect.payable else None,
    ))
    tell_hold(session, hold, "placed", now, **_told(hold))
    return hold


def _told(hold: Hold) -> dict[str, Any]:
    effect = effect_of(hold)
    return {"stops": effect.stops, "payable": effect.payable}


def hold_until(
    session: Session, *, debtor_id: DebtorId, debt_id: DebtId | None, reason: HoldReason, today: date
) -> date | None:
    """The last day of a hold placed today, by the creditors' policies; None: until it is lifted.

    For a hold on the whole debtor the longest of their open debts' policies. Raises OperatorError.
    """
    query = select(Creditor).distinct().join(Debt, Debt.creditor_id == Creditor.id).where(Debt.debtor_id == debtor_id)
    query = query.where(Debt.status == DebtStatus.OPEN) if debt_id is None else query.where(Debt.id == debt_id)
    ends = [policy_for(creditor).hold_until(reason, today) for creditor in session.scalars(query)]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def lift_hold(session: Session, *, hold_id: int, now: datetime, actor: str, why: str | None = None) -> None:
    """End a hold. Lifting it again changes nothing. Whether ``actor`` may is asked of ``compliance.holds``.

    Raises NotFound.
    """
    hold = session.get(Hold, hold_id, with_for_update=True, populate_existing=True)
    if hold is None:
        raise NotFound(f"there is no hold {hold_id}")
    if hold.lifted_at is None:
        hold.lifted_at, hold.lifted_by, hold.lifted_why = now, actor, why
        session.flush()
        tell_hold(session, hold, "lifted", now, **_told(hold))


_ACTIVE = select(Hold).where(
    Hold.debtor_id == bindparam("debtor_id"), Hold.lifted_at.is_(None),
    or_(Hold.until.is_(None), Hold.until >= bindparam("today")),
)


def active_holds(session: Session, *, debtor_id: DebtorId, now: datetime) -> list[Hold]:
    """The holds in force, on debts and on the whole debtor, the strongest first.

    A hold lasts through its last day everywhere on earth, so it never ends before the debtor's own day does.
    """
    today = (now - timedelta(hours=12)).date()
    holds = session.scalars(_ACTIVE, {"debtor_id": debtor_id, "today": today})
    return sorted(holds, key=lambda hold: (_STRENGTH[hold.reason], hold.id))


def placed_within_a_year(session: Session, *, debtor_id: DebtorId, reason: HoldReason, now: datetime) -> int:
    """How many holds for ``reason`` were placed on the debtor or their debts in the last 365 days."""
    since = now - timedelta(days=365)
    placed = select(func.count()).select_from(Hold).where(
        Hold.debtor_id == debtor_id, Hold.reason == reason, Hold.placed_at > since)
    return session.scalar(placed) or 0


def authority_for(
    session: Session, *, debtor_id: DebtorId, reason: HoldReason, until: date | None, now: datetime, today: date
) -> Authority:
    """Who may place such a hold, by the policies of the debtor's open debts: how long it lasts and how many there were.

    ``until`` None is a hold without an end, which the policy's length of the reason does not limit.
    """
    before = placed_within_a_year(session, debtor_id=debtor_id, reason=reason, now=now)
    length = (until - today).days if until is not None else None
    creditors = session.scalars(
        select(Creditor).distinct().join(Debt, Debt.creditor_id == Creditor.id)
        .where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN))
    needed = [Authority.BOT]
    for policy in map(policy_for, creditors):
        needed.append(policy.holds.authority(reason, length, before=before))
        if length is not None:
            needed.append(policy.approval.hold_longer_than_days.above(length))
    return max(needed, key=lambda who: who.rank)


def stopped(
    session: Session, *, debtor_id: DebtorId, debt_id: DebtId | None = None, act: Act, now: datetime
) -> Hold | None:
    """The strongest hold that forbids ``act``, or None.

    With a debt: holds on it and on the whole debtor. Without: only those on the whole debtor.
    """
    return strongest(
        hold for hold in active_holds(session, debtor_id=debtor_id, now=now)
        if act in effect_of(hold).stops and hold.debt_id in (None, debt_id)
    )


def days_stopped(
    session: Session, *, debts: Mapping[DebtId, DebtorId], act: Act, first: date, last: date
) -> dict[DebtId, list[tuple[date, date]]]:
    """For each debt the days, first and last included, on which some hold forbade ``act`` at some moment.

    By UTC's calendar; holds that were lifted since are counted for the days they lasted. What ``stopped`` is for a
    moment, this is for past days: the answer for a day that is over does not change any more.
    """
    query = select(Hold).where(Hold.debtor_id.in_(set(debts.values()))).order_by(Hold.id)
    by_debtor: dict[DebtorId, list[Hold]] = {}
    for hold in session.scalars(query):
        if act in effect_of(hold).stops:
            by_debtor.setdefault(hold.debtor_id, []).append(hold)
    found: dict[DebtId, list[tuple[date, date]]] = {}
    for debt_id, debtor_id in debts.items():
        for hold in by_debtor.get(debtor_id, ()):
            if hold.debt_id not in (None, debt_id):
                continue
            ends = [day for day in (hold.until, hold.lifted_at and hold.lifted_at.date(), last) if day is not None]
            begin, end = max(first, hold.placed_at.date()), min(ends)
            if begin <= end:
                found.setdefault(debt_id, []).append((begin, end))
    return found
