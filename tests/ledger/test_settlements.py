"""Settlements: offered, accepted, completed, lapsed, withdrawn, reversed."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ledger.check import check
from ledger.errors import (
    AlreadyInPlan,
    AlreadySettling,
    BalanceStale,
    CannotBeSettled,
    CannotReverse,
    KeyReused,
    NeedsAuthority,
    NotFound,
    SettlementRefused,
    SettlementStale,
    WrongCurrency,
)
from ledger.holds import HoldReason, lift_hold, place_hold
from ledger.kinds import Authority, Bucket, CreditorAccount, DebtStatus, PostingKind, PromiseStatus, SettlementStatus
from ledger.models import Creditor, Debt, FeedEvent, Settlement, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import recall_debt
from ledger.plans import agree_plan, cancel_plan
from ledger.policy import load_policy
from ledger.posting import lines_of, on_creditor, on_debt, post, reverse
from ledger.promises import make_promise, promises_of
from ledger.receipts import receive
from ledger.returns import refund_payment
from ledger.schedule import MONTHLY
from ledger.settlements import (
    SettlementView,
    accept_settlement,
    offer_settlement,
    settlement_for,
    settlements_of,
    withdraw_settlement,
)
from ledger.settling import judge_settlements
from ledger.spreading import spreads
from runtime.database import Database
from runtime.ids import DebtId
from runtime.settings import ROOT, settings
from tests.ledger.portfolio import Portfolio

TODAY = date(2026, 3, 3)
PAY_BY = date(2026, 4, 2)  # thirty days
LAST = PAY_BY + timedelta(days=5)  # the policy's grace


class Desk:
    """A debt of 100.00 dollars whose creditor has the US standard policy."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.p = portfolio
        with portfolio.db.write() as session:
            creditor = Creditor(ref="us", name="Tidewater", country="US", currency="USD", policy="us-standard")
            session.add(creditor)
            session.flush()
            self.creditor = creditor.id
        self.debt = portfolio.debt("A1", 9_000, fees=1_000, creditor=self.creditor, currency="USD")

    def offer(self, minor: int = 7_000, key: str = "offer", *, payments: int = 1, today: date = TODAY,
              authority: Authority = Authority.BOT, debt: DebtId | None = None, **dates: date) -> Settlement:
        with self.p.db.write() as session:
            return offer_settlement(
                session, key=key, debt_id=debt or self.debt, amount=Money(minor, "USD"), payments=payments,
                actor="bot", authority=authority, now=self.p.now, today=today, **dates)

    def accept(self, offer: Settlement, key: str = "accept", today: date = TODAY) -> Settlement:
        with self.p.db.write() as session:
            return accept_settlement(session, key=key, settlement_id=offer.id, version=offer.version, actor="debtor",
                                     now=self.p.now, today=today)

    def pay(self, key: str, minor: int, on: date = TODAY) -> Txn:
        with self.p.db.write() as session:
            return receive(session, key=key, split={self.debt: Money(minor, "USD")}, effective_on=on,
                           posted_at=self.p.now, actor="test", cause="test")

    def bounce(self, txn: Txn) -> None:
        with self.p.db.write() as session:
            reverse(session, key=f"r{txn.id}", txn_id=txn.id, effective_on=TODAY, posted_at=self.p.now, actor="test",
                    cause="bounced")

    def judge(self, today: date) -> list[int]:
        with self.p.db.write() as session:
            return [s.id for s in judge_settlements(session, today=today, now=self.p.now)]

    def view(self) -> SettlementView:
        """The newest settlement; the ledger is sound."""
        with self.p.db.read() as session:
            assert check(session) == []
            return settlements_of(session, self.p.debtor_id)[0]

    def discounts(self) -> int:
        """What the creditor's account of discounts stands at."""
        with self.p.db.read() as session:
            return sum(line.amount.minor for txn in session.query(Txn) for line in lines_of(session, txn.id)
                       if line.kind is CreditorAccount.SETTLEMENT_DISCOUNT)


