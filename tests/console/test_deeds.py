"""What staff do with a debtor's money: shown first, done once, refused and asked for where the role does not do."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from console.models import StaffAct, What
from ledger.holds import HoldReason, active_holds, place_hold
from ledger.kinds import PlanStatus, PostingKind, SettlementStatus
from ledger.models import Approval, Budget, Debt, DebtBalance, Debtor, Plan, Settlement, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.receipts import receive
from ledger.remarks import REMARKED
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.console.conftest import Browser, Debtors, Hands


class Account:
    """One debtor's account in one browser."""

    def __init__(self, db: Database, debtor: Debtor, hands: Hands) -> None:
        self.db, self.debtor, self.hands = db, debtor, hands
        with db.read() as session:
            self.debt = session.scalars(select(Debt).where(Debt.debtor_id == debtor.id)).one()
        self.path = f"/debtors/{debtor.id}"

    def pay(self, minor: int, key: str = "p") -> Txn:
        with self.db.write() as session:
            return receive(session, key=key, split={self.debt.id: Money(minor, "GBP")}, actor="test", cause="t",
                           effective_on=self.hands.now.date(), posted_at=self.hands.now)

    def plan(self, instalment: int = 5_000) -> Plan:
        with self.db.write() as session:
            return agree_plan(session, key="plan", debtor_id=self.debtor.id, debt_ids=[self.debt.id], actor="debtor",
                              offer=Offer(Money(31_200, "GBP"), Money(instalment, "GBP"), MONTHLY,
                                          self.hands.now.date() + timedelta(days=1)), now=self.hands.now)

    def approval(self) -> str:
        """The page of what was asked for last."""
        with self.db.read() as session:
            return f"/approvals/{session.scalar(select(func.max(Approval.id)))}"

    def owed(self) -> DebtBalance:
        with self.db.read() as session:
            return session.get_one(DebtBalance, self.debt.id)

    def count(self, table: Any) -> int:
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def log(self) -> list[tuple[What, str]]:
        with self.db.read() as session:
            acts = session.scalars(select(StaffAct).where(
                StaffAct.what.not_in((What.SIGNED_IN, What.VIEWED_DEBTOR))).order_by(StaffAct.id))
            return [(act.what, act.detail or "") for act in acts]

    def check(self, browser: Browser, deed: str, target: int, **values: str) -> Any:
        """The page that shows what will happen."""
        form = browser.get(f"{self.path}/{deed}/{target}")
        assert form.status_code == 200, form.text
        return browser.post(f"{self.path}/{deed}/{target}", step="check", **(hidden(form.text) | values))

    def do(self, browser: Browser, deed: str, target: int, checked: Any, step: str = "do") -> Any:
        """Press the button of that page."""
        assert checked.status_code == 200, checked.text
        return browser.post(f"{self.path}/{deed}/{target}", step=step, **hidden(checked.text))


def hidden(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: value for name, value in found.items() if name != "csrf"}


@pytest.fixture
def account(db: Database, debtors: Debtors, hands: Hands) -> Account:
    return Account(db, debtors.debtor(), hands)


def test_a_write_off_beyond_an_agent(account: Account, ana: Browser, mia: Browser) -> None:
    checked = account.check(ana, "write-off", account.debt.id, reason="hardship", why="letter")
    assert "£312.00" in checked.text
    assert "needs the approval of a manager" in checked.text
    assert account.count(Txn) == 0  # shown, not done
    refused = account.do(ana, "write-off", account.debt.id, checked)
    assert (refused.status_code, account.count(Txn)) == (409, 0)
    assert account.do(ana, "write-off", account.debt.id, checked, "ask").headers["location"].endswith("?done=asked")
    account.do(ana, "write-off", account.debt.id, checked, "ask")
    assert account.count(Approval) == 1
    assert "Waiting for approval" in ana.get(account.path).text
    page = ana.get(account.approval())
    assert "This is for a manager to decide" in page.text
    assert ana.post(account.approval(), step="yes").status_code == 409
    assert "Write off a debt" in mia.get("/approvals").text
    page = mia.get(account.approval()).text
    assert "Ana asked for this" in page
    assert "Hardship" in page
    assert mia.post(account.approval(), step="yes").status_code == 303
    assert mia.post(account.approval(), step="yes").status_code == 303
    assert (account.owed().owed, account.count(Txn)) == (0, 1)
    assert "Ana, approved by Mia" in ana.get(account.path).text
    assert [what for what, _ in account.log()][:4] == [What.REFUSED, What.ASKED, What.ASKED, What.REFUSED]
    assert "hardship: letter" in ana.get(account.path).text


