"""New terms for the rest of a plan: another amount, rhythm or date, or a new arrangement after a miss."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.confirming import refuse_stale
from ledger.errors import NotFound, NothingToChange, OfferStale, OutsidePolicy, PlanEnded
from ledger.keeping import paid_by_debt
from ledger.kinds import Authority, BoundedAct, FollowUp, PlanAct, PlanStatus
from ledger.models import Debt, DebtBalance, Plan
from ledger.money import Money
from ledger.offers import Allowed, NeedsPerson, Offer, OtherTerms, TooLow, counter, offers
from ledger.plans.allowed import (
    approver_of,
    debtor_place,
    policy_of,
    refuse_outside,
    refuse_too_often,
    refuse_unapproved,
    refuse_unpayable,
)
from ledger.plans.versions import Changed, Row, frequency_of, open_change, write_change
from ledger.policy import Policy
from ledger.schedule import Frequency
from runtime.ids import DebtId

CHANGES = (PlanAct.CHANGED, PlanAct.MOVED)
_DAY = timedelta(days=1)


def propose_change(
    session: Session, *, plan_id: int, today: date, amount: Money, frequency: Frequency | None = None,
    first_on: date | None = None, surplus: Money | None = None,
) -> Allowed | TooLow | OtherTerms | NeedsPerson:
    """The answer to "can I pay ``amount`` instead": over what is owed on the plan's debts now. Changes nothing.

    Without a rhythm the plan's own is taken. Raises NotFound, PlanEnded, NothingToChange when nothing is owed.
    """
    plan, policy, left = _rest(session, plan_id)
    return counter(policy, left, amount=amount, frequency=frequency or frequency_of(plan), first_on=first_on,
                   today=today, place=debtor_place(session, plan.debtor_id), surplus=surplus)


def propose_replan(
    session: Session, *, plan_id: int, today: date, frequency: Frequency | None = None, surplus: Money | None = None,
) -> list[Offer] | NeedsPerson:
    """Offers for what is left of a plan. Changes nothing. Raises NotFound, PlanEnded, NothingToChange."""
    plan, policy, left = _rest(session, plan_id)
    return offers(policy, left, today=today, frequency=frequency or frequency_of(plan),
                  place=debtor_place(session, plan.debtor_id), surplus=surplus)


def _rest(session: Session, plan_id: int) -> tuple[Plan, Policy, Money]:
    plan = session.get(Plan, plan_id, options=[selectinload(Plan.debts)])
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    if plan.status is not PlanStatus.ACTIVE:
        raise PlanEnded(plan.id, plan.status)
    debt_ids = [share.debt_id for share in plan.debts]
    balances = session.scalars(select(DebtBalance).where(DebtBalance.debt_id.in_(debt_ids)))
    left = Money(sum(balance.owed for balance in balances), plan.currency)
    if left.is_zero:
        raise NothingToChange(f"nothing is left of plan {plan_id}")
    return plan, policy_of(session, debt_ids).for_the_rest(), left


def change_plan(
    session: Session, *, key: str, plan_id: int, expected: int, offer: Offer, actor: str, now: datetime,
    by_staff: bool = False, why: str = "", authority: Authority | None = None,
) -> Changed:
    """Put ``offer`` in the place of what is not paid yet. What was paid stays, and stays with its dates.

    ``offer`` is over what is owed on the plan's debts now (``propose_change``); it covers that to the penny.
    ``expected`` is the plan's version that was shown. The same key again changes nothing.
    Raises NotFound, KeyReused, PlanEnded, PlanChanged, OfferStale (a payment came in), DebtNotPayable, and
    OutsidePolicy (terms, or too many changes within a year) and BalanceStale unless ``by_staff``; NeedsApproval as
    ``agree_plan``.
    """
    return _new_terms(session, PlanAct.CHANGED, key=key, plan_id=plan_id, expected=expected, offer=offer, actor=actor,
                      now=now, by_staff=by_staff, why=why, authority=authority)


def replan(
    session: Session, *, key: str, plan_id: int, expected: int, offer: Offer, actor: str, now: datetime,
    by_staff: bool = False, why: str = "", authority: Authority | None = None,
) -> Changed:
    """As ``change_plan``, for a plan that is behind: counted by itself, and only where the policy lets it be."""
    return _new_terms(session, PlanAct.REPLANNED, key=key, plan_id=plan_id, expected=expected, offer=offer,
                      actor=actor, now=now, by_staff=by_staff, why=why, authority=authority)


def _new_terms(
    session: Session, act: PlanAct, *, key: str, plan_id: int, expected: int, offer: Offer, actor: str, now: datetime,
    by_staff: bool, why: str, authority: Authority | None,
) -> Changed:
    opened = open_change(session, key=key, plan_id=plan_id, expected=expected, act=act, content=offer.json())
    if isinstance(opened, Changed):
        return opened
    plan, balances = opened.plan, opened.balances
    debts = session.scalars(select(Debt).where(Debt.id.in_(balances)).execution_options(populate_existing=True)).all()
    refuse_unpayable(session, plan.debtor_id, [d for d in debts if balances[d.id].owed], balances, now)
    owed = Money(sum(balance.owed for balance in balances.values()), plan.currency)
    if offer.total != owed or owed.is_zero:
        raise OfferStale(owed)
    policy = policy_of(session, balances).for_the_rest()
    if not by_staff:
        refuse_stale(session, list(balances), now=now)
        _refuse_by_rules(session, plan, act, policy, now)
        refuse_outside(offer, policy, place=debtor_place(session, plan.debtor_id), now=now)
    refuse_unapproved(
        session, approver_of(offer, policy), act=BoundedAct.PLAN_CHANGE, key=key, debtor_id=plan.debtor_id, actor=actor,
        now=now, content=[plan.id, act, offer.json()],
        authority=authority or (Authority.STAFF if by_staff else Authority.BOT))
    paid = paid_by_debt(session, plan)
    rows = _rows(plan, sum(paid.values()), offer)
    _take_terms(plan, offer, paid, balances)
    return write_change(session, opened, rows, actor=actor, by_staff=by_staff, why=why, now=now)


def _refuse_by_rules(session: Session, plan: Plan, act: PlanAct, policy: Policy, now: datetime) -> None:
    if act is PlanAct.CHANGED:
        refuse_too_often(session, plan, CHANGES, policy.plans.change.per_year, now)
        return
    if policy.plans.missed.then == "person" or plan.follow_up is FollowUp.PERSON:
        raise OutsidePolicy(f"plan {plan.id} is for a person to look at")
    refuse_too_often(session, plan, (PlanAct.REPLANNED,), policy.plans.missed.replans_per_year, now)


def _rows(plan: Plan, paid: int, offer: Offer) -> list[Row]:
    """The instalments paid and due before the new ones, what else was paid as one carried over, and the new ones."""
    dues, kept = offer.dues, list[Row]()
    for instalment in plan.instalments:
        if instalment.paid < instalment.amount or instalment.due_on >= dues[0].on:
            break
        kept.append(Row(instalment.due_on, instalment.amount, instalment.carried))
    eve = dues[0].on - _DAY
    if sum(row.amount for row in kept) < paid:
        while kept and kept[-1].on >= eve:  # the carried one needs a day of its own
            kept.pop()
        kept.append(Row(eve, paid - sum(row.amount for row in kept), carried=True))
    return [*kept, *(Row(due.on, due.amount.minor) for due in dues)]


def _take_terms(plan: Plan, offer: Offer, paid: Mapping[DebtId, int], balances: Mapping[DebtId, DebtBalance]) -> None:
    """The plan now covers what was paid in it and what is owed, debt by debt."""
    plan.instalment, plan.first_on, plan.paused_until = offer.instalment.minor, offer.first_on, None
    plan.every, plan.unit, plan.rule = offer.frequency.every, offer.frequency.unit, offer.frequency.rule
    for share in plan.debts:
        share.amount = paid[share.debt_id] + balances[share.debt_id].owed
    plan.total = sum(share.amount for share in plan.debts)