@pytest.fixture
def desk(db: Database, portfolio: Portfolio) -> Desk:
    """The debt to settle."""
    return Desk(portfolio)


def test_offered_accepted_paid_and_closed(desk: Desk) -> None:
    made = desk.offer()
    assert (made.status, made.accept_by, made.pay_by, made.authority) == (
        SettlementStatus.OFFERED, PAY_BY, PAY_BY, Authority.BOT)
    desk.accept(made)
    assert desk.view().dues == ((PAY_BY, Money(7_000, "USD"), Money(0, "USD")),)
    desk.pay("p1", 3_000)
    assert (desk.view().status, desk.view().left, desk.discounts()) == (
        SettlementStatus.ACCEPTED, Money(4_000, "USD"), 0)
    desk.pay("p2", 4_000, on=LAST)
    view = desk.view()
    assert (view.status, view.remaining, view.discount) == (
        SettlementStatus.COMPLETED, Money(0, "USD"), Money(3_000, "USD"))
    assert desk.discounts() == 3_000
    with desk.p.db.read() as session:
        assert session.get_one(Debt, desk.debt).status is DebtStatus.PAID
        discount = session.query(Txn).filter_by(kind=PostingKind.SETTLEMENT_DISCOUNT).one()
        assert (discount.effective_on, discount.actor) == (LAST, "ledger")
        assert {str(line.kind): line.amount.minor for line in lines_of(session, discount.id)} == {
            "principal": -3_000, "settlement_discount": 3_000}  # fees were paid first by this policy
    assert desk.judge(LAST + timedelta(days=90)) == []


def test_several_payments_fall_due_at_equal_distances(desk: Desk) -> None:
    desk.accept(desk.offer(7_601, payments=3), today=TODAY)
    assert [(str(day), amount.minor) for day, amount, _ in desk.view().dues] == [
        ("2026-04-02", 2_534), ("2026-05-02", 2_534), ("2026-06-01", 2_533)]
    desk.pay("p1", 2_534, on=date(2026, 4, 7))
    assert desk.judge(date(2026, 5, 7)) == []
    desk.pay("p2", 5_067, on=date(2026, 5, 7))
    assert desk.view().status is SettlementStatus.COMPLETED
    assert desk.discounts() == 10_000 - 7_601


def test_an_early_due_that_was_missed_cannot_be_made_good_later(desk: Desk) -> None:
    desk.accept(desk.offer(7_500, payments=3))
    desk.pay("p1", 7_500, on=date(2026, 4, 8))
    assert desk.view().status is SettlementStatus.ACCEPTED
    assert desk.judge(date(2026, 4, 8)) == [desk.view().settlement_id]
    view = desk.view()
    assert (view.status, view.remaining, desk.discounts()) == (SettlementStatus.LAPSED, Money(2_500, "USD"), 0)


def test_an_offer_lapses_a_day_after_it_said_and_is_refused_at_once(desk: Desk) -> None:
    made = desk.offer()
    with pytest.raises(SettlementStale, match="stood until 2026-04-02"):
        desk.accept(made, today=PAY_BY + timedelta(days=1))
    assert desk.judge(PAY_BY + timedelta(days=1)) == []
    assert desk.judge(PAY_BY + timedelta(days=2)) == [made.id]
    with pytest.raises(SettlementStale) as caught:
        desk.accept(made)
    assert caught.value.status is SettlementStatus.LAPSED


def test_what_lapsed_stays_paid_and_news_of_a_timely_payment_mends_it(desk: Desk) -> None:
    desk.accept(desk.offer())
    desk.pay("p1", 2_000)
    assert desk.judge(LAST) == []
    assert len(desk.judge(LAST + timedelta(days=1))) == 1
    assert desk.view().remaining == Money(8_000, "USD")
    desk.pay("late", 1_000, on=LAST + timedelta(days=1))
    assert (desk.view().status, desk.discounts()) == (SettlementStatus.LAPSED, 0)
    desk.pay("bank", 5_000, on=LAST)
    assert (desk.view().status, desk.view().remaining) == (SettlementStatus.COMPLETED, Money(0, "USD"))
    assert desk.discounts() == 3_000
    assert desk.p.balance(desk.debt).overpayment == 1_000  # the late one was not asked for any more


