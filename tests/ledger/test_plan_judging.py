"""Instalments are judged by value date, once; what was missed is recorded, mended by a payment, and shown to staff."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.kinds import FollowUp, InstalmentState, PlanStatus
from ledger.models import Creditor, InstalmentEvent, Plan
from ledger.offers import Offer
from ledger.plans import JudgedPlan, cancel_plan, change_plan, judge_plans, kept_rate, record_of
from ledger.plans.record import Record
from ledger.posting import reverse
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.ledger.planning import FIRST, agree, at, policy_with, pounds, view
from tests.ledger.portfolio import Portfolio

MAY, JUNE, JULY = date(2026, 5, 10), date(2026, 6, 10), date(2026, 7, 10)


@pytest.fixture
def plan(portfolio: Portfolio) -> Plan:
    """£200 in £50 a month from 1 April; grace is three days."""
    return agree(portfolio, [portfolio.debt("A1", 20_000)], 20_000, 5_000)


def judge(db: Database, today: date) -> list[JudgedPlan]:
    with db.write() as session:
        return judge_plans(session, today=today, now=at(today))


def record(db: Database, plan: Plan) -> Record:
    with db.read() as session:
        return record_of(session, plan.id)


def states(db: Database, plan: Plan) -> list[tuple[int, InstalmentState]]:
    with db.read() as session:
        rows = session.execute(select(InstalmentEvent.number, InstalmentEvent.state)
                               .where(InstalmentEvent.plan_id == plan.id).order_by(InstalmentEvent.id))
        return [(number, state) for number, state in rows]


def test_missed_once_and_only_after_grace(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    assert judge(db, date(2026, 4, 4)) == []
    (judged,) = judge(db, date(2026, 4, 5))
    assert (judged.plan_id, judged.misses, judged.overdue, judged.follow_up, judged.then, judged.ask_person) == (
        plan.id, 1, pounds(5_000), FollowUp.BEHIND, "catch_up", False)
    assert [(line.number, line.on, line.state) for line in judged.missed] == [(1, FIRST, InstalmentState.MISSED)]
    assert judge(db, date(2026, 4, 5)) == judge(db, date(2026, 4, 30)) == []
    assert states(db, plan) == [(1, InstalmentState.MISSED)]
    assert view(portfolio, MAY).follow_up is FollowUp.BEHIND


def test_kept_late_part_paid_and_missed_are_told_apart(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    portfolio.pay("p1", {debt: 5_000}, on=date(2026, 4, 4))  # the last day of grace
    portfolio.pay("p2", {debt: 5_000}, on=date(2026, 5, 5))  # a day too late
    portfolio.pay("p3", {debt: 2_000}, on=date(2026, 6, 1))
    (judged,) = judge(db, JULY)
    assert [(line.number, line.paid.minor, line.state) for line in judged.missed] == [
        (3, 2_000, InstalmentState.PART_PAID), (4, 0, InstalmentState.MISSED)]
    assert (judged.follow_up, judged.ask_person, judged.misses) == (FollowUp.PERSON, True, 2)
    assert record(db, plan) == Record(kept=1, kept_late=1, part_paid=1, missed=1)
    seen = view(portfolio, JULY)
    assert (seen.kept, seen.late, seen.missed) == (2, 1, 2)
    with db.read() as session:
        found = kept_rate(session, portfolio.debtor_id)
    assert (found.judged, found.behind, str(found.rate)) == (4, 2, "0.250")
    assert Record().rate is None


def test_a_late_payment_and_its_bouncing_mend_the_judgement(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    judge(db, MAY)
    late = portfolio.pay("late", {debt: 12_000}, on=date(2026, 5, 11))
    assert record(db, plan) == Record(kept_late=2)
    assert view(portfolio, MAY).follow_up is None
    with db.write() as session:
        reverse(session, key="r", txn_id=late.id, effective_on=JUNE, posted_at=at(JUNE), actor="test", cause="bounced")
    assert record(db, plan) == Record(missed=2)
    assert view(portfolio, MAY).follow_up is FollowUp.BEHIND
    portfolio.pay("in time after all", {debt: 7_000}, on=FIRST)  # found later, by its value date in time
    assert record(db, plan) == Record(kept=1, part_paid=1)
    assert judge(db, MAY) == []


def test_payments_are_read_by_value_date_whenever_they_come(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    portfolio.pay("second", {debt: 5_000}, on=date(2026, 5, 1))
    assert record(db, plan) == Record(kept_late=1)
    portfolio.pay("first", {debt: 5_000}, on=date(2026, 4, 1))
    assert record(db, plan) == Record(kept=2)
    assert [due.paid_on for due in view(portfolio, MAY).dues] == [date(2026, 4, 1), date(2026, 5, 1), None, None]


def test_a_person_is_asked_once_until_it_is_mended(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    assert [j.ask_person for today in (date(2026, 4, 10), MAY, JUNE) for j in judge(db, today)] == [False, True, False]
    portfolio.pay("p", {debt: 15_000}, on=JUNE)
    assert [(j.ask_person, j.misses, j.follow_up) for j in judge(db, JULY)] == [(False, 1, FollowUp.BEHIND)]


def test_misses_before_staff_set_new_terms_count_no_more(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    judge(db, MAY)
    with db.write() as session:
        change_plan(session, key="staff", plan_id=plan.id, expected=1, actor="ann", by_staff=True, now=at(MAY),
                    offer=Offer(pounds(20_000), pounds(1_000), MONTHLY, date(2026, 6, 1)))
    assert view(portfolio, MAY).follow_up is None
    (judged,) = judge(db, JUNE)
    assert (judged.misses, judged.ask_person, judged.key) == (1, False, f"plan:{plan.id}:2.1")
    assert record(db, plan) == Record(missed=3)  # all of them are remembered


@pytest.mark.parametrize("gone", [False, True])
def test_where_the_policy_wants_a_person_or_is_gone(
    db: Database, portfolio: Portfolio, plan: Plan, tmp_path: Path, gone: bool
) -> None:
    with policy_with(tmp_path, missed={"then": "person"}):
        if gone:
            with db.write() as session:
                session.get_one(Creditor, portfolio.gas).policy = "no-such-policy"
        (judged,) = judge(db, date(2026, 4, 10))
    assert (judged.then, judged.ask_person) == ("person", True)


def test_what_has_ended_is_not_judged(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    with db.write() as session:
        cancel_plan(session, key="c", plan_id=plan.id, actor="debtor", now=at(FIRST))
    assert judge(db, JULY) == []
    paid = agree(portfolio, [portfolio.debt("A2", 10_000)], 10_000, 5_000, key="second")
    portfolio.pay("p", {paid.debts[0].debt_id: 10_000}, on=FIRST)
    assert judge(db, JULY) == []
    assert view(portfolio, JULY).status is PlanStatus.COMPLETED
    assert record(db, paid) == Record(kept=2)


def test_so_many_at_a_time(db: Database, portfolio: Portfolio) -> None:
    for number in range(5):
        agree(portfolio, [portfolio.debt(f"A{number}", 20_000)], 20_000, 5_000, key=f"k{number}")
    counts = []
    while True:
        with db.write() as session:
            judged = judge_plans(session, today=MAY, now=at(MAY), limit=2)
        counts.append(len(judged))
        if not judged:
            break
    assert counts == [2, 2, 1, 0]