def test_an_approval_is_declined(account: Account, ana: Browser, mia: Browser) -> None:
    checked = account.check(ana, "write-off", account.debt.id, reason="hardship")
    account.do(ana, "write-off", account.debt.id, checked, "ask")
    assert mia.post(account.approval(), step="no").headers["location"].endswith("?done=declined")
    assert account.count(Txn) == 0
    assert account.do(ana, "write-off", account.debt.id, checked).status_code == 409
    assert "Nothing is waiting" in mia.get("/approvals").text


def test_an_adjustment_posts_once(account: Account, ana: Browser) -> None:
    target = account.debt.id
    checked = account.check(ana, "adjust", target, bucket="fees", way="raise", amount="12.50", why="court fee")
    assert "£12.50" in checked.text
    assert "£324.50" in checked.text
    assert account.do(ana, "adjust", target, checked).status_code == 303
    assert account.do(ana, "adjust", target, checked).status_code == 303  # a double click
    assert (account.owed().fees, account.count(Txn)) == (1_250, 1)
    assert [what for what, _ in account.log()] == [What.DID]
    assert "fees: £0.00 → £12.50" in account.log()[0][1]
    assert "court fee" in ana.get(account.path).text
    with account.db.read() as session:  # the words are beside the books
        assert session.scalars(select(Txn.cause)).all() == [REMARKED]
    other = account.check(ana, "adjust", target, bucket="fees", way="raise", amount="1", why="x")
    changed = hidden(other.text) | {"once": hidden(checked.text)["once"]}
    again = ana.post(f"{account.path}/adjust/{target}", step="do", **changed)
    assert "used before for something else" in again.text


@pytest.mark.parametrize(("values", "words"), [
    ({"amount": "abc"}, "is no amount"), ({"amount": "0"}, "above nothing"), ({"amount": "1.001"}, "is no amount"),
    ({"why": " "}, "Say why"), ({"bucket": "overpayment"}, "Choose one"),
    ({"amount": "13", "way": "lower"}, "more than"),
])
def test_what_a_form_refuses(account: Account, ana: Browser, values: dict[str, str], words: str) -> None:
    filled = {"bucket": "fees", "way": "raise", "amount": "12.50", "why": "court fee"} | values
    page = account.check(ana, "adjust", account.debt.id, **filled)
    assert page.status_code == 409
    assert words in page.text
    assert filled["amount"] in page.text  # what was typed stays
    assert account.count(Txn) == 0
    assert [what for what, _ in account.log()] == [What.REFUSED]


def test_a_refund_and_a_reversal_are_for_managers(account: Account, ana: Browser, mia: Browser) -> None:
    payment = account.pay(32_000)
    checked = account.check(ana, "refund-overpayment", account.debt.id, amount="3", why="asked for it")
    assert account.do(ana, "refund-overpayment", account.debt.id, checked).status_code == 303
    assert account.owed().overpayment == 500
    checked = account.check(ana, "refund", payment.id, amount="50", why="wrong card")
    assert "needs the approval of a manager" in checked.text
    checked = account.check(mia, "refund", payment.id, amount="50", why="wrong card")
    assert account.do(mia, "refund", payment.id, checked).status_code == 303
    assert (account.owed().owed, account.owed().overpayment) == (4_500, 0)
    assert "No more than £267.00 is left" in account.check(mia, "refund", payment.id, amount="300", why="x").text
    with account.db.read() as session:
        refund = session.scalars(select(Txn.id).order_by(Txn.id.desc()).limit(1)).one()
    checked = account.check(mia, "reverse", refund, why="bank sent it back")
    account.do(mia, "reverse", refund, checked)
    assert (account.owed().owed, account.owed().overpayment) == (0, 500)
    with account.db.read() as session:
        assert session.scalars(select(Txn.kind).order_by(Txn.id.desc()).limit(1)).one() is PostingKind.REVERSAL


def test_a_plan_is_changed_paused_caught_up_and_cancelled(account: Account, ana: Browser, hands: Hands) -> None:
    plan = account.plan()
    checked = account.check(ana, "change-plan", plan.id, amount="40", rhythm="monthly", first_on="2026-04-01",
                            why="less")
    assert "£40.00 on 1 Apr 2026" in checked.text
    assert account.do(ana, "change-plan", plan.id, checked).status_code == 303
    stale = account.do(ana, "change-plan", plan.id, checked)
    assert stale.status_code == 303  # the same key again is no second change
    small = account.check(ana, "change-plan", plan.id, amount="4", rhythm="monthly", first_on="2026-04-01", why="less")
    assert "needs the approval of a manager" in small.text
    checked = account.check(ana, "pause-plan", plan.id, until="2026-05-15", why="illness")
    account.do(ana, "pause-plan", plan.id, checked)
    checked = account.check(ana, "resume-plan", plan.id, why="better")
    account.do(ana, "resume-plan", plan.id, checked)
    hands.on(days=60)
    assert ana.sign_in("ana@desk.example").status_code == 303
    checked = account.check(ana, "catch-up", plan.id, why="agreed by phone")
    account.do(ana, "catch-up", plan.id, checked)
    checked = account.check(ana, "cancel-plan", plan.id, why="wants to stop")
    account.do(ana, "cancel-plan", plan.id, checked)
    with account.db.read() as session:
        found = session.get_one(Plan, plan.id)
        assert (found.status, found.ended_by) == (PlanStatus.CANCELLED, "staff:1")
        assert [version.act.value for version in found.versions] == [
            "agreed", "changed", "paused", "resumed", "caught_up"]
    assert "This plan is cancelled" in ana.get(f"{account.path}/pause-plan/{plan.id}").text