def test_it_is_not_mended_once_there_is_another_arrangement(desk: Desk) -> None:
    desk.accept(desk.offer())
    desk.judge(LAST + timedelta(days=1))
    with desk.p.db.write() as session:
        agree_plan(session, key="plan", debtor_id=desk.p.debtor_id, debt_ids=[desk.debt], actor="test", now=desk.p.now,
                   offer=Offer(Money(10_000, "USD"), Money(5_000, "USD"), MONTHLY, date(2026, 4, 1)))
    desk.pay("bank", 7_000)
    assert (desk.view().status, desk.view().remaining) == (SettlementStatus.LAPSED, Money(3_000, "USD"))


def test_a_payment_undone_takes_the_discount_back_and_paying_again_gives_it_again(desk: Desk) -> None:
    desk.accept(desk.offer())
    desk.pay("p1", 3_000)
    second = desk.pay("p2", 4_000)
    desk.bounce(second)
    view = desk.view()
    assert (view.status, view.remaining, view.received, desk.discounts()) == (
        SettlementStatus.REVERSED, Money(7_000, "USD"), Money(3_000, "USD"), 0)
    with desk.p.db.read() as session:
        assert session.get_one(Debt, desk.debt).status is DebtStatus.OPEN
    desk.pay("p3", 4_000, on=PAY_BY)
    assert (desk.view().status, desk.view().remaining, desk.discounts()) == (
        SettlementStatus.COMPLETED, Money(0, "USD"), 3_000)


def test_a_discount_is_not_undone_by_itself(desk: Desk) -> None:
    desk.accept(desk.offer())
    desk.pay("p1", 7_000)
    with desk.p.db.read() as session:
        discount = session.query(Txn).filter_by(kind=PostingKind.SETTLEMENT_DISCOUNT).one()
    with pytest.raises(CannotReverse):
        desk.bounce(discount)
    assert desk.view().status is SettlementStatus.COMPLETED


def test_what_is_paid_beyond_the_agreed_amount_is_the_debtors(desk: Desk) -> None:
    desk.accept(desk.offer())
    paid = desk.pay("p1", 8_200)
    assert (desk.discounts(), desk.p.balance(desk.debt).overpayment) == (3_000, 1_200)
    desk.pay("p2", 50)
    assert (desk.discounts(), desk.p.balance(desk.debt).overpayment, desk.view().status) == (
        3_000, 1_250, SettlementStatus.COMPLETED)
    desk.bounce(paid)
    balance = desk.p.balance(desk.debt)
    assert (balance.owed, balance.overpayment, desk.discounts()) == (10_000, 50, 0)


def test_a_payment_can_be_undone_though_the_overpayment_was_given_back(desk: Desk) -> None:
    desk.accept(desk.offer())
    paid = desk.pay("p1", 8_200)
    with desk.p.db.write() as session:
        given = [on_creditor(desk.creditor, CreditorAccount.PROCESSOR_CLEARING, Money(-1_200, "USD")),
                 on_debt(desk.debt, Bucket.OVERPAYMENT, Money(1_200, "USD"))]
        post(session, key="refund", kind=PostingKind.ADJUSTMENT, effective_on=TODAY, posted_at=desk.p.now,
             actor="staff", cause="refund", lines=given)
    desk.bounce(paid)
    balance = desk.p.balance(desk.debt)
    assert (balance.owed, balance.overpayment, desk.discounts()) == (11_200, 0, 0)  # they have 12.00 of ours
    assert desk.view().status is SettlementStatus.REVERSED


