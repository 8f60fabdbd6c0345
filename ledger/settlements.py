"""Settlements: what may be offered to close a debt, offering, accepting, withdrawing.

Payments move an accepted one in ``ledger.settling``: the discount is posted when its last payment has cleared.
A debt in an active plan has no settlement, and a debt with an accepted settlement goes into no plan.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.confirming import refuse_stale
from ledger.errors import (
    AlreadyInPlan,
    AlreadySettling,
    CannotBeSettled,
    KeyReused,
    NeedsAuthority,
    NotFound,
    SettlementRefused,
    SettlementStale,
    WrongCurrency,
)
from ledger.feed import tell_settlement
from ledger.holds import active_holds, effect_of, strongest
from ledger.keeping import paid_on_debts
from ledger.kinds import Authority, DebtStatus, PlanStatus, SettlementStatus
from ledger.models import Creditor, Debt, DebtBalance, Plan, PlanDebt, Settlement, SettlementDue
from ledger.money import Money
from ledger.once import found, once
from ledger.policy import Policy, policy_for
from ledger.policy.settlement import SettlementTier
from ledger.posting import lock_balances
from runtime.ids import DebtId, DebtorId

USUAL_DAYS = 30
"""How long an offer of staff outside the policy's tiers stands, and lies between payments, when they do not say."""


@dataclass(frozen=True, slots=True)
class SettlementTerms:
    """``amount`` in at most ``payments`` payments, by ``until``, would close the debt; accepted by ``accept_by``."""

    amount: Money
    payments: int
    until: date
    accept_by: date


def settlement_for(
    policy: Policy, balance: Money, *, today: date, opened_on: date | None = None, authority: Authority = Authority.BOT
) -> SettlementTerms | None:
    """The lowest settlement of the policy's tiers for such a debt, rounded up to a minor unit; None when it has none.

    Without ``opened_on`` the debt counts as new. ``authority``: of whoever offers it. Nothing is agreed or recorded.
    """
    if balance.minor <= 0 or balance.currency != policy.currency:
        return None
    months = _months(opened_on or today, today)
    tier = next(policy.settlement.fitting(balance.decimal, months, authority), None)
    if tier is None or (amount := tier.closes(balance)) >= balance:
        return None
    return SettlementTerms(amount, tier.payments, today + timedelta(days=tier.within_days),
                           today + timedelta(days=tier.stands_days))


def offer_settlement(
    session: Session, *, key: str, debt_id: DebtId, amount: Money, actor: str, now: datetime, today: date,
    payments: int = 1, authority: Authority = Authority.BOT, accept_by: date | None = None, pay_by: date | None = None,
) -> Settlement:
    """Offer to close a debt for ``amount`` in ``payments`` payments. Several may be offered; one can be accepted.

    ``today`` is the debtor's own date. ``accept_by`` and ``pay_by`` are those of the policy's tier when not given.
    The same key with the same terms returns the same offer. Raises KeyReused, NotFound, WrongCurrency, CannotBeSettled
    (disputed, bankrupt, nothing owed …), AlreadyInPlan, AlreadySettling, NeedsAuthority, BalanceStale (but for staff);
    SettlementRefused for terms that make no sense. That nobody is pressed (hardship, vulnerability) is the caller's to
    see to.
    """
    session.flush()
    if (made := found(session, Settlement, key)) is not None:
        return _same(made, debt_id, amount, payments)
    balance = lock_balances(session, [debt_id])[debt_id]
    if (made := found(session, Settlement, key)) is not None:  # offered while we waited for the lock
        return _same(made, debt_id, amount, payments)
    debt = _settleable(session, debt_id, balance, now)
    if not authority.covers(Authority.STAFF):
        refuse_stale(session, [debt_id], now=now)
    owed = Money(balance.owed, debt.currency)
    if amount.currency != owed.currency:
        raise WrongCurrency(f"debt {debt_id} is not in {amount.currency}")
    if not 0 < amount.minor < owed.minor or payments < 1:
        raise SettlementRefused(f"{amount} in {payments} payments is no settlement of {owed}")
    policy = policy_for(session.get_one(Creditor, debt.creditor_id))
    tier = _allowed(policy, owed, amount, payments, _months(debt.opened_on, today), authority)
    stands, pays = (tier.stands_days, tier.within_days) if tier else (USUAL_DAYS, USUAL_DAYS * payments)
    last = pay_by or today + timedelta(days=pays)
    until = accept_by or min(last, today + timedelta(days=stands))
    beyond_tier = tier is not None and (last > today + timedelta(days=pays) or until > today + timedelta(days=stands))
    if beyond_tier and not authority.covers(Authority.STAFF):
        raise NeedsAuthority(Authority.STAFF, amount)
    if not today <= until <= last or (last - until).days < payments - 1:
        raise SettlementRefused(f"{payments} payments by {last}, accepted by {until}, cannot be")
    made = once(session, Settlement, key, lambda: Settlement(
        key=key, debtor_id=debt.debtor_id, debt_id=debt_id, currency=owed.currency, balance=owed.minor,
        amount=amount.minor, payments=payments, offered_on=today, accept_by=until, pay_by=last,
        grace_days=policy.settlement.grace_days, authority=authority, status=SettlementStatus.OFFERED, version=1,
        actor=actor, offered_at=now, paid_before=0, received=0,
    ))
    tell_settlement(session, made, now)
    return made


