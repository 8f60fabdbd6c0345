"""Versions of a plan: one for each change of its terms, none ever lost. The plan's own rows are the one in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.errors import KeyReused, NotFound, PlanChanged, PlanEnded
from ledger.feed import tell_plan
from ledger.keeping import count_plan
from ledger.kinds import PlanAct, PlanStatus
from ledger.models import DebtBalance, Instalment, Plan, PlanDebt, PlanVersion, PlanVersionDue
from ledger.money import Money
from ledger.posting import content_hash, lock_balances
from ledger.schedule import Due, Frequency
from runtime.ids import DebtId


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was made. ``version`` is what the plan's next change expects; ``dues`` is the whole schedule."""

    plan_id: int
    act: PlanAct
    schedule: int
    version: int
    dues: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One instalment of the schedule to be. ``carried``: what was paid towards replaced ones, none of its own."""

    on: date
    amount: int
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A plan that is locked, with the balances of its debts, for one change."""

    plan: Plan
    balances: Mapping[DebtId, DebtBalance]
    key: str
    asked: str
    act: PlanAct


def frequency_of(plan: Plan | PlanVersion) -> Frequency:
    """The rhythm in force."""
    return Frequency.from_json({"every": plan.every, "unit": plan.unit, "rule": plan.rule})


def open_change(
    session: Session, *, key: str, plan_id: int, expected: int, act: PlanAct, content: object
) -> Opened | Changed:
    """Lock the plan's balances and the plan; what was made of ``key`` before, when it was used for the same.

    Raises NotFound, KeyReused, PlanEnded, and PlanChanged unless the plan's version is ``expected``.
    """
    session.flush()
    asked = content_hash([act, plan_id, content])
    if (done := _made(session, key, asked)) is not None:
        return done
    debt_ids = session.scalars(select(PlanDebt.debt_id).where(PlanDebt.plan_id == plan_id)).all()
    balances = lock_balances(session, debt_ids)  # before the plan, as a payment locks them
    plan = session.scalars(
        select(Plan).where(Plan.id == plan_id).options(selectinload(Plan.instalments), selectinload(Plan.debts))
        .with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    if (done := _made(session, key, asked)) is not None:  # made while we waited for the lock
        return done
    if plan.status is not PlanStatus.ACTIVE:
        raise PlanEnded(plan.id, plan.status)
    if plan.version != expected:
        raise PlanChanged(plan.id, plan.version)
    return Opened(plan, balances, key, asked, act)


def _made(session: Session, key: str, asked: str) -> Changed | None:
    version = session.scalars(select(PlanVersion).where(PlanVersion.key == key)).one_or_none()
    if version is None:
        return None
    if version.content_hash != asked:
        raise KeyReused(key)
    plan = session.get_one(Plan, version.plan_id)
    return Changed(plan.id, version.act, version.number, plan.version, _dues(version, plan.currency))


def _dues(version: PlanVersion, currency: str) -> tuple[Due, ...]:
    return tuple(Due(due.due_on, Money(due.amount, currency)) for due in version.dues)


def version_of(
    plan: Plan, *, key: str, content: str, act: PlanAct, paid: int, actor: str, by_staff: bool, why: str, now: datetime
) -> PlanVersion:
    """The version that the plan's terms and instalments make now. ``content`` is the hash of what was asked for."""
    return PlanVersion(
        number=plan.schedule, key=key, content_hash=content, act=act, total=plan.total, paid=paid,
        instalment=plan.instalment, every=plan.every, unit=plan.unit, rule=plan.rule, first_on=plan.first_on,
        actor=actor, by_staff=by_staff, why=why[:300], made_at=now,
        dues=[PlanVersionDue(number=i.number, due_on=i.due_on, amount=i.amount) for i in plan.instalments],
    )


def write_change(
    session: Session, opened: Opened, rows: Sequence[Row], *, actor: str, by_staff: bool, why: str, now: datetime
) -> Changed:
    """Put ``rows`` in force as the plan's next version and count the payments on them.

    Terms that change are set on the plan before. An instalment that keeps place, date and amount stays the same one.
    """
    plan = opened.plan
    paid = sum(instalment.paid for instalment in plan.instalments)
    plan.schedule += 1
    plan.version += 1
    kept = {
        number: instalment
        for number, (instalment, row) in enumerate(zip(plan.instalments, rows, strict=False), start=1)
        if (instalment.due_on, instalment.amount, instalment.carried) == (row.on, row.amount, row.carried)
    }
    plan.instalments = list(kept.values())
    session.flush()  # the old rows give up their numbers
    plan.instalments = [
        kept.get(number) or Instalment(number=number, due_on=row.on, amount=row.amount, paid=0, carried=row.carried,
                                       since=plan.schedule)
        for number, row in enumerate(rows, start=1)
    ]
    version = version_of(plan, key=opened.key, content=opened.asked, act=opened.act, paid=paid, actor=actor,
                         by_staff=by_staff, why=why, now=now)
    plan.versions.append(version)
    session.flush()
    tell_plan(session, plan, "changed", now)
    count_plan(session, plan, at=now)
    return Changed(plan.id, version.act, version.number, plan.version, _dues(version, plan.currency))


@dataclass(frozen=True, slots=True)
class VersionView:
    """What a plan was from one change to the next: the terms, who made them and why, and the schedule agreed."""

    number: int
    act: PlanAct
    total: Money
    paid: Money
    instalment: Money
    frequency: Frequency
    actor: str
    by_staff: bool
    why: str
    made_at: datetime
    dues: tuple[Due, ...]


def history_of(session: Session, plan_id: int) -> list[VersionView]:
    """Every version of a plan, the first first. ``paid`` is what had been paid when it was made."""
    rows = session.execute(
        select(PlanVersion, Plan.currency).join(Plan, Plan.id == PlanVersion.plan_id)
        .where(PlanVersion.plan_id == plan_id).options(selectinload(PlanVersion.dues)).order_by(PlanVersion.number)
    )
    return [
        VersionView(v.number, v.act, Money(v.total, currency), Money(v.paid, currency), Money(v.instalment, currency),
                    frequency_of(v), v.actor, v.by_staff, v.why, v.made_at, _dues(v, currency))
        for v, currency in rows
    ]