@pytest.mark.parametrize("back", [1_000, 2_500])
def test_a_refund_of_what_was_paid_beyond_it_can_be_undone(desk: Desk, back: int) -> None:
    desk.accept(desk.offer())
    paid = desk.pay("p1", 9_000)
    with desk.p.db.write() as session:
        refund = refund_payment(session, key="refund", payment_id=paid.id, amount=Money(back, "USD"),
                                effective_on=TODAY, posted_at=desk.p.now, actor="staff", cause="test")
    desk.bounce(refund)
    balance = desk.p.balance(desk.debt)
    assert (balance.owed, balance.overpayment, desk.discounts()) == (0, 2_000, 3_000)
    assert desk.view().status is SettlementStatus.COMPLETED


def test_charges_added_after_completion_are_not_forgiven(desk: Desk) -> None:
    desk.accept(desk.offer())
    desk.pay("p1", 7_000)
    with desk.p.db.write() as session:
        lines = [on_debt(desk.debt, Bucket.COSTS, Money(500, "USD")),
                 on_creditor(desk.creditor, CreditorAccount.PLACED, Money(-500, "USD"))]
        post(session, key="costs", kind=PostingKind.ADJUSTMENT, effective_on=TODAY, posted_at=desk.p.now,
             actor="staff", cause="costs", lines=lines)
    part = desk.pay("p2", 200)
    assert (desk.view().status, desk.view().remaining, desk.discounts()) == (
        SettlementStatus.COMPLETED, Money(300, "USD"), 3_000)
    desk.bounce(part)
    assert (desk.view().status, desk.view().remaining) == (SettlementStatus.COMPLETED, Money(500, "USD"))


def test_an_earlier_payment_that_bounces_has_to_be_made_good_first(desk: Desk) -> None:
    earlier = desk.pay("p0", 1_000)
    desk.accept(desk.offer(6_300))
    desk.bounce(earlier)
    desk.pay("p1", 6_300)
    assert (desk.view().status, desk.view().remaining) == (SettlementStatus.ACCEPTED, Money(3_700, "USD"))
    desk.pay("p2", 1_000)
    assert (desk.view().status, desk.discounts()) == (SettlementStatus.COMPLETED, 2_700)


@pytest.mark.parametrize(("minor", "payments", "authority", "needed", "least"), [
    (7_000, 1, Authority.BOT, None, None), (7_500, 3, Authority.BOT, None, None), (9_999, 1, Authority.BOT, None, None),
    (6_999, 1, Authority.BOT, Authority.STAFF, 7_000), (7_400, 2, Authority.BOT, Authority.STAFF, 7_000),
    (8_000, 4, Authority.BOT, Authority.STAFF, 7_000), (6_999, 1, Authority.STAFF, None, None),
    (5_000, 12, Authority.STAFF, None, None), (4_999, 1, Authority.STAFF, Authority.LEAD, 7_000),
    (4_999, 1, Authority.LEAD, None, None), (1, 1, Authority.LEAD, None, None),
])
def test_who_may_offer_what(
    desk: Desk, minor: int, payments: int, authority: Authority, needed: Authority | None, least: int | None
) -> None:
    if needed is None:
        assert desk.offer(minor, payments=payments, authority=authority).amount == minor
        return
    with pytest.raises(NeedsAuthority) as caught:
        desk.offer(minor, payments=payments, authority=authority)
    assert (caught.value.needed, caught.value.least) == (needed, Money(least or 0, "USD"))


def test_tiers_by_balance_and_age(desk: Desk) -> None:
    policy = load_policy("us-standard")
    old = TODAY.replace(year=2024)

    def percent(minor: int, opened_on: date | None, authority: Authority) -> int | None:
        found = settlement_for(policy, Money(minor, "USD"), today=TODAY, opened_on=opened_on, authority=authority)
        return found and found.amount.minor * 100 // minor

    assert percent(100_000, old, Authority.STAFF) == 60
    assert percent(100_000, old + timedelta(days=1), Authority.STAFF) == 70
    assert percent(49_999, old, Authority.STAFF) == 70
    assert percent(50_000, old, Authority.STAFF) == 60
    assert percent(100_000, old, Authority.BOT) == 70
    assert percent(100_000, None, Authority.LEAD) == 70
    assert settlement_for(policy, Money(1, "USD"), today=TODAY) is None  # a cent cannot be less
    assert settlement_for(load_policy("uk-standard"), Money(100_000, "GBP"), today=TODAY) is None