def test_a_form_made_before_a_change(account: Account, ana: Browser, ben: Browser) -> None:
    plan = account.plan()
    mine = account.check(ana, "pause-plan", plan.id, until="2026-05-15", why="illness")
    theirs = account.check(ben, "cancel-plan", plan.id, why="stop")
    assert account.do(ana, "pause-plan", plan.id, mine).status_code == 303
    late = account.do(ben, "cancel-plan", plan.id, theirs)
    assert "Something changed since the form was opened" in late.text


def test_a_settlement_by_role(account: Account, ana: Browser, mia: Browser) -> None:
    low = account.check(ana, "settle", account.debt.id, amount="150", payments="1")
    assert "needs the approval of a manager" in low.text
    checked = account.check(ana, "settle", account.debt.id, amount="200", payments="2")
    assert account.do(ana, "settle", account.debt.id, checked).status_code == 303
    account.do(ana, "settle", account.debt.id, low, "ask")
    assert mia.post(account.approval(), step="yes").status_code == 303
    with account.db.read() as session:
        offered = session.execute(select(Settlement.amount, Settlement.authority, Settlement.status)
                                  .order_by(Settlement.id)).all()
    assert [tuple(row) for row in offered] == [
        (20_000, "staff", SettlementStatus.OFFERED), (15_000, "lead", SettlementStatus.OFFERED)]


def test_holds_are_lifted_by_whom_they_are_for(account: Account, ana: Browser, mia: Browser, hands: Hands) -> None:
    with account.db.write() as session:
        ids = [place_hold(session, key=reason, debtor_id=account.debtor.id, debt_id=None, reason=reason, now=hands.now,
                          until=None, actor="bot", cause="t").id for reason in (HoldReason.HARDSHIP, HoldReason.FRAUD)]
    assert "needs the approval" not in account.check(ana, "lift-hold", ids[0], why="pays again").text
    account.do(ana, "lift-hold", ids[0], account.check(ana, "lift-hold", ids[0], why="pays again"))
    checked = account.check(ana, "lift-hold", ids[1], why="looked into")
    assert "needs the approval of a manager" in checked.text
    account.do(ana, "lift-hold", ids[1], checked, "ask")
    assert mia.post(account.approval(), step="yes").status_code == 303
    with account.db.read() as session:
        assert active_holds(session, debtor_id=account.debtor.id, now=hands.now) == []


def test_a_budget(account: Account, ana: Browser) -> None:
    checked = account.check(ana, "budget", 0, adults="2", children="1", in_wages="450", in_wages_every="week",
                            out_food="400.50", out_food_every="month")
    assert "£1,549.50" in checked.text
    assert account.do(ana, "budget", 0, checked).status_code == 303
    account.do(ana, "budget", 0, checked)
    assert account.count(Budget) == 1
    form = ana.get(f"{account.path}/budget/0").text
    assert 'value="450.00"' in form
    assert '<option value="week" selected>' in form
    assert "The form is empty" in account.check(ana, "budget", 0, adults="1", children="0", in_wages="",
                                                out_food="").text


def test_nobody_else_s_and_nothing_unsigned(account: Account, ana: Browser, debtors: Debtors) -> None:
    other = debtors.debtor("ZZ-1", name="Other Person")
    assert ana.get(f"/debtors/{other.id}/adjust/{account.debt.id}").status_code == 409
    assert ana.get("/debtors/4711").status_code == 404
    assert ana.get(f"{account.path}/burn/1").status_code == 404
    assert ana.post(f"{account.path}/adjust/{account.debt.id}", csrf="x", step="do").status_code == 403
    assert ana.get("/debtors?ref=d-ng-4471").headers["location"].endswith(account.path)
    assert "There is nothing under" in ana.get("/debtors?ref=NOPE").text


def test_a_card_number_in_a_reason_is_not_kept(account: Account, ana: Browser) -> None:
    target, said = account.debt.id, "paid by 4242 4242 4242 4242 on the phone"
    checked = account.check(ana, "adjust", target, bucket="fees", way="raise", amount="12.50", why=said)
    assert "4242" not in checked.text
    account.do(ana, "adjust", target, checked)
    with account.db.read() as session:
        assert session.scalars(select(Txn.cause)).one() == "paid by [card] on the phone"
