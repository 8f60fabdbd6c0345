"""What the ledger tells: every step of payments, plans, promises and holds, once each, and nothing of health."""

import json
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from ledger.holds import lift_hold, place_hold
from ledger.kinds import HoldReason
from ledger.models import Creditor, FeedEvent, Txn
from ledger.money import Money
from ledger.offers import Allowed, counter
from ledger.opening import recall_debt
from ledger.plans import agree_plan, cancel_plan, judge_plans
from ledger.policy import policy_for
from ledger.posting import reverse
from ledger.promises import judge_promises, make_promise
from tests.ledger.portfolio import Portfolio


def told(portfolio: Portfolio) -> list[tuple[str, dict[str, Any]]]:
    with portfolio.db.read() as session:
        return [(event.kind, event.facts) for event in session.scalars(select(FeedEvent).order_by(FeedEvent.id))]


def kinds(portfolio: Portfolio) -> list[str]:
    return [kind for kind, _ in told(portfolio)]


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def plan(portfolio: Portfolio, debt: int, amount: int, key: str = "plan") -> int:
    with portfolio.db.write() as session:
        policy = policy_for(session.get_one(Creditor, portfolio.gas))
        answer = counter(policy, pounds(10_000), amount=pounds(amount), frequency=None, first_on=None,
                         today=portfolio.now.date())
        assert isinstance(answer, Allowed)
        return agree_plan(session, key=key, debtor_id=portfolio.debtor_id, debt_ids=[debt], offer=answer.offer,
                          actor="debtor", now=portfolio.now).id


def test_a_payment_over_two_debts_is_one_event_for_each_and_opening_is_none(portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A", 5_000), portfolio.debt("B", 3_000, interest=100)
    for _ in range(2):
        portfolio.pay("p", {one: 1_000, two: 4_000})
    (first, second) = told(portfolio)
    assert [first[0], second[0]] == ["payment.received"] * 2
    assert [(f["amount"]["minor"], f["owed"]["minor"], f["overpaid"]["minor"]) for _, f in (first, second)] == [
        (1_000, 4_000, 0), (4_000, 0, 900)]
    assert first[1]["posting"] == second[1]["posting"]


def test_a_reversal_names_what_it_undoes(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 5_000)
    txn = portfolio.pay("p", {debt: 2_000})
    with portfolio.db.write() as session:
        reverse(session, key="r", txn_id=txn.id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                actor="stripe", cause="refund")
    kind, facts = told(portfolio)[1]
    assert (kind, facts["reverses"], facts["direction"]) == ("payment.reversed", txn.id, "debit")
    assert (facts["amount"]["minor"], facts["owed"]["minor"]) == (2_000, 5_000)


def test_a_recalled_debt_and_its_plan(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    plan(portfolio, debt, 2_500)
    with portfolio.db.write() as session:
        recall_debt(session, key="back", debt_id=debt, effective_on=portfolio.now.date(), now=portfolio.now, actor="x")
    assert kinds(portfolio) == ["plan.agreed", "debt.recalled", "plan.cancelled"]


def test_a_plan_from_agreement_to_completion_and_back(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    for _ in range(2):
        plan(portfolio, debt, 5_000)
    txn = portfolio.pay("p", {debt: 10_000})
    with portfolio.db.write() as session:
        reverse(session, key="r", txn_id=txn.id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                actor="stripe", cause="refund")
    portfolio.pay("again", {debt: 10_000})
    about = [(kind, facts) for kind, facts in told(portfolio) if kind.startswith("plan.")]
    assert [kind for kind, _ in about] == ["plan.agreed", "plan.completed", "plan.resumed", "plan.completed"]
    assert about[0][1]["debts"] == ["A"]
    assert about[0][1]["count"] == 2
    assert [facts["version"] for _, facts in about] == [1, 2, 3, 4]


def test_a_missed_instalment_is_told_once(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    number = plan(portfolio, debt, 5_000)

    def missed(today: date) -> int:
        with portfolio.db.write() as session:
            judge_plans(session, today=today, now=portfolio.now)
        return kinds(portfolio).count("plan.missed")

    with portfolio.db.read() as session:
        due = min(i for _, i in _dues(session, number))
    assert missed(due + timedelta(days=3)) == 0, "within its days of grace"
    assert missed(due + timedelta(days=4)) == 1
    assert missed(due + timedelta(days=5)) == 1
    kind, facts = told(portfolio)[-1]
    assert (kind, facts["due_on"], facts["left"]) == ("plan.missed", due.isoformat(), pounds(5_000).json())
    with portfolio.db.write() as session:
        cancel_plan(session, key="c", plan_id=number, actor="x", now=portfolio.now)
    assert missed(due + timedelta(days=400)) == 1


def _dues(session: Any, plan_id: int) -> list[tuple[int, date]]:
    from ledger.models import Instalment

    return [(i.number, i.due_on) for i in session.scalars(select(Instalment).where(Instalment.plan_id == plan_id))]


def test_a_promise_made_kept_undone_and_kept_again(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        for _ in range(2):
            make_promise(session, key="p", debtor_id=portfolio.debtor_id, amount=pounds(2_000), actor="debtor",
                         due_on=portfolio.now.date() + timedelta(days=5), now=portfolio.now)
    txn = portfolio.pay("first", {debt: 2_000})
    with portfolio.db.write() as session:
        reverse(session, key="r", txn_id=txn.id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                actor="stripe", cause="refund")
    portfolio.pay("second", {debt: 2_000})
    assert [kind for kind in kinds(portfolio) if kind.startswith("promise")] == [
        "promise.made", "promise.kept", "promise.open", "promise.kept"]


def test_a_promise_broken_and_one_superseded(portfolio: Portfolio) -> None:
    portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        for number in (1, 2):
            make_promise(session, key=f"p{number}", debtor_id=portfolio.debtor_id, amount=pounds(2_000), actor="debtor",
                         due_on=portfolio.now.date() + timedelta(days=number), now=portfolio.now)
    for _ in range(2):
        with portfolio.db.write() as session:
            judge_promises(session, today=portfolio.now.date() + timedelta(days=30))
    assert kinds(portfolio) == ["promise.made", "promise.made", "promise.superseded", "promise.broken"]



def test_every_hold_says_what_it_stops_and_self_harm_says_nothing_else(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    for reason in HoldReason:
        for _ in range(2):
            with portfolio.db.write() as session:
                hold = place_hold(session, key=f"h:{reason}", debtor_id=portfolio.debtor_id, now=portfolio.now,
                                  debt_id=debt if reason is HoldReason.DISPUTE else None, reason=reason, until=None,
                                  actor="debtor", cause="what the debtor wrote: I want to die")
        for _ in range(2):
            with portfolio.db.write() as session:
                lift_hold(session, hold_id=hold.id, now=portfolio.now, actor="staff")
    events = told(portfolio)
    assert [kind for kind, _ in events] == ["hold.placed", "hold.lifted"] * len(HoldReason)
    assert {facts["reason"] for _, facts in events} == (
        {reason.value for reason in HoldReason} - {"self_harm"} | {"do_not_contact"})
    assert all({"ask", "remind", "charge"} <= set(facts["stops"]) for _, facts in events)
    everything = json.dumps(events)
    assert "self_harm" not in everything
    assert "die" not in everything
    with portfolio.db.read() as session:
        assert {e.debt_id for e in session.scalars(select(FeedEvent))} == {None, debt}
        assert session.scalars(select(Txn).where(Txn.kind == "payment")).all() == []