def test_only_staff_may_move_its_days(desk: Desk) -> None:
    later = PAY_BY + timedelta(days=30)
    with pytest.raises(NeedsAuthority):
        desk.offer(pay_by=later)
    assert desk.offer(key="sooner", pay_by=PAY_BY - timedelta(days=3)).accept_by == PAY_BY - timedelta(days=3)
    staff = desk.offer(key="later", pay_by=later, accept_by=PAY_BY, authority=Authority.STAFF)
    assert (staff.accept_by, staff.pay_by) == (PAY_BY, later)
    for nonsense in ({"pay_by": TODAY - timedelta(days=1)}, {"accept_by": later},
                     {"accept_by": TODAY - timedelta(days=1)}):
        with pytest.raises(SettlementRefused):
            desk.offer(key="nonsense", authority=Authority.STAFF, **nonsense)


def test_the_same_key(desk: Desk) -> None:
    made = desk.offer()
    assert desk.offer().id == made.id
    with pytest.raises(KeyReused):
        desk.offer(7_100)
    accepted = desk.accept(made)
    assert desk.accept(made).version == accepted.version
    other = desk.p.debt("A2", 10_000, creditor=desk.creditor, currency="USD")
    second = desk.offer(key="other", debt=other)
    with pytest.raises(KeyReused):
        desk.accept(second)
    with pytest.raises(NotFound):
        desk.offer(key="absent", debt=DebtId(4711))
    with desk.p.db.write() as session, pytest.raises(NotFound):
        accept_settlement(session, key="x", settlement_id=4711, version=1, actor="x", now=desk.p.now, today=TODAY)
    with desk.p.db.write() as session, pytest.raises(NotFound):
        withdraw_settlement(session, key="x", settlement_id=4711, actor="x", now=desk.p.now)


def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    for minor, payments in ((0, 1), (-1, 1), (10_000, 1), (10_001, 1), (7_000, 0)):
        with pytest.raises(SettlementRefused):
            desk.offer(minor, payments=payments, authority=Authority.LEAD)
    with desk.p.db.write() as session, pytest.raises(WrongCurrency):
        offer_settlement(session, key="gbp", debt_id=desk.debt, amount=Money(7_000, "GBP"), actor="bot",
                         now=desk.p.now, today=TODAY)


def test_a_changed_balance_and_an_old_version_are_stale(desk: Desk) -> None:
    made = desk.offer()
    desk.pay("p1", 100)
    with pytest.raises(SettlementStale) as caught:
        desk.accept(made)
    assert caught.value.owed == Money(9_900, "USD")
    made.version += 1
    with pytest.raises(SettlementStale):
        desk.accept(made)


@pytest.mark.parametrize(("reason", "refused"), [
    (HoldReason.DISPUTE, True), (HoldReason.BANKRUPTCY, True), (HoldReason.REPRESENTED, True),
    (HoldReason.HARDSHIP, False), (HoldReason.COMPLAINT, False),
])
def test_a_hold_that_forbids_paying_forbids_settling(desk: Desk, reason: HoldReason, refused: bool) -> None:
    made = desk.offer()
    with desk.p.db.write() as session:
        hold = place_hold(session, key="h", debtor_id=desk.p.debtor_id, debt_id=desk.debt, reason=reason,
                          now=desk.p.now, until=None, actor="test", cause="test")
    if refused:
        for act in (lambda: desk.offer(key="two"), lambda: desk.accept(made)):
            with pytest.raises(CannotBeSettled) as caught:
                act()
            assert caught.value.reason is reason
        with desk.p.db.write() as session:
            lift_hold(session, hold_id=hold.id, now=desk.p.now, actor="test")
    assert desk.accept(made).status is SettlementStatus.ACCEPTED


