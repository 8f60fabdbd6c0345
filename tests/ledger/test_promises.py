"""Promises to pay, judged by value date."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.check import check
from ledger.errors import NotFound, PromiseRefused
from ledger.holds import lift_hold, place_hold
from ledger.kinds import HoldReason, PromiseStatus
from ledger.models import Creditor, Debtor, Promise
from ledger.money import Money
from ledger.opening import recall_debt
from ledger.posting import reverse
from ledger.promises import (
    PromiseLine,
    PromiseRecord,
    broken_promises,
    judge_promises,
    make_promise,
    promise_record,
    promises_of,
)
from runtime.database import Database
from runtime.ids import DebtId
from runtime.settings import ROOT, settings
from tests.ledger.portfolio import Portfolio

DUE = date(2026, 3, 20)
AFTER = DUE + timedelta(days=4)  # three days of grace


def promise(portfolio: Portfolio, minor: int, due_on: date = DUE, key: str = "turn:1",
            debts: list[DebtId] | None = None) -> Promise:
    with portfolio.db.write() as session:
        return make_promise(session, key=key, debtor_id=portfolio.debtor_id, amount=Money(minor, "GBP"), due_on=due_on,
                            actor="debtor", now=portfolio.now, debt_ids=debts)


def judge(portfolio: Portfolio, today: date = AFTER) -> int:
    with portfolio.db.write() as session:
        return len(judge_promises(session, today=today))


def lines(portfolio: Portfolio) -> list[PromiseLine]:
    with portfolio.db.read() as session:
        assert check(session) == []
        return promises_of(session, portfolio.debtor_id)


@pytest.mark.parametrize(("paid", "on", "status"), [
    (5_000, DUE, PromiseStatus.KEPT), (5_000, DUE + timedelta(days=3), PromiseStatus.KEPT),
    (2_000, DUE, PromiseStatus.PARTLY_KEPT), (5_000, AFTER, PromiseStatus.BROKEN), (0, DUE, PromiseStatus.BROKEN),
])
def test_kept_partly_kept_broken(
    db: Database, portfolio: Portfolio, paid: int, on: date, status: PromiseStatus
) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    if paid:
        portfolio.pay("p", {debt: paid}, on=on)
    judge(portfolio)
    assert [p.status for p in lines(portfolio)] == [status]


def test_it_is_kept_at_once_and_judged_only_after_grace(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    assert judge(portfolio, DUE + timedelta(days=3)) == 0
    portfolio.pay("p", {debt: 5_000})
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    assert judge(portfolio) == 0


def test_late_news_of_a_timely_payment_mends_and_a_bounce_breaks(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    assert judge(portfolio) == 1
    paid = portfolio.pay("p", {debt: 5_000}, on=DUE)
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    with db.write() as session:
        reverse(session, key="r", txn_id=paid.id, effective_on=AFTER, posted_at=portfolio.now, actor="test",
                cause="bounced")
    assert lines(portfolio)[0].status is PromiseStatus.BROKEN


def test_what_was_paid_the_same_morning_does_not_keep_it(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    portfolio.pay("p0", {debt: 2_000})
    promise(portfolio, 2_000)
    portfolio.pay("p1", {debt: 500}, on=DUE)
    assert (lines(portfolio)[0].received, lines(portfolio)[0].status) == (Money(500, "GBP"), PromiseStatus.OPEN)


def test_a_newer_one_supersedes_those_on_the_same_debts(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 10_000), portfolio.debt("A2", 10_000)
    promise(portfolio, 1_000, key="a", debts=[one])
    promise(portfolio, 2_000, key="b", debts=[two])
    promise(portfolio, 3_000, key="c", debts=[one])
    promise(portfolio, 3_000, key="c", debts=[one])
    assert [(p.amount.minor, p.status) for p in lines(portfolio)] == [
        (3_000, PromiseStatus.OPEN), (2_000, PromiseStatus.OPEN), (1_000, PromiseStatus.SUPERSEDED)]
    promise(portfolio, 4_000, key="d")
    assert [p.status for p in lines(portfolio)] == [PromiseStatus.OPEN] + [PromiseStatus.SUPERSEDED] * 3
    portfolio.pay("p", {two: 4_000})
    assert lines(portfolio)[0].status is PromiseStatus.KEPT
    assert lines(portfolio)[2].status is PromiseStatus.SUPERSEDED


def test_what_is_refused(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    for minor in (0, -1, 10_001):
        with pytest.raises(PromiseRefused) as caught:
            promise(portfolio, minor)
        assert caught.value.owed == Money(10_000, "GBP")
    for due_on in (date(2026, 3, 2), date(2026, 4, 18)):
        with pytest.raises(PromiseRefused) as caught:
            promise(portfolio, 100, due_on)
        assert caught.value.latest == date(2026, 4, 17)
    with pytest.raises(NotFound):
        promise(portfolio, 100, debts=[debt, DebtId(4711)])
    assert lines(portfolio) == []


def status(portfolio: Portfolio) -> PromiseStatus:
    return lines(portfolio)[0].status


@pytest.mark.parametrize(("begins", "until", "released"), [
    (0, 5, True), (10, None, True), (20, 30, True), (21, 30, False), (-30, -1, False), (-30, 0, True),
])
def test_a_hold_before_it_was_judged_releases_it(
    db: Database, portfolio: Portfolio, begins: int, until: int | None, released: bool
) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=debt, reason=HoldReason.HARDSHIP,
                   now=portfolio.now + timedelta(days=begins), actor="test", cause="test",
                   until=None if until is None else portfolio.now.date() + timedelta(days=until))
    judge(portfolio, DUE + timedelta(days=40))
    assert status(portfolio) is (PromiseStatus.RELEASED if released else PromiseStatus.BROKEN)


def test_a_hold_that_was_lifted_before_it_was_made_or_that_lets_us_ask_releases_nothing(
    db: Database, portfolio: Portfolio
) -> None:
    debt = portfolio.debt("A1", 10_000)
    with db.write() as session:
        old = place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=debt, reason=HoldReason.HARDSHIP,
                         now=portfolio.now - timedelta(days=9), until=None, actor="test", cause="test")
        lift_hold(session, hold_id=old.id, now=portfolio.now - timedelta(days=1), actor="test")
        other = portfolio.debtor_id
        place_hold(session, key="h2", debtor_id=other, debt_id=None, reason=HoldReason.ADVICE,
                   now=portfolio.now + timedelta(days=100), until=None, actor="test", cause="test")
    promise(portfolio, 5_000)
    judge(portfolio)
    assert status(portfolio) is PromiseStatus.BROKEN


def test_one_that_is_kept_is_kept_whatever_hold_there_was(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 5_000)
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=None, reason=HoldReason.DISPUTE,
                   now=portfolio.now, until=None, actor="test", cause="test")
    judge(portfolio)
    assert status(portfolio) is PromiseStatus.RELEASED
    portfolio.pay("p", {debt: 5_000}, on=DUE)  # news of a timely payment
    assert status(portfolio) is PromiseStatus.KEPT


def test_a_recalled_debt_releases_what_cannot_be_kept_any_more(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 10_000), portfolio.debt("A2", 2_000)
    promise(portfolio, 2_000, key="a", debts=[one])
    promise(portfolio, 1_500, key="b", debts=[two])
    portfolio.pay("p", {one: 500})

    def recall(debt: DebtId) -> None:
        with db.write() as session:
            recall_debt(session, key=f"r{debt}", debt_id=debt, effective_on=portfolio.now.date(), now=portfolio.now,
                        actor="creditor")

    recall(one)
    assert [line.status for line in lines(portfolio)] == [PromiseStatus.OPEN, PromiseStatus.RELEASED]
    promise(portfolio, 1_800, key="c")  # on all that is left; it takes the place of the one on A2
    recall(two)
    assert [line.status for line in lines(portfolio)] == [
        PromiseStatus.RELEASED, PromiseStatus.SUPERSEDED, PromiseStatus.RELEASED]


def test_what_was_paid_late_does_not_release_it(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 5_000)
    promise(portfolio, 5_000)
    portfolio.pay("p", {debt: 5_000}, on=AFTER)
    judge(portfolio, AFTER + timedelta(days=30))  # the judge was away
    assert status(portfolio) is PromiseStatus.BROKEN


def test_a_kept_one_that_a_newer_one_followed_does_not_open_again(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    promise(portfolio, 2_000, key="a")
    paid = portfolio.pay("p", {debt: 2_000})
    promise(portfolio, 3_000, key="b")
    with db.write() as session:
        reverse(session, key="r", txn_id=paid.id, effective_on=DUE, posted_at=portfolio.now, actor="test", cause="back")
    assert [line.status for line in lines(portfolio)] == [PromiseStatus.OPEN, PromiseStatus.SUPERSEDED]


def test_creditors_whose_policies_share_no_plan_share_a_promise(db: Database, portfolio: Portfolio) -> None:
    with db.write() as session:
        session.get_one(Creditor, portfolio.parcel).policy = "us-standard"  # no four-weekly, and dollars
    portfolio.debt("A1", 1_000)
    portfolio.debt("B1", 1_000, creditor=portfolio.parcel)
    assert promise(portfolio, 2_000).grace_days == 3
    with pytest.raises(PromiseRefused) as caught:
        promise(portfolio, 2_000, date(2026, 4, 3), key="far")
    assert caught.value.latest == date(2026, 4, 2)  # the nearer of both


@pytest.mark.parametrize(("due_on", "region", "days"), [
    (date(2026, 4, 1), "England", 7),   # a Wednesday; Good Friday, a weekend and Easter Monday lie between
    (date(2026, 4, 1), "Scotland", 6),  # Easter Monday is a working day there
    (date(2026, 4, 1), None, 6),        # as far as known, the whole country's holidays
    (date(2026, 3, 17), None, 3), (date(2026, 3, 20), None, 5),
])
def test_grace_in_working_days(
    db: Database, portfolio: Portfolio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, due_on: date,
    region: str | None, days: int,
) -> None:
    text = (ROOT / "policies" / "uk-standard.yml").read_text()
    (tmp_path / "uk-standard.yml").write_text(text.replace("within_days: 45", "within_days: 45\n  working_days: true"))
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    with db.write() as session:
        session.get_one(Debtor, portfolio.debtor_id).region = region
    debt = portfolio.debt("A1", 10_000)
    assert promise(portfolio, 5_000, due_on).grace_days == days
    assert judge(portfolio, due_on + timedelta(days=days)) == 0
    portfolio.pay("p", {debt: 5_000}, on=due_on + timedelta(days=days))
    assert status(portfolio) is PromiseStatus.KEPT
    settings.cache_clear()


def test_how_a_debtor_kept_their_promises(db: Database, portfolio: Portfolio) -> None:
    one, two, three = portfolio.debt("A1", 9_000), portfolio.debt("A2", 9_000), portfolio.debt("A3", 9_000)
    promise(portfolio, 100, DUE, "a", [one])
    promise(portfolio, 100, DUE, "b", [two])
    portfolio.pay("p", {one: 100, two: 50})
    promise(portfolio, 100, DUE - timedelta(days=10), "c", [three])
    judge(portfolio)
    promise(portfolio, 100, AFTER, "d", [three])
    with db.read() as session:
        assert promise_record(session, portfolio.debtor_id) == PromiseRecord(kept=1, partly_kept=1, broken=1, open=1)
        assert promise_record(session, portfolio.debtor_id, since=DUE).broken == 0
        assert broken_promises(session, portfolio.debtor_id) == 1
