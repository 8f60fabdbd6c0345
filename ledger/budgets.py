"""Income and expenditure forms that debtors gave: kept in versions, read as a surplus that caps what is agreed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.affordability import Flag, Form, affordable, flags
from ledger.errors import AboveSurplus, KeyReused, NotFound
from ledger.kinds import DebtStatus, PlanStatus
from ledger.models import Budget, Creditor, Debt, Debtor, Plan
from ledger.money import Money, zero
from ledger.offers.limits import months_between, most_affordable
from ledger.once import found, once
from ledger.policy import Policy, policy_for
from ledger.policy.affordability import AffordabilityRules
from ledger.schedule import Frequency
from runtime.ids import DebtorId


def record_form(
    session: Session, *, key: str, debtor_id: DebtorId, form: Form, actor: str, now: datetime, today: date
) -> Budget:
    """Keep a form as the debtor's newest. Earlier ones stay. ``today``: the day its figures are of.

    The same key with the same form changes nothing. Raises NotFound, KeyReused.
    """
    session.flush()
    asked = form.json()
    if (budget := found(session, Budget, key)) is not None:
        return _same(budget, debtor_id, asked)
    if session.get(Debtor, debtor_id, with_for_update=True) is None:  # numbers its versions
        raise NotFound(f"there is no debtor {debtor_id}")
    latest = session.scalar(select(func.max(Budget.version)).where(Budget.debtor_id == debtor_id)) or 0
    budget = once(session, Budget, key, lambda: Budget(
        key=key, debtor_id=debtor_id, version=latest + 1, taken_on=today, form=asked, actor=actor, recorded_at=now))
    return _same(budget, debtor_id, asked)


def _same(budget: Budget, debtor_id: DebtorId, asked: dict[str, Any]) -> Budget:
    if budget.debtor_id != debtor_id or budget.form != asked:
        raise KeyReused(budget.key)
    return budget


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A form as staff see it. ``flags``: spending above a guideline of any of the debtor's creditors."""

    version: int
    taken_on: date
    valid_until: date
    actor: str
    form: Form
    surplus: Money
    flags: tuple[Flag, ...]


def forms_of(session: Session, debtor_id: DebtorId) -> list[BudgetView]:
    """The forms of a debtor, the newest first."""
    budgets = session.scalars(
        select(Budget).where(Budget.debtor_id == debtor_id).order_by(Budget.version.desc())).all()
    rules = _rules(session, debtor_id) if budgets else {}
    views = []
    for budget in budgets:
        form = Form.from_json(budget.form)
        mine = rules.get(form.currency) or AffordabilityRules()
        views.append(BudgetView(
            budget.version, budget.taken_on, budget.taken_on + timedelta(days=mine.valid_days), budget.actor, form,
            form.surplus, tuple(flags(mine, form))))
    return views


def surplus_of(session: Session, debtor_id: DebtorId, *, today: date) -> Money | None:
    """What the debtor has left over in a month beside the plans that run with us; None without a form, or an old one.

    The newest form counts, for as long as the policies of the debtor's open debts say. May be nothing or less.
    """
    budget = session.scalars(
        select(Budget).where(Budget.debtor_id == debtor_id).order_by(Budget.version.desc()).limit(1)).first()
    if budget is None:
        return None
    form = Form.from_json(budget.form)
    rules = _rules(session, debtor_id).get(form.currency) or AffordabilityRules()
    if budget.taken_on + timedelta(days=rules.valid_days) < today:
        return None
    return form.surplus - _planned(session, debtor_id, form.currency)


def spare(session: Session, debtor_id: DebtorId, policy: Policy, *, today: date) -> Money | None:
    """The most that a new plan may take in a month: the policy's share of the surplus, nothing when none is left.

    None when there is no form that counts, or it is in another currency.
    """
    surplus = surplus_of(session, debtor_id, today=today)
    if surplus is None or surplus.currency != policy.currency:
        return None
    most = affordable(policy, surplus)
    return most if isinstance(most, Money) else zero(policy.currency)


def refuse_unaffordable(
    session: Session, debtor_id: DebtorId, instalment: Money, frequency: Frequency, policy: Policy, today: date
) -> None:
    """Raises AboveSurplus when a form that still counts leaves less than ``instalment`` over."""
    a_month = spare(session, debtor_id, policy, today=today)
    if a_month is not None and instalment > (most := most_affordable(a_month, frequency)):
        raise AboveSurplus(instalment, most)


def _rules(session: Session, debtor_id: DebtorId) -> dict[str, AffordabilityRules]:
    """What the creditors of the debtor's open debts say together, by currency."""
    creditors = session.scalars(
        select(Creditor).distinct().join(Debt, Debt.creditor_id == Creditor.id)
        .where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN))
    named = {policy.name: policy for policy in map(policy_for, creditors)}
    by_currency: dict[str, list[AffordabilityRules]] = {}
    for policy in named.values():
        by_currency.setdefault(policy.currency, []).append(policy.affordability)
    return {currency: AffordabilityRules.strictest(every) for currency, every in by_currency.items()}


def _planned(session: Session, debtor_id: DebtorId, currency: str) -> Money:
    """What the debtor's active plans take in a month, rounded up."""
    plans = session.scalars(select(Plan).where(
        Plan.debtor_id == debtor_id, Plan.currency == currency, Plan.status == PlanStatus.ACTIVE))
    minor = Fraction(0)
    for plan in plans:
        frequency = Frequency.from_json({"every": plan.every, "unit": plan.unit, "rule": plan.rule})
        minor += plan.instalment / months_between(frequency)
    return Money(-(-minor.numerator // minor.denominator), currency)
