"""Plans: agreed once, kept by payments, missed by date, completed when all is paid."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.check import check
from ledger.errors import AlreadyInPlan, DebtNotPayable, NotFound, OfferStale, OutsidePolicy
from ledger.holds import HoldReason, place_hold
from ledger.kinds import PlanStatus
from ledger.models import Plan
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import PlanView, agree_plan, cancel_plan, plans_of
from ledger.posting import reverse
from ledger.returns import refund_failed, refund_payment
from ledger.schedule import MONTHLY, Due
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio

FIRST = date(2026, 4, 1)


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def agree(portfolio: Portfolio, debts: list[DebtId], total: int, instalment: int, key: str = "turn:1",
          first_on: date = FIRST, by_staff: bool = False) -> Plan:
    with portfolio.db.write() as session:
        return agree_plan(session, key=key, debtor_id=portfolio.debtor_id, debt_ids=debts, actor="debtor",
                          offer=Offer(pounds(total), pounds(instalment), MONTHLY, first_on), now=portfolio.now,
                          by_staff=by_staff)


def view(portfolio: Portfolio, today: date) -> PlanView:
    with portfolio.db.read() as session:
        assert check(session) == []
        return plans_of(session, portfolio.debtor_id, today=today)[0]


def test_a_fresh_plan(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    agree(portfolio, [debt], 64_000, 2_500)
    seen = view(portfolio, portfolio.now.date())
    assert (seen.status, seen.version, seen.count, seen.kept, seen.missed, seen.creditor) == (
        PlanStatus.ACTIVE, 1, 26, 0, 0, "Northern Gas")
    assert (seen.total, seen.paid, seen.left, seen.overdue) == (pounds(64_000), pounds(0), pounds(64_000), pounds(0))
    assert seen.next_due == Due(FIRST, pounds(2_500))
    assert seen.dues[-1].amount == pounds(1_500)
    assert sum(due.amount.minor for due in seen.dues) == 64_000


def test_the_same_key_agrees_once(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    assert agree(portfolio, [debt], 64_000, 2_500).id == agree(portfolio, [debt], 64_000, 2_500).id
    with db.read() as session:
        assert len(plans_of(session, portfolio.debtor_id, today=FIRST)) == 1


def test_payments_fill_the_oldest_instalment_first(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    agree(portfolio, [debt], 10_000, 4_000)
    portfolio.pay("p1", {debt: 5_000}, on=date(2026, 4, 2))
    seen = view(portfolio, date(2026, 4, 10))
    assert [(d.paid.minor, d.paid_on) for d in seen.dues] == [(4_000, date(2026, 4, 2)), (1_000, None), (0, None)]
    assert (seen.kept, seen.missed, seen.next_due) == (1, 0, Due(date(2026, 5, 1), pounds(3_000)))


def test_what_was_paid_before_does_not_count(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 12_000)
    portfolio.pay("p0", {debt: 2_000})
    agree(portfolio, [debt], 10_000, 5_000)
    assert view(portfolio, FIRST).paid == pounds(0)


def test_missed_is_judged_by_date_after_grace(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 40_000)
    agree(portfolio, [debt], 40_000, 5_000)
    for month in (4, 5, 6):
        portfolio.pay(f"p{month}", {debt: 5_000}, on=date(2026, month, 1))
    july = date(2026, 7, 1)
    assert view(portfolio, july + timedelta(days=3)).missed == 0
    seen = view(portfolio, july + timedelta(days=4))
    assert (seen.kept, seen.missed, seen.count, seen.overdue) == (3, 1, 8, pounds(5_000))
    assert seen.next_due == Due(date(2026, 8, 1), pounds(5_000))
    portfolio.pay("late", {debt: 5_000}, on=date(2026, 7, 20))
    mended = view(portfolio, date(2026, 7, 21))
    assert (mended.kept, mended.missed, mended.dues[3].paid_on) == (4, 0, date(2026, 7, 20))


def test_it_completes_and_comes_back_when_the_last_payment_bounces(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    agree(portfolio, [debt], 10_000, 5_000)
    portfolio.pay("p1", {debt: 5_000})
    last = portfolio.pay("p2", {debt: 5_000})
    done = view(portfolio, FIRST)
    assert (done.status, done.version, done.left, done.next_due) == (PlanStatus.COMPLETED, 2, pounds(0), None)
    with db.write() as session:
        reverse(session, key="r", txn_id=last.id, effective_on=FIRST, posted_at=portfolio.now, actor="test",
                cause="bounced")
    back = view(portfolio, FIRST)
    assert (back.status, back.version, back.kept, back.left) == (PlanStatus.ACTIVE, 3, 1, pounds(5_000))


def test_one_plan_over_debts_of_two_creditors(db: Database, portfolio: Portfolio) -> None:
    gas, parcel = portfolio.debt("A1", 31_200), portfolio.debt("B1", 17_420, creditor=portfolio.parcel)
    agree(portfolio, [parcel, gas], 48_620, 10_000)
    portfolio.pay("p1", {gas: 6_000, parcel: 5_000})
    seen = view(portfolio, FIRST)
    assert seen.creditors == ("Northern Gas", "Parcel & Co")
    assert [ref for _, ref in seen.debts] == ["A1", "B1"]
    assert (seen.kept, seen.paid) == (1, pounds(11_000))


def test_what_is_refused(db: Database, portfolio: Portfolio) -> None:
    debt, other = portfolio.debt("A1", 64_000), portfolio.debt("A2", 10_000)
    with pytest.raises(OfferStale) as stale:
        agree(portfolio, [debt], 60_000, 2_500)
    assert stale.value.owed == pounds(64_000)
    for amount, first_on in ((2_499, FIRST), (2_500, date(2026, 3, 1)), (2_500, date(2026, 5, 1))):
        with pytest.raises(OutsidePolicy):
            agree(portfolio, [debt], 64_000, amount, first_on=first_on)
    for debts in ([], [DebtId(4711)]):
        with pytest.raises(NotFound):
            agree(portfolio, debts, 64_000, 2_500)
    agree(portfolio, [debt], 64_000, 2_500)
    with pytest.raises(AlreadyInPlan) as planned:
        agree(portfolio, [debt, other], 74_000, 2_500, key="turn:2")
    assert planned.value.debt_id == debt
    portfolio.pay("p", {other: 10_000})
    with pytest.raises(DebtNotPayable):
        agree(portfolio, [other], 10_000, 2_500, key="turn:3")


@pytest.mark.parametrize(("reason", "whole"), [
    (HoldReason.DISPUTE, False), (HoldReason.FRAUD, True), (HoldReason.BANKRUPTCY, True), (HoldReason.DECEASED, True),
])
def test_a_held_debt_is_refused(db: Database, portfolio: Portfolio, reason: HoldReason, whole: bool) -> None:
    debt = portfolio.debt("A1", 64_000)
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=None if whole else debt, reason=reason,
                   now=portfolio.now, until=None, actor="test", cause="test")
    with pytest.raises(DebtNotPayable) as caught:
        agree(portfolio, [debt], 64_000, 2_500)
    assert caught.value.reason is reason


def test_hardship_or_a_question_to_staff_does_not_stop_the_debtors_own_wish(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    with db.write() as session:
        for reason in (HoldReason.HARDSHIP, HoldReason.STAFF_REVIEW):
            place_hold(session, key=reason, debtor_id=portfolio.debtor_id, debt_id=debt, reason=reason,
                       now=portfolio.now, until=None, actor="test", cause="test")
    assert agree(portfolio, [debt], 64_000, 2_500).status is PlanStatus.ACTIVE


def test_staff_may_agree_less(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    assert agree(portfolio, [debt], 64_000, 1_500, by_staff=True).instalment == 1_500


def test_cancelled_once_and_free_for_another(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    plan = agree(portfolio, [debt], 64_000, 2_500)
    for key in ("c1", "c1", "c2"):
        with db.write() as session:
            ended = cancel_plan(session, key=key, plan_id=plan.id, actor="debtor", now=portfolio.now)
    assert (ended.status, ended.version, ended.end_key) == (PlanStatus.CANCELLED, 2, "c1")
    portfolio.pay("p", {debt: 4_000})
    agree(portfolio, [debt], 60_000, 3_000, key="turn:2")
    assert view(portfolio, FIRST).count == 20
    with db.write() as session, pytest.raises(NotFound):
        cancel_plan(session, key="c", plan_id=4711, actor="debtor", now=portfolio.now)


@pytest.mark.parametrize("how", ["refund", "bounce", "failed refund"])
def test_what_happens_to_a_payment_of_before_delays_no_plan(portfolio: Portfolio, how: str) -> None:
    debt = portfolio.debt("A1", 70_000)
    before = portfolio.pay("before", {debt: 6_000})
    day: dict[str, Any] = {"effective_on": portfolio.now.date(), "posted_at": portfolio.now, "actor": "t", "cause": "t"}
    if how == "failed refund":
        with portfolio.db.write() as session:
            first = refund_payment(session, key="r0", payment_id=before.id, amount=Money(2_000, "GBP"), **day)
    agree(portfolio, [debt], portfolio.balance(debt).owed, 4_000)
    with portfolio.db.write() as session:
        if how == "refund":
            refund_payment(session, key="r", payment_id=before.id, amount=Money(2_500, "GBP"), **day)
        elif how == "bounce":
            reverse(session, key="r", txn_id=before.id, **day)
        else:  # the debtor has paid after all, and more of the plan's balance than before
            refund_failed(session, key="r", refund_id=first.id, **day)
    came = 2_000 if how == "failed refund" else 0
    seen = view(portfolio, FIRST)
    assert (seen.paid.minor, [share.paid.minor for share in seen.shares]) == (came, [came])
    payment = portfolio.pay("first", {debt: 4_000})
    seen = view(portfolio, FIRST)
    assert (seen.paid.minor, seen.shares[0].paid.minor, seen.dues[0].paid.minor) == (4_000 + came, 4_000 + came, 4_000)
    with portfolio.db.write() as session:
        refund_payment(session, key="r2", payment_id=payment.id, amount=Money(1_000, "GBP"), **day)
    assert view(portfolio, FIRST).paid.minor == 3_000 + came


def test_no_version_of_a_plan_is_ever_changed(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)
    agree(portfolio, [debt], 64_000, 4_000)
    for table in ("plan_version", "plan_version_due"):
        replaced = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608  (names of ours)
        for statement in (f"UPDATE {table} SET number = 7", f"DELETE FROM {table}",  # noqa: S608
                          replaced if portfolio.db.dialect == "sqlite" else f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DBAPIError, match="never changed"), portfolio.db.write() as session:
                session.execute(text(statement))
    assert view(portfolio, FIRST).count == 16
