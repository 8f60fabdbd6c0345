"""What payments make of a plan's instalments: filled from the first, judged by value date. No database."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from ledger.kinds import FollowUp, InstalmentState, PlanStatus
from ledger.models import Instalment, InstalmentEvent, Plan

BEHIND = frozenset({InstalmentState.MISSED, InstalmentState.PART_PAID})


def filled(plan: Plan, payments: Iterable[tuple[date, int]]) -> Iterator[tuple[Instalment, int, date | None]]:
    """Each instalment with what is paid of it and the value date that completed it.

    ``payments`` are value dates and minor units, the earliest first; they fill the instalments from the first.
    """
    left, on = 0, None
    coming = iter(payments)
    for instalment in plan.instalments:
        while left < instalment.amount and (payment := next(coming, None)) is not None:
            on, left = payment[0], left + payment[1]
        paid = min(left, instalment.amount)
        left -= paid
        yield instalment, paid, on if paid == instalment.amount else None


def fill(plan: Plan, payments: Iterable[tuple[date, int]]) -> None:
    """Write what is paid into the instalments."""
    for instalment, paid, on in filled(plan, payments):
        instalment.paid, instalment.paid_on = paid, on


def state_of(plan: Plan, instalment: Instalment) -> InstalmentState:
    """Where an instalment stands by what is paid of it, when, and whether it was judged."""
    if instalment.paid == instalment.amount:
        in_time = instalment.due_on + timedelta(days=plan.grace_days)
        late = instalment.paid_on is not None and instalment.paid_on > in_time
        return InstalmentState.KEPT_LATE if late else InstalmentState.KEPT
    if instalment.judged_on is None:
        return InstalmentState.DUE
    return InstalmentState.PART_PAID if instalment.paid else InstalmentState.MISSED


def new_states(plan: Plan, at: datetime) -> list[InstalmentEvent]:
    """Bring the states up to date; the events of those that changed. What was only carried over has none."""
    events = []
    for instalment in plan.instalments:
        if (state := state_of(plan, instalment)) is instalment.state:
            continue
        instalment.state = state
        if not instalment.carried:
            events.append(InstalmentEvent(
                plan_id=plan.id, since=instalment.since, number=instalment.number, due_on=instalment.due_on,
                amount=instalment.amount, paid=instalment.paid, state=state, at=at,
            ))
    return events


def follow_up(plan: Plan) -> FollowUp | None:
    """What the plan asks for now: nothing once all that was missed is mended."""
    if plan.status is not PlanStatus.ACTIVE or not any(i.state in BEHIND for i in plan.instalments):
        return None
    return plan.follow_up or FollowUp.BEHIND