def test_a_paid_or_recalled_debt_cannot_be_settled(desk: Desk) -> None:
    first = desk.offer()
    desk.accept(first)
    with desk.p.db.write() as session:
        recall_debt(session, key="recall", debt_id=desk.debt, effective_on=TODAY, now=desk.p.now, actor="creditor")
    assert desk.view().status is SettlementStatus.WITHDRAWN
    with pytest.raises(CannotBeSettled):
        desk.offer(key="two")
    desk.judge(LAST + timedelta(days=30))
    assert desk.view().status is SettlementStatus.WITHDRAWN


def test_time_on_hold_does_not_count(desk: Desk) -> None:
    desk.accept(desk.offer())
    with desk.p.db.write() as session:
        place_hold(session, key="h", debtor_id=desk.p.debtor_id, debt_id=None, reason=HoldReason.HARDSHIP,
                   now=desk.p.now + timedelta(days=10), until=TODAY + timedelta(days=19), actor="test", cause="test")
    assert desk.judge(LAST + timedelta(days=10)) == []
    desk.pay("p1", 7_000, on=LAST + timedelta(days=10))  # ten days on hold, so ten days more
    assert desk.view().status is SettlementStatus.COMPLETED


def test_a_hold_without_an_end_keeps_it_open(desk: Desk) -> None:
    desk.accept(desk.offer())
    with desk.p.db.write() as session:
        place_hold(session, key="h", debtor_id=desk.p.debtor_id, debt_id=desk.debt, reason=HoldReason.DISPUTE,
                   now=desk.p.now, until=None, actor="test", cause="test")
    assert desk.judge(LAST + timedelta(days=400)) == []
    assert desk.view().status is SettlementStatus.ACCEPTED


def test_accepting_one_offer_withdraws_the_others(desk: Desk) -> None:
    one, three = desk.offer(key="one"), desk.offer(7_500, key="three", payments=3)
    desk.accept(three)
    with desk.p.db.read() as session:
        assert {s.settlement_id: s.status for s in settlements_of(session, desk.p.debtor_id)} == {
            one.id: SettlementStatus.WITHDRAWN, three.id: SettlementStatus.ACCEPTED}
    with pytest.raises(AlreadySettling):
        desk.offer(key="again")


def test_withdrawing(desk: Desk) -> None:
    made = desk.accept(desk.offer())
    for _ in range(2):
        with desk.p.db.write() as session:
            withdraw_settlement(session, key="w", settlement_id=made.id, actor="staff", now=desk.p.now)
    desk.pay("p1", 7_000)
    assert (desk.view().status, desk.view().remaining) == (SettlementStatus.WITHDRAWN, Money(3_000, "USD"))
    assert desk.judge(LAST + timedelta(days=9)) == []


def test_a_plan_or_a_settlement_never_both(desk: Desk) -> None:
    made = desk.offer()
    plan = Offer(Money(10_000, "USD"), Money(5_000, "USD"), MONTHLY, date(2026, 4, 1))

    def agree() -> int:
        with desk.p.db.write() as session:
            return agree_plan(session, key="plan", debtor_id=desk.p.debtor_id, debt_ids=[desk.debt], actor="test",
                              now=desk.p.now, offer=plan).id

    plan_id = agree()
    for act in (lambda: desk.offer(key="two"), lambda: desk.accept(made)):
        with pytest.raises(AlreadyInPlan):
            act()
    with desk.p.db.write() as session:
        cancel_plan(session, key="c", plan_id=plan_id, actor="staff", now=desk.p.now)
    desk.accept(made)
    plan = Offer(Money(10_000, "USD"), Money(2_500, "USD"), MONTHLY, date(2026, 4, 1))
    with desk.p.db.write() as session:
        assert spreads(session, desk.p.debtor_id, now=desk.p.now) == []
        with pytest.raises(AlreadySettling):
            agree_plan(session, key="plan2", debtor_id=desk.p.debtor_id, debt_ids=[desk.debt], actor="test",
                       now=desk.p.now, offer=plan)


