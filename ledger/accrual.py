"""Interest added to debts: once per debt and day, exact, and the same whenever it is run.

What has been reckoned since the first day is worked out anew each time, from the terms of the days (kept as spans) and
what was owed on them by value date; posted is its difference to what was added before. So days without a run are
caught up with, and a payment with an earlier value date gives back what it makes too much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ledger.allocation import over_buckets
from ledger.bearing import in_plans, opened, owed_by_day, spans_of, stretches
from ledger.holds import days_stopped
from ledger.interest import ONE_DAY, Owed, Stretch, reckoned
from ledger.kinds import Act, Bucket, CreditorAccount, DebtStatus, InterestBase, PostingKind
from ledger.models import Accrual, AccrualSpan, Creditor, Debt, DebtBalance
from ledger.money import Money, zero
from ledger.policy import Policy, policy_for
from ledger.posting import Line, begin_posting, finish_posting, lock_balances, on_creditor, on_debt
from runtime.database import Database
from runtime.ids import DebtId

ACTOR = "accrual"
_CHUNK = 25
"""Debts in one transaction: other writers wait no longer than these take."""


@dataclass(slots=True)
class Accrued:
    """What a run did: debts looked at, and what was added and given back per currency."""

    debts: int = 0
    added: dict[str, Money] = field(default_factory=dict)
    given_back: dict[str, Money] = field(default_factory=dict)

    def count(self, amount: Money) -> None:
        """Take one posting in."""
        sums = self.added if amount.minor > 0 else self.given_back
        size = amount if amount.minor > 0 else -amount
        sums[amount.currency] = sums.get(amount.currency, zero(amount.currency)) + size


class _DryRun(Exception):
    """Rolls a transaction back."""


def accrue_all(
    db: Database, *, until: date, now: datetime, dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Accrued:
    """Add the interest of every day through ``until`` to all debts whose policy says so, some debts at a time.

    ``until`` should be over everywhere it matters: yesterday. ``progress`` is told how many debts of how many are
    done. Raises OperatorError for a policy that cannot be read.
    """
    result = Accrued()
    with db.read() as session:
        bearing = [creditor.id for creditor in session.scalars(select(Creditor))
                   if policy_for(creditor).interest.method is not None]
        wanted = (
            select(Debt.id).outerjoin(Accrual, Accrual.debt_id == Debt.id)
            .outerjoin(DebtBalance, DebtBalance.debt_id == Debt.id)
            .where(or_(
                and_(Accrual.debt_id.is_(None), Debt.creditor_id.in_(bearing), Debt.status == DebtStatus.OPEN),
                and_(Accrual.through < until, Debt.status == DebtStatus.OPEN),
                Accrual.version != DebtBalance.version))
            .order_by(Debt.id))
        everything = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    last = 0
    while True:
        try:
            with db.write() as session:
                ids = session.scalars(wanted.where(Debt.id > last).limit(_CHUNK)).all()
                for amount in accrue(session, ids, until=until, posted_at=now).values():
                    result.count(amount)
                if dry_run:
                    raise _DryRun
        except _DryRun:
            pass
        if not ids:
            return result
        result.debts += len(ids)
        last = ids[-1]
        if progress is not None:
            progress(result.debts, everything)


def accrue(session: Session, debt_ids: Sequence[DebtId], *, until: date, posted_at: datetime) -> dict[DebtId, Money]:
    """Bring the interest of these debts up to date through the day ``until``. Gives what was posted on which debt.

    Debts that are not open bear no further interest; what a back-dated payment makes too much is given back on them
    too. Doing it again changes nothing. Raises OperatorError.
    """
    if not debt_ids:
        return {}
    balances = lock_balances(session, debt_ids)
    rows = session.execute(
        select(Debt, Creditor).join(Creditor, Creditor.id == Debt.creditor_id).where(Debt.id.in_(debt_ids))
        .order_by(Debt.id).execution_options(populate_existing=True)).all()
    states = {state.debt_id: state for state in session.scalars(
        select(Accrual).where(Accrual.debt_id.in_(debt_ids)).execution_options(populate_existing=True))}
    spans, firsts, owed = spans_of(session, debt_ids), opened(session, debt_ids), owed_by_day(session, debt_ids)
    earliest = min((state.through + ONE_DAY for state in states.values()), default=date.min)
    held = days_stopped(session, debts={debt.id: debt.debtor_id for debt, _ in rows}, act=Act.ACCRUE,
                        first=date.min if len(states) < len(rows) else earliest, last=until)
    planned = in_plans(session, debt_ids, until)
    posted: dict[DebtId, Money] = {}
    for debt, creditor in rows:
        policy, balance = policy_for(creditor), balances[debt.id]
        state = states.get(debt.id) or _begin(debt, policy, firsts, until)
        if state is None:
            continue
        if debt.id not in states:
            session.add(state)
        mine = spans.setdefault(debt.id, [])
        ahead = debt.status is DebtStatus.OPEN and state.through < until
        if ahead:
            days = state.through + ONE_DAY, until
            for stretch in stretches(policy.interest, debt.interest_rate, days, held=held.get(debt.id, ()),
                                     planned=planned.get(debt.id, ())):
                _record(session, debt.id, mine, stretch)
            state.through = until
        state.cap = _cap(policy, debt, firsts)
        amount = _difference(debt, state, mine, owed)
        state.accrued += amount.minor
        if not amount.is_zero:
            _post(session, debt, balance, policy, amount, state.through, posted_at, "" if ahead else balance.version)
            posted[debt.id] = amount
        state.version = balance.version
    session.flush()
    return posted


def _begin(debt: Debt, policy: Policy, firsts: Mapping[DebtId, tuple[date, int]], until: date) -> Accrual | None:
    """The first state of a debt that bears interest from some day through ``until`` on."""
    rules = policy.interest
    if (debt.status is not DebtStatus.OPEN or debt.id not in firsts or rules.method is None or rules.since is None
            or (debt.interest_rate is None and rules.annual_percent is None)):
        return None
    start = max(rules.since, firsts[debt.id][0])
    return Accrual(debt_id=debt.id, through=start - ONE_DAY, accrued=0, cap=None, version=0) if start <= until else None


def _record(session: Session, debt_id: DebtId, spans: list[AccrualSpan], stretch: Stretch) -> None:
    """Keep the terms of some days; days on the terms of the day before make that span longer."""
    span = AccrualSpan(debt_id=debt_id, first_on=stretch.first_on, last_on=stretch.last_on, frozen=stretch.frozen,
                       annual_percent=stretch.annual_percent, method=stretch.method, day_count=stretch.day_count,
                       base=stretch.base)
    if spans and spans[-1].terms == span.terms and spans[-1].last_on == stretch.first_on - ONE_DAY:
        spans[-1].last_on = stretch.last_on
    else:
        session.add(span)
        spans.append(span)


def _cap(policy: Policy, debt: Debt, firsts: Mapping[DebtId, tuple[date, int]]) -> int | None:
    cap, caps = policy.interest.cap, []
    if cap.percent_of_principal is not None:
        caps.append(int(Fraction(firsts[debt.id][1]) * Fraction(cap.percent_of_principal) / 100))
    if cap.amount is not None:
        caps.append(Money.from_decimal(cap.amount, debt.currency).minor)
    return min(caps, default=None)


def _difference(
    debt: Debt, state: Accrual, spans: Sequence[AccrualSpan], owed: Mapping[tuple[DebtId, InterestBase], Owed]
) -> Money:
    """What is to be added (or, below nothing, given back) for interest to be right at the end of ``state.through``."""
    exact = sum((reckoned([_stretch(span) for span in spans if span.base is base], owed[debt.id, base],
                          through=state.through)
                 for base in {span.base for span in spans} if (debt.id, base) in owed), Fraction(0))
    whole = int(exact)  # down: a part of a minor unit is added when it has become a whole one
    target = whole if state.cap is None else min(whole, state.cap)
    minor = target - state.accrued
    return Money(min(minor, 0) if debt.status is not DebtStatus.OPEN else minor, debt.currency)


def _stretch(span: AccrualSpan) -> Stretch:
    return Stretch(span.first_on, span.last_on, span.annual_percent, span.method, span.day_count, span.base,
                   span.frozen)


def _post(
    session: Session, debt: Debt, balance: DebtBalance, policy: Policy, amount: Money, through: date,
    posted_at: datetime, again: object,
) -> None:
    """Add interest, or give it back: from what is owed of it, then from the rest as a payment would, then as surplus.

    ``again`` makes another key when a day that was reckoned before turns out differently.
    """
    added = amount.minor > 0
    lines: list[Line] = [on_debt(debt.id, Bucket.INTEREST, amount)]
    if not added:
        order = (Bucket.INTEREST, *(b for b in policy.payments.buckets if b is not Bucket.INTEREST))
        lines = [on_debt(debt.id, bucket, -part) for bucket, part in over_buckets(balance, -amount, order).items()]
    key = f"accrual:{debt.id}:{through}" + (f":{again}" if again != "" else "")
    txn, _ = begin_posting(
        session, key=key, kind=PostingKind.ACCRUAL, posted_at=posted_at, actor=ACTOR,
        effective_on=through if added else through + ONE_DAY,  # what is given back changes no day reckoned already
        cause=f"interest through {through}", content=[debt.id, amount.json()])
    finish_posting(session, txn, [*lines, on_creditor(debt.creditor_id, CreditorAccount.ACCRUED_INTEREST, -amount)],
                   {debt.id: balance})


def bring_up_to_date(
    session: Session, debts: Mapping[DebtId, tuple[Debt, Creditor]], *, before: date, posted_at: datetime
) -> None:
    """Add the interest of the days before a payment, so that it is allocated alike whenever accrual is run."""
    bearing = [debt_id for debt_id, (_, creditor) in debts.items() if policy_for(creditor).interest.method is not None]
    accrue(session, sorted(bearing), until=min(before, posted_at.date()) - ONE_DAY, posted_at=posted_at)


__all__ = ["Accrued", "accrue", "accrue_all", "bring_up_to_date"]
