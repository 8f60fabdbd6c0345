"""Agreeing a plan."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.budgets import refuse_unaffordable
from ledger.confirming import refuse_stale
from ledger.errors import KeyReused, NotFound, OfferStale
from ledger.feed import tell_plan
from ledger.keeping import newest_postings, paid_on_debts
from ledger.kinds import Authority, BoundedAct, PlanAct, PlanStatus
from ledger.models import Debt, Instalment, Plan, PlanDebt
from ledger.money import Money
from ledger.offers import Offer
from ledger.once import found, once
from ledger.plans.allowed import (
    approver_of,
    debtor_place,
    policy_of,
    refuse_outside,
    refuse_planned,
    refuse_unapproved,
    refuse_unpayable,
)
from ledger.plans.versions import version_of
from ledger.posting import content_hash, lock_balances
from ledger.settlements import refuse_settling
from runtime.ids import DebtId, DebtorId


def agree_plan(
    session: Session, *, key: str, debtor_id: DebtorId, debt_ids: Collection[DebtId], offer: Offer, actor: str,
    now: datetime, by_staff: bool = False, authority: Authority | None = None,
) -> Plan:
    """Make ``offer`` a plan over all of the balance of ``debt_ids``. The same key again returns the same plan.

    Raises NotFound, DebtNotPayable (disputed, bankrupt, nothing owed …), AlreadyInPlan, AlreadySettling, OfferStale
    (the balance has changed), KeyReused (the key stands for another offer), and, unless ``by_staff``, who may agree all
    the same, OutsidePolicy, AboveSurplus and BalanceStale. NeedsApproval where the policy wants somebody with more
    than ``authority``, which is that of a member of staff when it is not given and ``by_staff``.
    """
    session.flush()
    wanted = sorted(set(debt_ids))
    asked = content_hash([debtor_id, wanted, offer.json()])
    if (plan := _agreed(session, key, asked)) is not None:
        return plan
    balances = lock_balances(session, wanted)
    if (plan := _agreed(session, key, asked)) is not None:  # agreed while we waited for the lock
        return plan
    debts = session.scalars(select(Debt).where(Debt.id.in_(wanted)).execution_options(populate_existing=True)).all()
    if not wanted or any(debt.debtor_id != debtor_id for debt in debts):
        raise NotFound("the debtor has no such debts")
    refuse_unpayable(session, debtor_id, debts, balances, now)
    refuse_planned(session, wanted)
    refuse_settling(session, wanted)
    owed = Money(sum(balances[debt.id].owed for debt in debts), debts[0].currency)
    if owed != offer.total or any(debt.currency != owed.currency for debt in debts):
        raise OfferStale(owed)
    policy = policy_of(session, wanted)
    if not by_staff:
        refuse_stale(session, wanted, now=now)
        refuse_outside(offer, policy, place=debtor_place(session, debtor_id), now=now)
        refuse_unaffordable(session, debtor_id, offer.instalment, offer.frequency, policy, now.date())
    refuse_unapproved(
        session, approver_of(offer, policy), act=BoundedAct.PLAN, key=key, debtor_id=debtor_id, actor=actor, now=now,
        content=[wanted, offer.json()], authority=authority or (Authority.STAFF if by_staff else Authority.BOT))
    paid, newest = paid_on_debts(session, wanted), newest_postings(session, wanted)

    def make() -> Plan:
        plan = Plan(
            key=key, debtor_id=debtor_id, currency=owed.currency, total=owed.minor, instalment=offer.instalment.minor,
            every=offer.frequency.every, unit=offer.frequency.unit, rule=offer.frequency.rule, first_on=offer.first_on,
            grace_days=policy.plans.grace_days, status=PlanStatus.ACTIVE, version=1, schedule=1, actor=actor,
            agreed_at=now,
            instalments=[
                Instalment(number=number, due_on=due.on, amount=due.amount.minor, paid=0)
                for number, due in enumerate(offer.dues, start=1)
            ],
            debts=[PlanDebt(debt_id=i, amount=balances[i].owed, paid_before=paid[i], counted_from=newest.get(i))
                   for i in wanted],
        )
        plan.versions = [version_of(plan, key=key, content=asked, act=PlanAct.AGREED, paid=0, actor=actor,
                                    by_staff=by_staff, why="", now=now)]
        return plan

    plan = once(session, Plan, key, make)
    tell_plan(session, plan, "agreed", now)
    return plan


def _agreed(session: Session, key: str, asked: str) -> Plan | None:
    plan = found(session, Plan, key)
    if plan is not None and any(v.content_hash not in ("", asked) for v in plan.versions[:1]):  # older ones have none
        raise KeyReused(key)
    return plan