def accept_settlement(
    session: Session, *, key: str, settlement_id: int, version: int, actor: str, now: datetime, today: date,
    by_staff: bool = False,
) -> Settlement:
    """Accept an offer as it was shown (``version``): its payments fall due, the last one on its last day.

    Other offers on the debt are withdrawn. ``today`` is the debtor's own date. The same key again changes nothing.
    Raises NotFound, KeyReused, SettlementStale (expired, ended, changed, another balance), CannotBeSettled,
    AlreadyInPlan, AlreadySettling; BalanceStale (unless ``by_staff``).
    """
    session.flush()
    if (earlier := session.scalar(select(Settlement).where(Settlement.accept_key == key))) is not None:
        if earlier.id != settlement_id:
            raise KeyReused(key)
        return earlier
    debt_id = session.scalar(select(Settlement.debt_id).where(Settlement.id == settlement_id))
    if debt_id is None:
        raise NotFound(f"there is no settlement {settlement_id}")
    balance = lock_balances(session, [debt_id])[debt_id]
    offer = _locked(session, settlement_id)
    if offer.accept_key == key:  # accepted while we waited for the lock
        return offer
    if offer.version != version or offer.status is not SettlementStatus.OFFERED:
        raise SettlementStale(f"settlement {settlement_id} is {offer.status}", status=offer.status)
    if today > offer.accept_by:
        raise SettlementStale(f"the offer stood until {offer.accept_by}", status=offer.status)
    _settleable(session, debt_id, balance, now)
    if not by_staff:
        refuse_stale(session, [debt_id], now=now)
    if balance.owed != offer.balance:
        raise SettlementStale("the balance has changed", status=offer.status, owed=Money(balance.owed, offer.currency))
    for number, (day, amount) in enumerate(_dues(offer, today), start=1):
        offer.dues.append(SettlementDue(number=number, due_on=day, amount=amount, paid=0))
    offer.status, offer.accepted_on, offer.accepted_at = SettlementStatus.ACCEPTED, today, now
    offer.accepted_by, offer.accept_key = actor, key
    offer.paid_before = paid_on_debts(session, [debt_id])[debt_id]
    offer.version += 1
    session.flush()
    tell_settlement(session, offer, now)
    for other in session.scalars(select(Settlement).where(
        Settlement.debt_id == debt_id, Settlement.status == SettlementStatus.OFFERED, Settlement.id != settlement_id
    ).order_by(Settlement.id).with_for_update().execution_options(populate_existing=True)).all():
        _end(session, other, SettlementStatus.WITHDRAWN, key=key, actor=actor, now=now)
    session.flush()
    return offer


def withdraw_settlement(session: Session, *, key: str, settlement_id: int, actor: str, now: datetime) -> Settlement:
    """Take back an offer, or end an accepted settlement that is not paid yet; what was paid stays paid.

    One that has ended stays as it is. Raises NotFound.
    """
    debt_id = session.scalar(select(Settlement.debt_id).where(Settlement.id == settlement_id))
    if debt_id is None:
        raise NotFound(f"there is no settlement {settlement_id}")
    lock_balances(session, [debt_id])
    settlement = _locked(session, settlement_id)
    if settlement.status in (SettlementStatus.OFFERED, SettlementStatus.ACCEPTED):
        _end(session, settlement, SettlementStatus.WITHDRAWN, key=key, actor=actor, now=now)
        session.flush()
    return settlement


def withdraw_all(session: Session, *, key: str, debt_id: DebtId, actor: str, now: datetime) -> None:
    """Withdraw every offer and accepted settlement of a debt, whose balance the caller has locked."""
    query = select(Settlement.id).where(
        Settlement.debt_id == debt_id, Settlement.status.in_((SettlementStatus.OFFERED, SettlementStatus.ACCEPTED)))
    for settlement_id in session.scalars(query.order_by(Settlement.id)).all():
        withdraw_settlement(session, key=f"{key}:settlement:{settlement_id}", settlement_id=settlement_id, actor=actor,
                            now=now)


def settling(session: Session, debt_ids: Collection[DebtId]) -> dict[DebtId, int]:
    """The accepted settlement of each of the debts that has one."""
    rows = session.execute(
        select(Settlement.debt_id, Settlement.id).order_by(Settlement.debt_id)
        .where(Settlement.debt_id.in_(debt_ids), Settlement.status == SettlementStatus.ACCEPTED)
    )
    return {debt_id: settlement_id for debt_id, settlement_id in rows}


def refuse_settling(session: Session, debt_ids: Collection[DebtId]) -> None:
    """Raises AlreadySettling when one of the debts has an accepted settlement."""
    for debt_id, settlement_id in settling(session, debt_ids).items():
        raise AlreadySettling(debt_id, settlement_id)


