"""What payments and time do to an accepted settlement. Derived from the postings each time, so it can be repeated.

The discount stands exactly while the payments that are due have all cleared in time, by value date. News of a payment
that comes late but was in time mends a settlement that lapsed, unless the debt has another arrangement by then.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.errors import CannotReverse
from ledger.feed import tell_settlement
from ledger.holds import days_stopped
from ledger.keeping import paid_by_day
from ledger.kinds import OWED, Act, Bucket, CreditorAccount, DebtStatus, PlanStatus, PostingKind, SettlementStatus
from ledger.models import Debt, DebtBalance, Plan, PlanDebt, Settlement
from ledger.money import Money, zero
from ledger.posting import Line, lines_of, lock_balances, on_creditor, on_debt, post, reverse
from ledger.promises import release_promises
from runtime.ids import DebtId

_COUNTED = (SettlementStatus.ACCEPTED, SettlementStatus.COMPLETED, SettlementStatus.LAPSED, SettlementStatus.REVERSED)
_ACTOR = "ledger"


@dataclass(frozen=True, slots=True)
class Count:
    """What came in. ``reached``: the value date on which each payment was complete; ``deadlines``: its last day."""

    received: int
    reached: tuple[date | None, ...]
    deadlines: tuple[date, ...]

    @property
    def complete(self) -> bool:
        """Whether every payment cleared in time."""
        return all(day is not None and day <= last for day, last in zip(self.reached, self.deadlines, strict=True))

    def missed(self, today: date) -> bool:
        """Whether the time of a payment is over and it did not clear in it."""
        return any(last < today and (day is None or day > last)
                   for day, last in zip(self.reached, self.deadlines, strict=True))


def settlement_count(session: Session, settlement: Settlement) -> Count:
    """The payments on the debt since the settlement was accepted, without what was paid too much."""
    assert settlement.accepted_on is not None
    reached: list[date | None] = [None] * len(settlement.dues)
    came = -settlement.paid_before
    for day, minor in paid_by_day(session, settlement.debt_id):
        came += minor
        asked = 0
        for place, due in enumerate(settlement.dues):
            asked += due.amount
            if reached[place] is None and came >= asked:
                reached[place] = max(day, settlement.accepted_on)
    spans = sorted(days_stopped(session, debts={settlement.debt_id: settlement.debtor_id}, act=Act.ASK,
                                first=settlement.accepted_on, last=date.max).get(settlement.debt_id, []))
    deadlines = [_extended(due.due_on + timedelta(days=settlement.grace_days), spans) for due in settlement.dues]
    return Count(max(0, came), tuple(reached), tuple(deadlines))


def _extended(day: date, spans: Sequence[tuple[date, date]]) -> date:
    """``day`` moved on by the days before it that are in ``spans``: time on hold does not count."""
    free_from = date.min
    for first, last in spans:
        begin = max(first, free_from)
        if begin > day:
            break
        if last == date.max:
            return date.max
        if last >= begin:
            day += last - begin + timedelta(days=1)
            free_from = last + timedelta(days=1)
    return day


def keep_settlements(session: Session, debt_ids: Collection[DebtId], *, at: datetime) -> None:
    """Bring the settlements of ``debt_ids`` up to date after a payment or its reversal. Their balances are locked."""
    for settlement in _counted(session, debt_ids):
        _keep(session, settlement, at)


def set_discounts_aside(session: Session, debt_ids: Collection[DebtId], *, at: datetime) -> None:
    """Make owed again what settlements of ``debt_ids`` forgave, so that a refund of before can be undone.

    For keep_settlements to give again, in the same transaction. Their balances are locked.
    """
    for settlement in _counted(session, debt_ids):
        if settlement.discount_id is not None:
            _take_back(session, settlement, at)
            _change(session, settlement, SettlementStatus.REVERSED, at)


def _counted(session: Session, debt_ids: Collection[DebtId]) -> Sequence[Settlement]:
    return session.scalars(
        select(Settlement).where(
            Settlement.debt_id.in_(debt_ids), Settlement.status.in_(_COUNTED), Settlement.accepted_on.is_not(None))
        .options(selectinload(Settlement.dues)).order_by(Settlement.id)
        .with_for_update().execution_options(populate_existing=True)
    ).all()


def _keep(session: Session, settlement: Settlement, at: datetime) -> Count:
    count = settlement_count(session, settlement)
    completed = settlement.status is SettlementStatus.COMPLETED
    if completed and count.received >= settlement.received:
        return count  # what comes later, for charges added since, is not for this settlement
    settlement.received = left = count.received
    for due, day in zip(settlement.dues, count.reached, strict=True):
        due.paid = min(left, due.amount)
        due.paid_on = day if due.paid == due.amount else None
        left -= due.paid
    session.flush()
    if completed:
        _take_back(session, settlement, at)
        _change(session, settlement, SettlementStatus.REVERSED, at)
    if count.complete and _free(session, settlement):
        _close(session, settlement, count, at)
        _change(session, settlement, SettlementStatus.COMPLETED, at)
    session.flush()
    return count


def _change(session: Session, settlement: Settlement, status: SettlementStatus, at: datetime) -> None:
    settlement.status, settlement.ended_at, settlement.ended_by = status, at, _ACTOR
    settlement.version += 1
    tell_settlement(session, settlement, at)


def _free(session: Session, settlement: Settlement) -> bool:
    """Whether the debt still waits for this settlement: neither taken back nor arranged otherwise since."""
    debt = session.get_one(Debt, settlement.debt_id, populate_existing=True)
    if debt.status not in (DebtStatus.OPEN, DebtStatus.PAID):
        return False
    if settlement.status is SettlementStatus.ACCEPTED:
        return True
    planned = select(Plan.id).join(PlanDebt, PlanDebt.plan_id == Plan.id).where(
        PlanDebt.debt_id == settlement.debt_id, Plan.status == PlanStatus.ACTIVE)
    newer = select(Settlement.id).where(
        Settlement.debt_id == settlement.debt_id, Settlement.id != settlement.id,
        Settlement.status.in_((SettlementStatus.ACCEPTED, SettlementStatus.COMPLETED)))
    return session.scalar(planned.limit(1)) is None and session.scalar(newer.limit(1)) is None


def _close(session: Session, settlement: Settlement, count: Count, at: datetime) -> None:
    """Forgive what is left. Paid more than was agreed, the debtor gets the difference back as an overpayment."""
    debt = session.get_one(Debt, settlement.debt_id)
    balance = lock_balances(session, [debt.id])[debt.id]
    lines = [on_debt(debt.id, bucket, Money(-getattr(balance, bucket.value), debt.currency)) for bucket in OWED]
    given_back = Money(max(0, count.received - settlement.amount), debt.currency)
    lines.append(on_debt(debt.id, Bucket.OVERPAYMENT, -given_back))
    discount = Money(balance.owed, debt.currency) + given_back
    if discount.is_zero:
        return
    lines.append(on_creditor(debt.creditor_id, CreditorAccount.SETTLEMENT_DISCOUNT, discount))
    last = max(day for day in count.reached if day is not None)
    txn = post(session, key=f"settlement:{settlement.id}:discount:{settlement.version}", posted_at=at, actor=_ACTOR,
               kind=PostingKind.SETTLEMENT_DISCOUNT, effective_on=last, cause=_cause(settlement),
               lines=[line for line in lines if not line.amount.is_zero])
    settlement.discount_id = txn.id
    release_promises(session, debt.id, today=at.date())


def _cause(settlement: Settlement) -> str:
    return f"settlement {settlement.id}"


def taken_back_by(cause: str) -> str:
    """The cause of the posting that takes back a discount that was posted for ``cause``."""
    return f"{cause}: payment undone"


def _take_back(session: Session, settlement: Settlement, at: datetime) -> None:
    if settlement.discount_id is None:
        return
    key, cause = f"settlement:{settlement.id}:back:{settlement.version}", taken_back_by(_cause(settlement))
    try:
        reverse(session, key=key, txn_id=settlement.discount_id, effective_on=at.date(), posted_at=at, actor=_ACTOR,
                cause=cause, discount=True)
    except CannotReverse:  # the overpayment it made has been given back: that part is owed again
        balance = lock_balances(session, [settlement.debt_id])[settlement.debt_id]
        post(session, key=key, kind=PostingKind.ADJUSTMENT, effective_on=at.date(), posted_at=at, actor=_ACTOR,
             cause=cause, lines=_owed_again(lines_of(session, settlement.discount_id), balance))
    settlement.discount_id = None


def _owed_again(lines: Sequence[Line], balance: DebtBalance) -> list[Line]:
    """The opposite of a discount's lines, with what is no longer in overpayment on the principal."""
    back = [Line(line.owner, line.kind, -line.amount) for line in lines]
    currency = lines[0].amount.currency
    wanted = sum((line.amount for line in back if line.kind is Bucket.OVERPAYMENT), zero(currency))
    there = min(wanted, Money(balance.overpayment, currency))
    back = [line for line in back if line.kind is not Bucket.OVERPAYMENT]
    extra = [on_debt(balance.debt_id, Bucket.OVERPAYMENT, there), on_debt(balance.debt_id, Bucket.PRINCIPAL,
                                                                          wanted - there)]
    return [line for line in [*back, *extra] if not line.amount.is_zero]


def judge_settlements(session: Session, *, today: date, now: datetime) -> list[Settlement]:
    """Let lapse what was not accepted or not paid in time. Returns those that lapsed now; may be run again.

    An offer gets one more day than it said, for debtors whose day ends later than ours.
    """
    lapsed = []
    offers = session.scalars(
        select(Settlement).where(Settlement.status == SettlementStatus.OFFERED,
                                 Settlement.accept_by < today - timedelta(days=1))
        .order_by(Settlement.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for offer in offers:
        _change(session, offer, SettlementStatus.LAPSED, now)
        lapsed.append(offer)
    session.flush()
    running = select(Settlement.debt_id).where(Settlement.status == SettlementStatus.ACCEPTED)
    for debt_id in session.scalars(running.order_by(Settlement.debt_id)).all():
        lock_balances(session, [debt_id])
        for settlement in _counted(session, [debt_id]):
            if settlement.status is not SettlementStatus.ACCEPTED:
                continue
            count = _keep(session, settlement, now)
            if settlement.status is SettlementStatus.ACCEPTED and count.missed(today):
                _change(session, settlement, SettlementStatus.LAPSED, now)
                lapsed.append(settlement)
    session.flush()
    return lapsed
