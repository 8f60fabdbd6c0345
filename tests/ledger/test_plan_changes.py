"""A plan that runs is changed, moved, paused, caught up: nothing of what it was is lost, and nothing is done twice."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ledger.errors import (
    DebtNotPayable,
    KeyReused,
    NotFound,
    NothingToChange,
    OfferStale,
    OutsidePolicy,
    PlanChanged,
    PlanEnded,
)
from ledger.holds import HoldReason, place_hold
from ledger.kinds import Bucket, CreditorAccount, FollowUp, InstalmentState, PlanAct, PlanStatus, PostingKind
from ledger.models import Plan
from ledger.money import Money
from ledger.offers import Allowed, NeedsPerson, Offer, TooLow
from ledger.plans import (
    Changed,
    VersionView,
    agree_plan,
    cancel_plan,
    catch_up,
    catch_up_dues,
    change_plan,
    history_of,
    judge_plans,
    move_instalment,
    pause_plan,
    propose_change,
    propose_replan,
    replan,
    resume_plan,
)
from ledger.posting import on_creditor, on_debt, post, reverse
from ledger.receipts import receive
from ledger.schedule import FORTNIGHTLY, LAST_WORKING_DAY, MONTHLY, Frequency
from runtime.database import Database
from tests.ledger.planning import FIRST, agree, at, policy_with, pounds, shown, view
from tests.ledger.portfolio import Portfolio

APRIL, MAY, JUNE = date(2026, 4, 10), date(2026, 5, 10), date(2026, 6, 10)


@pytest.fixture
def plan(portfolio: Portfolio) -> Plan:
    """£200 in £50 a month from 1 April."""
    return agree(portfolio, [portfolio.debt("A1", 20_000)], 20_000, 5_000)


def changed(portfolio: Portfolio, plan: Plan, today: date, offer: Offer, *, key: str = "change", expected: int = 1,
            by_staff: bool = False) -> Changed:
    with portfolio.db.write() as session:
        return change_plan(session, key=key, plan_id=plan.id, expected=expected, offer=offer, actor="debtor",
                           now=at(today), by_staff=by_staff, why="hours cut")


def moved(portfolio: Portfolio, plan: Plan, number: int, to: date, *, today: date = APRIL, key: str = "move",
          expected: int = 1, by_staff: bool = False) -> Changed:
    with portfolio.db.write() as session:
        return move_instalment(session, key=key, plan_id=plan.id, expected=expected, number=number, to=to,
                               actor="debtor", now=at(today), today=today, by_staff=by_staff)


def paused(portfolio: Portfolio, plan: Plan, until: date, *, today: date = APRIL, key: str = "pause",
           expected: int = 1, by_staff: bool = False) -> Changed:
    with portfolio.db.write() as session:
        return pause_plan(session, key=key, plan_id=plan.id, expected=expected, until=until, actor="debtor",
                          now=at(today), today=today, by_staff=by_staff)


def caught_up(portfolio: Portfolio, plan: Plan, today: date, *, key: str = "catch", expected: int = 1,
              by_staff: bool = False, surplus: Money | None = None) -> Changed | NeedsPerson:
    with portfolio.db.write() as session:
        return catch_up(session, key=key, plan_id=plan.id, expected=expected, actor="debtor", now=at(today),
                        today=today, by_staff=by_staff, surplus=surplus)


def test_new_terms_for_the_rest_and_what_was_paid_stays(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 7_000}, on=FIRST)
    with db.read() as session:
        asked = propose_change(session, plan_id=plan.id, today=APRIL, amount=pounds(4_000))
    assert isinstance(asked, Allowed)
    assert (asked.offer.total, asked.offer.frequency) == (pounds(13_000), MONTHLY)
    assert asked.offer.first_on == date(2026, 5, 1)
    done = changed(portfolio, plan, APRIL, asked.offer)
    assert (done.act, done.schedule, done.version) == (PlanAct.CHANGED, 2, 2)
    seen = view(portfolio, APRIL)
    assert shown(seen) == [("2026-04-01", 5_000, 5_000), ("2026-04-30", 2_000, 2_000), ("2026-05-01", 4_000, 0),
                           ("2026-06-01", 4_000, 0), ("2026-07-01", 4_000, 0), ("2026-08-01", 1_000, 0)]
    assert (seen.kept, seen.count, seen.total, seen.left, seen.schedule) == (1, 5, pounds(20_000), pounds(13_000), 2)
    assert [(v.number, v.act, v.paid, v.instalment, v.actor, v.why) for v in _history(db, plan)] == [
        (1, PlanAct.AGREED, pounds(0), pounds(5_000), "debtor", ""),
        (2, PlanAct.CHANGED, pounds(7_000), pounds(4_000), "debtor", "hours cut")]
    assert [d.amount.minor for d in _history(db, plan)[0].dues] == [5_000] * 4
    assert tuple(_history(db, plan)[1].dues) == done.dues


def _history(db: Database, plan: Plan) -> list[VersionView]:
    with db.read() as session:
        return history_of(session, plan.id)


def test_another_rhythm_and_many_paid_ahead(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 16_000}, on=FIRST)
    changed(portfolio, plan, APRIL, Offer(pounds(4_000), pounds(2_000), FORTNIGHTLY, date(2026, 4, 20)))
    seen = view(portfolio, APRIL)
    assert shown(seen) == [("2026-04-01", 5_000, 5_000), ("2026-04-19", 11_000, 11_000), ("2026-04-20", 2_000, 0),
                           ("2026-05-04", 2_000, 0)]
    changed(portfolio, plan, APRIL, Offer(pounds(4_000), pounds(4_000), LAST_WORKING_DAY, date(2026, 4, 30)),
            key="again", expected=2)
    assert view(portfolio, APRIL).frequency == LAST_WORKING_DAY


def test_a_bounced_payment_empties_what_it_had_filled(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    paid = portfolio.pay("p1", {plan.debts[0].debt_id: 7_000}, on=FIRST)
    changed(portfolio, plan, APRIL, Offer(pounds(13_000), pounds(4_000), MONTHLY, date(2026, 5, 1)))
    portfolio.pay("p2", {plan.debts[0].debt_id: 4_000}, on=APRIL)
    with db.write() as session:
        reverse(session, key="r", txn_id=paid.id, effective_on=APRIL, posted_at=at(APRIL), actor="test",
                cause="bounced")
    seen = view(portfolio, APRIL)
    assert [paid for _, _, paid in shown(seen)] == [4_000, 0, 0, 0, 0, 0]
    assert (seen.total, seen.left, seen.missed) == (pounds(20_000), pounds(16_000), 1)


def test_what_was_added_to_the_debt_is_in_the_new_terms(db: Database, portfolio: Portfolio) -> None:
    gas, parcel = portfolio.debt("A1", 12_000), portfolio.debt("B1", 8_000, creditor=portfolio.parcel)
    plan = agree(portfolio, [gas, parcel], 20_000, 5_000)
    portfolio.pay("p1", {gas: 4_000, parcel: 1_000}, on=FIRST)
    debt = portfolio.debt("C1", 500)
    with db.write() as session:  # 300 off the gas debt
        post(session, key="off", kind=PostingKind.ADJUSTMENT, effective_on=APRIL, posted_at=at(APRIL), actor="test",
             cause="goodwill", lines=[on_debt(gas, Bucket.PRINCIPAL, -pounds(300)),
                                      on_creditor(portfolio.gas, CreditorAccount.WRITE_OFF, pounds(300))])
    with pytest.raises(OfferStale) as stale:
        changed(portfolio, plan, APRIL, Offer(pounds(15_000), pounds(5_000), MONTHLY, date(2026, 5, 1)))
    assert stale.value.owed == pounds(14_700)
    changed(portfolio, plan, APRIL, Offer(pounds(14_700), pounds(5_000), MONTHLY, date(2026, 5, 1)))
    seen = view(portfolio, APRIL)
    assert (seen.total, seen.paid, seen.left) == (pounds(19_700), pounds(5_000), pounds(14_700))
    assert [(s.ref, s.amount.minor, s.paid.minor, s.left.minor) for s in seen.shares] == [
        ("A1", 11_700, 4_000, 7_700), ("B1", 8_000, 1_000, 7_000)]
    assert debt not in {s.debt_id for s in seen.shares}


Act = Callable[[Portfolio, Plan, str, int], object]
ACTS: dict[str, Act] = {
    "change": lambda p, plan, key, version: changed(
        p, plan, APRIL, Offer(pounds(20_000), pounds(4_000), MONTHLY, date(2026, 5, 1)), key=key, expected=version),
    "move": lambda p, plan, key, version: moved(p, plan, 2, date(2026, 5, 6), key=key, expected=version),
    "pause": lambda p, plan, key, version: paused(p, plan, date(2026, 5, 20), key=key, expected=version),
    "catch up": lambda p, plan, key, version: caught_up(p, plan, APRIL, key=key, expected=version),
}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_change_is_made_once_and_only_to_the_plan_that_was_shown(
    db: Database, portfolio: Portfolio, plan: Plan, name: str
) -> None:
    act = ACTS[name]
    with pytest.raises(PlanChanged) as other:
        act(portfolio, plan, "key", 7)
    assert other.value.version == 1
    first = act(portfolio, plan, "key", 1)
    assert act(portfolio, plan, "key", 1) == first
    with pytest.raises(PlanChanged):
        act(portfolio, plan, "another", 1)
    with pytest.raises(KeyReused):
        moved(portfolio, plan, 3, date(2026, 6, 6), key="key", expected=1)
    assert len(_history(db, plan)) == 2
    with db.write() as session:
        cancel_plan(session, key="c", plan_id=plan.id, actor="debtor", now=at(APRIL))
    with pytest.raises(PlanEnded):
        act(portfolio, plan, "third", 3)
    assert act(portfolio, plan, "key", 1) is not None  # what was done stays done
    with pytest.raises(NotFound):
        act(portfolio, Plan(id=4711), "fourth", 1)
    assert len(_history(db, plan)) == 2


def test_agreeing_with_a_key_of_another_offer_is_refused(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    with db.write() as session, pytest.raises(KeyReused):
        agree_plan(session, key="agree", debtor_id=portfolio.debtor_id, debt_ids=[plan.debts[0].debt_id],
                   actor="debtor", now=portfolio.now, offer=Offer(pounds(20_000), pounds(4_000), MONTHLY, FIRST))


def test_terms_outside_the_policy_are_for_staff(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    low = Offer(pounds(20_000), pounds(1_000), MONTHLY, date(2026, 5, 1))
    with db.read() as session:
        asked = propose_change(session, plan_id=plan.id, today=APRIL, amount=pounds(1_000))
    assert isinstance(asked, TooLow)
    with pytest.raises(OutsidePolicy):
        changed(portfolio, plan, APRIL, low)
    assert changed(portfolio, plan, APRIL, low, by_staff=True).schedule == 2
    with db.write() as session:
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=None, reason=HoldReason.FRAUD,
                   now=at(APRIL), until=None, actor="test", cause="test")
    with pytest.raises(DebtNotPayable):
        changed(portfolio, plan, APRIL, Offer(pounds(20_000), pounds(5_000), MONTHLY, date(2026, 5, 1)), key="2",
                expected=2)


def test_a_debtor_changes_so_often_in_a_year(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    for number, day in enumerate((date(2026, 5, 2), date(2026, 5, 3))):
        moved(portfolio, plan, 2, day, key=f"m{number}", expected=1 + number)
    with pytest.raises(OutsidePolicy):
        moved(portfolio, plan, 2, date(2026, 5, 4), key="m3", expected=3)
    with pytest.raises(OutsidePolicy):
        changed(portfolio, plan, APRIL, Offer(pounds(20_000), pounds(5_000), MONTHLY, date(2026, 5, 1)), key="c3",
                expected=3)
    moved(portfolio, plan, 2, date(2026, 5, 4), key="m4", expected=3, by_staff=True)
    next_year = date(2027, 5, 1)
    assert changed(portfolio, plan, next_year, Offer(pounds(20_000), pounds(5_000), MONTHLY, date(2027, 5, 10)),
                   key="c5", expected=4).schedule == 5


def test_one_instalment_on_another_day(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 6_000}, on=FIRST)
    for number, to, error in (
        (2, date(2026, 5, 12), OutsidePolicy), (2, date(2026, 4, 9), NothingToChange),  # too far; past
        (3, date(2026, 5, 1), NothingToChange), (2, date(2026, 6, 1), NothingToChange),  # on its neighbour's day
        (2, date(2026, 5, 1), NothingToChange), (1, date(2026, 4, 11), NothingToChange), (9, JUNE, NothingToChange),
    ):
        with pytest.raises(error):
            moved(portfolio, plan, number, to)
    for expected, (number, to) in enumerate(((2, date(2026, 5, 11)), (2, APRIL), (4, date(2026, 7, 4))), start=1):
        moved(portfolio, plan, number, to, key=f"m{expected}", expected=expected, by_staff=expected == 3)
        seen = view(portfolio, APRIL)
        assert (seen.dues[number - 1].on, seen.dues[number - 1].amount) == (to, pounds(5_000))
        assert (seen.paid, seen.kept) == (pounds(6_000), 1)


def test_a_pause_puts_the_rest_behind_it_on_the_same_day_of_the_month(
    db: Database, portfolio: Portfolio, plan: Plan
) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 6_000}, on=FIRST)
    paused(portfolio, plan, date(2026, 6, 9))
    seen = view(portfolio, APRIL)
    assert shown(seen) == [("2026-04-01", 5_000, 5_000), ("2026-07-01", 5_000, 1_000), ("2026-08-01", 5_000, 0),
                           ("2026-09-01", 5_000, 0)]
    assert (seen.paused_until, seen.missed) == (date(2026, 6, 9), 0)
    assert view(portfolio, JUNE).paused_until is None
    for wrong in (APRIL, date(2026, 5, 1)):  # paused already
        with pytest.raises(NothingToChange):
            paused(portfolio, plan, wrong, key=f"again {wrong}", expected=2)
    with db.write() as session:
        back = resume_plan(session, key="back", plan_id=plan.id, expected=2, actor="debtor", now=at(MAY), today=MAY)
    assert [str(due.on) for due in back.dues] == ["2026-04-01", "2026-06-01", "2026-07-01", "2026-08-01"]
    seen = view(portfolio, MAY)
    assert (seen.paused_until, seen.paid, seen.schedule) == (None, pounds(6_000), 3)
    with db.write() as session, pytest.raises(NothingToChange):
        resume_plan(session, key="back again", plan_id=plan.id, expected=3, actor="debtor", now=at(MAY), today=MAY)


def test_a_resumed_plan_is_never_due_before_it_was(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 10_000}, on=FIRST)  # April and May
    paused(portfolio, plan, date(2026, 6, 9))
    assert [str(due.on) for due in view(portfolio, APRIL).dues][2:] == ["2026-07-01", "2026-08-01"]
    with db.write() as session:
        resume_plan(session, key="back", plan_id=plan.id, expected=2, actor="debtor", now=at(APRIL), today=APRIL)
    assert [str(due.on) for due in view(portfolio, APRIL).dues][2:] == ["2026-06-01", "2026-07-01"]


def test_a_pause_in_which_nothing_falls_due_moves_nothing(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 15_000}, on=FIRST)  # until June
    before = shown(view(portfolio, APRIL))
    paused(portfolio, plan, date(2026, 6, 9))
    assert shown(view(portfolio, APRIL)) == before


def test_a_pause_is_no_longer_than_the_policy_says(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    for until, error in ((date(2026, 4, 9), NothingToChange), (date(2026, 6, 11), OutsidePolicy)):
        with pytest.raises(error):
            paused(portfolio, plan, until)
    assert paused(portfolio, plan, date(2026, 6, 10)).schedule == 2
    september, august = date(2026, 9, 1), date(2026, 8, 1)
    with pytest.raises(OutsidePolicy):
        paused(portfolio, plan, september, today=august, key="second", expected=2)
    assert paused(portfolio, plan, september, today=august, key="staff", expected=2, by_staff=True).schedule == 3


def test_a_policy_without_pauses(db: Database, portfolio: Portfolio, plan: Plan, tmp_path: Path) -> None:
    with policy_with(tmp_path, pause=None), pytest.raises(OutsidePolicy, match="no days"):
        paused(portfolio, plan, date(2026, 5, 1))


def test_what_was_missed_is_added_to_the_next(db: Database, portfolio: Portfolio) -> None:
    plan = agree(portfolio, [portfolio.debt("A1", 30_000)], 30_000, 5_000)
    portfolio.pay("p1", {plan.debts[0].debt_id: 6_000}, on=FIRST)
    with db.read() as session:
        promised = catch_up_dues(session, session.get_one(Plan, plan.id), today=MAY)
    done = caught_up(portfolio, plan, MAY)
    assert isinstance(done, Changed)
    assert done.dues == promised
    assert shown(view(portfolio, MAY)) == [
        ("2026-04-01", 5_000, 5_000), ("2026-05-01", 1_000, 1_000), ("2026-06-01", 6_334, 0), ("2026-07-01", 6_333, 0),
        ("2026-08-01", 6_333, 0), ("2026-09-01", 5_000, 0)]
    seen = view(portfolio, MAY)
    assert (seen.missed, seen.overdue, seen.follow_up) == (0, pounds(0), None)
    with pytest.raises(NothingToChange):
        caught_up(portfolio, plan, MAY, key="again", expected=2)


def test_after_the_last_date_catching_up_goes_on_in_the_same_rhythm(
    db: Database, portfolio: Portfolio, plan: Plan
) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 15_000}, on=FIRST)
    caught_up(portfolio, plan, date(2026, 9, 20))
    assert shown(view(portfolio, date(2026, 9, 20)))[3:] == [
        ("2026-10-01", 1_667, 0), ("2026-11-01", 1_667, 0), ("2026-12-01", 1_666, 0)]


def test_catching_up_never_asks_more_than_can_be_spared(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    portfolio.pay("p1", {plan.debts[0].debt_id: 1_000}, on=FIRST)
    answer = caught_up(portfolio, plan, APRIL, surplus=pounds(6_000))
    assert answer == NeedsPerson(pounds(6_334), pounds(6_000))
    assert len(_history(db, plan)) == 1
    assert isinstance(caught_up(portfolio, plan, APRIL, surplus=pounds(6_400)), Changed)


def test_where_the_policy_wants_new_terms_or_a_person(
    db: Database, portfolio: Portfolio, plan: Plan, tmp_path: Path
) -> None:
    offer = Offer(pounds(20_000), pounds(2_500), MONTHLY, date(2026, 5, 1))

    def again(key: str, expected: int) -> Changed:
        with db.write() as session:
            return replan(session, key=key, plan_id=plan.id, expected=expected, offer=offer, actor="debtor",
                          now=at(APRIL))

    with policy_with(tmp_path, missed={"then": "person"}):
        for refused in (lambda: caught_up(portfolio, plan, APRIL), lambda: again("r0", 1)):
            with pytest.raises(OutsidePolicy):
                refused()
        assert isinstance(caught_up(portfolio, plan, APRIL, key="staff", by_staff=True), Changed)
    with policy_with(tmp_path, missed={"then": "replan"}):
        with pytest.raises(OutsidePolicy):
            caught_up(portfolio, plan, MAY, expected=2)
        with db.read() as session:
            made = propose_replan(session, plan_id=plan.id, today=APRIL)
            needs = propose_replan(session, plan_id=plan.id, today=APRIL, surplus=pounds(100))
        assert isinstance(made, list)
        assert made[0] == offer
        assert isinstance(needs, NeedsPerson)
        assert again("r1", 2).act is PlanAct.REPLANNED
        with pytest.raises(OutsidePolicy):
            again("r2", 3)


def test_a_plan_that_a_person_should_see_is_not_caught_up_by_itself(
    db: Database, portfolio: Portfolio, plan: Plan
) -> None:
    with db.write() as session:
        (judged,) = judge_plans(session, today=MAY, now=at(MAY))
    assert judged.ask_person
    with pytest.raises(OutsidePolicy):
        caught_up(portfolio, plan, MAY)
    caught_up(portfolio, plan, MAY, by_staff=True)
    assert view(portfolio, MAY).follow_up is None


def test_a_change_and_a_payment_complete_it(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    portfolio.pay("p1", {debt: 7_000}, on=FIRST)
    changed(portfolio, plan, APRIL, Offer(pounds(13_000), pounds(6_500), MONTHLY, date(2026, 5, 1)))
    with db.write() as session:
        receive(session, key="rest", split={debt: pounds(13_000)}, effective_on=APRIL, posted_at=at(APRIL),
                actor="test", cause="test")
    seen = view(portfolio, APRIL)
    assert (seen.status, seen.left, seen.kept, seen.count) == (PlanStatus.COMPLETED, pounds(0), 3, 3)
    with db.read() as session, pytest.raises(PlanEnded):
        propose_change(session, plan_id=plan.id, today=APRIL, amount=pounds(4_000))
    with pytest.raises(PlanEnded):
        changed(portfolio, plan, APRIL, Offer(pounds(1), pounds(1), MONTHLY, date(2026, 5, 1)), key="x", expected=3)


def test_a_debt_given_up_ends_its_plan(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    debt = plan.debts[0].debt_id
    portfolio.pay("p1", {debt: 5_000}, on=FIRST)
    with db.write() as session:
        post(session, key="d", kind=PostingKind.ADJUSTMENT, effective_on=APRIL, posted_at=at(APRIL), actor="test",
             cause="given up", lines=[on_debt(debt, Bucket.PRINCIPAL, -pounds(15_000)),
                                      on_creditor(portfolio.gas, CreditorAccount.WRITE_OFF, pounds(15_000))])
    seen = view(portfolio, APRIL)
    assert (seen.status, seen.paid, seen.follow_up) == (PlanStatus.CANCELLED, pounds(5_000), None)


def test_cancelling_only_what_was_shown(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    moved(portfolio, plan, 2, date(2026, 5, 6))
    with db.write() as session, pytest.raises(PlanChanged):
        cancel_plan(session, key="c", plan_id=plan.id, actor="debtor", now=at(APRIL), expected=1)
    with db.write() as session:
        ended = cancel_plan(session, key="c", plan_id=plan.id, actor="debtor", now=at(APRIL), expected=2)
    assert ended.status is PlanStatus.CANCELLED
    assert len(_history(db, plan)) == 2


def test_a_plan_on_paydays(db: Database, portfolio: Portfolio) -> None:
    rhythm = Frequency(1, "month", "28_before")
    agree(portfolio, [portfolio.debt("A1", 20_000)], 20_000, 5_000, frequency=rhythm, first_on=date(2026, 3, 27))
    seen = view(portfolio, APRIL)
    assert seen.frequency == rhythm
    assert [str(due.on) for due in seen.dues] == ["2026-03-27", "2026-04-28", "2026-05-28", "2026-06-26"]


def test_the_worked_example_of_the_documentation(db: Database, portfolio: Portfolio, plan: Plan) -> None:
    fifth = date(2026, 5, 5)
    portfolio.pay("p1", {plan.debts[0].debt_id: 7_000}, on=FIRST)
    with db.write() as session:
        (judged,) = judge_plans(session, today=fifth, now=at(fifth))
    assert [line.state for line in judged.missed] == [InstalmentState.PART_PAID]
    assert judged.follow_up is FollowUp.BEHIND
    assert isinstance(caught_up(portfolio, plan, fifth, surplus=pounds(6_000)), NeedsPerson)
    caught_up(portfolio, plan, fifth)
    assert shown(view(portfolio, fifth)) == [("2026-04-01", 5_000, 5_000), ("2026-05-01", 2_000, 2_000),
                                             ("2026-06-01", 6_500, 0), ("2026-07-01", 6_500, 0)]