@dataclass(frozen=True, slots=True)
class SettlementView:
    """A settlement as it stands. ``remaining`` is what is owed on the debt now: nothing, once it is completed."""

    settlement_id: int
    debt_id: DebtId
    debt_ref: str
    creditor: str
    status: SettlementStatus
    version: int
    amount: Money
    discount: Money
    received: Money
    left: Money
    remaining: Money
    accept_by: date
    pay_by: date
    authority: Authority
    dues: tuple[tuple[date, Money, Money], ...]
    """Day, amount, and what of it is paid."""


def settlements_of(session: Session, debtor_id: DebtorId) -> list[SettlementView]:
    """The settlements of a debtor, the newest first."""
    rows = session.execute(
        select(Settlement, Debt.ref, Creditor.name, DebtBalance)
        .join(Debt, Debt.id == Settlement.debt_id).join(Creditor, Creditor.id == Debt.creditor_id)
        .join(DebtBalance, DebtBalance.debt_id == Debt.id)
        .where(Settlement.debtor_id == debtor_id).order_by(Settlement.id.desc())
        .options(selectinload(Settlement.dues)).execution_options(populate_existing=True)
    ).all()
    views = []
    for it, ref, creditor, balance in rows:
        def money(minor: int, currency: str = it.currency) -> Money:
            return Money(minor, currency)

        views.append(SettlementView(
            settlement_id=it.id, debt_id=it.debt_id, debt_ref=ref, creditor=creditor, status=it.status,
            version=it.version, amount=money(it.amount), discount=money(it.balance - it.amount),
            received=money(it.received), left=money(max(0, it.amount - it.received)), remaining=money(balance.owed),
            accept_by=it.accept_by, pay_by=it.pay_by, authority=it.authority,
            dues=tuple((due.due_on, money(due.amount), money(due.paid)) for due in it.dues),
        ))
    return views


def _same(made: Settlement, debt_id: DebtId, amount: Money, payments: int) -> Settlement:
    if (made.debt_id, made.amount, made.currency, made.payments) != (debt_id, amount.minor, amount.currency, payments):
        raise KeyReused(made.key)
    return made


def _locked(session: Session, settlement_id: int) -> Settlement:
    return session.get_one(Settlement, settlement_id, with_for_update=True, populate_existing=True)


def _end(
    session: Session, settlement: Settlement, status: SettlementStatus, *, key: str, actor: str, now: datetime
) -> None:
    settlement.status, settlement.ended_at, settlement.ended_by, settlement.end_key = status, now, actor, key
    settlement.version += 1
    tell_settlement(session, settlement, now)


def _settleable(session: Session, debt_id: DebtId, balance: DebtBalance, now: datetime) -> Debt:
    debt = session.get_one(Debt, debt_id, populate_existing=True)
    holds = active_holds(session, debtor_id=debt.debtor_id, now=now)
    forbids = strongest(h for h in holds if h.debt_id in (None, debt_id) and not effect_of(h).payable)
    if forbids is not None or debt.status is not DebtStatus.OPEN or not balance.owed:
        raise CannotBeSettled(debt_id, forbids.reason if forbids else None)
    planned = session.scalar(
        select(Plan.id).join(PlanDebt, PlanDebt.plan_id == Plan.id)
        .where(PlanDebt.debt_id == debt_id, Plan.status == PlanStatus.ACTIVE).limit(1))
    if planned is not None:
        raise AlreadyInPlan(debt_id, planned)
    refuse_settling(session, [debt_id])
    return debt


def _allowed(
    policy: Policy, owed: Money, amount: Money, payments: int, months_old: int, authority: Authority
) -> SettlementTier | None:
    """The tier that allows these terms; None where the authority itself is enough. Raises NeedsAuthority."""
    every = list(policy.settlement.fitting(owed.decimal, months_old, Authority.LEAD))
    allowing = [tier for tier in every if amount >= tier.closes(owed) and payments <= tier.payments]
    tier = min(allowing, key=lambda each: (each.authority.rank, each.pay_percent), default=None)
    percent = Decimal(amount.minor) * 100 / owed.minor
    needed = tier.authority if tier else max(
        Authority.STAFF, policy.approval.settlement_below_percent.below(percent), key=lambda who: who.rank)
    if not authority.covers(needed):
        own = [each.closes(owed) for each in every if authority.covers(each.authority)]
        raise NeedsAuthority(needed, min(own, default=None))
    return tier


def _months(opened_on: date, today: date) -> int:
    passed = relativedelta(today, opened_on)
    return max(0, passed.years * 12 + passed.months)


def _dues(offer: Settlement, accepted_on: date) -> Sequence[tuple[date, int]]:
    """Equal payments at equal distances, the last on the last day; odd minor units go to the first ones."""
    span = (offer.pay_by - accepted_on).days
    each, rest = divmod(offer.amount, offer.payments)
    return [(accepted_on + timedelta(days=span * number // offer.payments), each + (number <= rest))
            for number in range(1, offer.payments + 1)]