def test_a_promise_for_more_than_the_settlement_is_released(desk: Desk) -> None:
    with desk.p.db.write() as session:
        make_promise(session, key="promise", debtor_id=desk.p.debtor_id, amount=Money(9_000, "USD"), actor="debtor",
                     due_on=PAY_BY, now=desk.p.now)
    desk.accept(desk.offer())
    desk.pay("p1", 7_000)
    with desk.p.db.read() as session:
        assert promises_of(session, desk.p.debtor_id)[0].status is PromiseStatus.RELEASED


@pytest.mark.parametrize(("paid", "damage", "rule"), [
    (7_000, "UPDATE settlement SET status = 'lapsed'", "discounts belong to settlements"),
    (7_000, "UPDATE settlement SET discount_id = NULL", "discounts belong to settlements"),
    (7_000, "UPDATE settlement SET discount_id = 1", "discounts belong to settlements"),
    (7_000, "UPDATE settlement_due SET due_on = '2026-01-01'", "settlements equal payments"),
    (100, "UPDATE settlement SET received = 101", "settlements equal payments"),
    (100, "UPDATE settlement_due SET amount = 199", "settlements add up"),
    (100, "UPDATE settlement SET status = 'completed'", "settlements equal payments"),
    (100, "UPDATE plan SET status = 'active'", "plan or settlement"),
])
def test_the_check_finds_damage(desk: Desk, paid: int, damage: str, rule: str) -> None:
    with desk.p.db.write() as session:
        plan = agree_plan(session, key="plan", debtor_id=desk.p.debtor_id, debt_ids=[desk.debt], actor="test",
                          now=desk.p.now, offer=Offer(Money(10_000, "USD"), Money(5_000, "USD"), MONTHLY,
                                                      date(2026, 4, 1)))
        cancel_plan(session, key="cancel", plan_id=plan.id, actor="test", now=desk.p.now)
    desk.accept(desk.offer())
    desk.pay("p", paid)
    desk.view()  # sound so far
    with desk.p.db.write() as session:
        session.execute(text(damage))
    with desk.p.db.read() as session:
        assert rule in {finding.rule for finding in check(session)}


def test_every_change_of_a_settlement_is_told_once(desk: Desk) -> None:
    desk.accept(desk.offer())
    paid = desk.pay("p1", 7_000)
    desk.bounce(paid)
    desk.pay("p2", 7_000)
    desk.judge(LAST + timedelta(days=9))
    with desk.p.db.read() as session:
        told = session.scalars(select(FeedEvent.kind).where(FeedEvent.subject.like("settlement:%"))
                               .order_by(FeedEvent.id)).all()
    assert told == ["settlement.offered", "settlement.accepted", "settlement.completed", "settlement.reversed",
                    "settlement.completed"]


def test_a_balance_that_is_too_old_is_settled_by_staff_only(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.offer()
    text_ = (ROOT / "policies" / "us-standard.yml").read_text()
    (tmp_path / "us-standard.yml").write_text(text_ + "\nmaster: {system: theirs, stale_after_hours: 24}\n")
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    desk.p.now += timedelta(days=2)
    try:
        for act in (lambda: desk.offer(key="two"), lambda: desk.accept(made)):
            with pytest.raises(BalanceStale):
                act()
        assert desk.offer(key="three", authority=Authority.STAFF).status is SettlementStatus.OFFERED
        with desk.p.db.write() as session:
            accept_settlement(session, key="a", settlement_id=made.id, version=1, actor="staff:1", now=desk.p.now,
                              today=TODAY, by_staff=True)
    finally:
        settings.cache_clear()
