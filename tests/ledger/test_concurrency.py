"""Many writers at once: nothing lost, nothing twice, one plan."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.accrual import accrue
from ledger.card_disputes import withdraw_disputed
from ledger.check import check
from ledger.corrections import adjust, write_off
from ledger.errors import AlreadyInPlan, LedgerError, PlanChanged
from ledger.holds import HoldReason, place_hold
from ledger.kinds import Authority, Bucket, PostingKind, PromiseStatus, WriteOffReason
from ledger.models import DebtBalance, Hold, Promise, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan, move_instalment, plans_of
from ledger.posting import reverse
from ledger.processor_fees import charge_fee
from ledger.promises import make_promise
from ledger.receipts import receive
from ledger.returns import refund_overpayment, refund_payment
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.ledger.bearing_policy import policies_in, write_policy
from tests.ledger.portfolio import Portfolio

T = TypeVar("T")
WRITERS = 8


def at_once(work: Callable[[int], T], count: int) -> list[T]:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, range(count)))


def test_payments_on_the_same_debts(db: Database, portfolio: Portfolio) -> None:
    debts = [portfolio.debt(f"A{number}", 10_000) for number in range(3)]
    with db.write() as session:
        make_promise(session, key="m", debtor_id=portfolio.debtor_id, amount=Money(2_400, "GBP"), actor="test",
                     due_on=date(2026, 3, 20), now=portfolio.now)

    def pay(number: int) -> int:
        split = dict.fromkeys(debts if number % 2 else reversed(debts), 10)  # in either order: no deadlock
        return portfolio.pay(f"p{number // 2}", split).id

    ids = at_once(pay, 160)
    assert len(set(ids)) == 80
    assert [portfolio.balance(debt).principal for debt in debts] == [10_000 - 800] * 3
    with db.read() as session:
        assert session.scalar(select(func.count()).where(Txn.kind == PostingKind.PAYMENT)) == 80
        assert session.scalars(select(Promise.status)).one() is PromiseStatus.KEPT
        assert check(session) == []


def test_a_debt_gets_one_plan(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 64_000)

    def agree(number: int) -> str:
        try:
            with db.write() as session:
                agree_plan(session, key=f"k{number // 2}", debtor_id=portfolio.debtor_id, debt_ids=[debt], actor="test",
                           offer=Offer(Money(64_000, "GBP"), Money(2_500, "GBP"), MONTHLY, date(2026, 4, 1)),
                           now=portfolio.now)
        except AlreadyInPlan:
            return "refused"
        return "agreed"

    assert sorted(at_once(agree, 8)) == ["agreed"] * 2 + ["refused"] * 6
    with db.read() as session:
        assert len(plans_of(session, portfolio.debtor_id, today=date(2026, 3, 3))) == 1


def test_a_key_is_used_once_whoever_comes_first(db: Database, portfolio: Portfolio) -> None:
    def place(number: int) -> int:
        with db.write() as session:
            return place_hold(session, key="turn:1", debtor_id=portfolio.debtor_id, debt_id=None,
                              reason=HoldReason.HARDSHIP, now=portfolio.now, until=None, actor="test", cause="test").id

    assert len(set(at_once(place, 16))) == 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Hold)) == 1


def test_the_first_postings_of_new_debts(db: Database, portfolio: Portfolio) -> None:
    def opened(number: int) -> int | str:
        try:
            return portfolio.debt(f"N{number // 4}", 100)
        except LedgerError as error:
            return str(error)
        except Exception as error:  # the reference is taken by another transaction: one of four wins
            return type(error).__name__

    at_once(opened, 32)
    ids = [portfolio.debt(f"N{number}", 100) for number in range(8)]  # what every caller sees in the end
    assert len(set(ids)) == 8
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Txn)) == 8
        assert check(session) == []


def test_the_same_key_from_eight_threads_posts_once(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 10_000), portfolio.debt("A2", 10_000)
    payment = portfolio.pay("p", {one: 11_000, two: 500})
    day = {"effective_on": portfolio.now.date(), "posted_at": portfolio.now, "actor": "test"}
    services: list[Callable[[Session], Txn]] = [
        lambda s: receive(s, key="r", split={one: Money(50, "GBP"), two: Money(50, "GBP")}, cause="t", **day),
        lambda s: refund_payment(s, key="f", payment_id=payment.id, amount=Money(700, "GBP"), cause="t", **day),
        lambda s: refund_overpayment(s, key="o", debt_id=one, amount=Money(100, "GBP"), cause="t", **day),
        lambda s: withdraw_disputed(s, key="w", payment_id=payment.id, amount=Money(900, "GBP"), cause="t", **day),
        lambda s: charge_fee(s, key="c", payment_id=payment.id, fee=Money(30, "GBP"), cause="t", **day),
        lambda s: adjust(s, key="a", debt_id=two, bucket=Bucket.FEES, amount=Money(70, "GBP"), reason="t", **day),
        lambda s: write_off(s, key="g", debt_id=two, reason=WriteOffReason.GOODWILL, authority=Authority.LEAD, **day),
    ]

    def call(number: int) -> tuple[int, int]:
        with db.write() as session:
            return number % len(services), services[number % len(services)](session).id

    made = set()
    for place in range(len(services)):  # one after the other, each by eight at once
        made |= set(at_once(lambda _, place=place: call(place), WRITERS))
    assert len(made) == len(services)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Txn)) == 2 + 1 + len(services)
        assert check(session) == []


def test_no_more_is_given_back_than_was_paid(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 10_000), portfolio.debt("B1", 10_000, creditor=portfolio.parcel)
    payments = [portfolio.pay(f"p{number}", {one: 600, two: 400}) for number in range(3)]

    def give_back(number: int) -> bool:
        payment = payments[number % 3]
        try:
            with db.write() as session:
                if number % 8 == 7:
                    reverse(session, key=f"u{number}", txn_id=payment.id, effective_on=portfolio.now.date(),
                            posted_at=portfolio.now, actor="test", cause="bounced")
                else:
                    refund_payment(session, key=f"r{number}", payment_id=payment.id, amount=Money(300, "GBP"),
                                   effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="test", cause="t")
        except LedgerError:
            return False
        return True

    at_once(give_back, 48)
    with db.read() as session:
        assert check(session) == []
        back = sum(balance.owed for balance in session.scalars(select(DebtBalance))) - 20_000 + 3_000
        assert 3 * 900 <= back <= 3_000
        standing = session.scalar(select(func.count()).where(Txn.kind == PostingKind.REFUND)) or 0
        undone = session.scalar(select(func.count()).where(Txn.kind == PostingKind.PAYMENT_REVERSAL)) or 0
        assert (standing * 300 + undone * 1_000) == back
        assert standing == (3 - undone) * 3


def test_interest_and_payments_at_once(db: Database, portfolio: Portfolio, tmp_path: Path) -> None:
    debts = [portfolio.debt(f"A{number}", 100_000) for number in range(3)]
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2026-01-01')

    def act(number: int) -> None:
        if number % 3:
            portfolio.pay(f"p{number}", dict.fromkeys(debts if number % 2 else reversed(debts), 100))
        else:
            with db.write() as session:
                accrue(session, debts, until=date(2026, 3, 12), posted_at=portfolio.now)

    with policies_in(tmp_path):
        at_once(act, 18)
        with db.write() as session:
            accrue(session, debts, until=date(2026, 3, 12), posted_at=portfolio.now)
    for debt in debts:
        balance = portfolio.balance(debt)
        assert (balance.principal, balance.interest) == (100_000 - 1_200, (100_000 - 1_200) // 100)
    with db.read() as session:
        assert check(session) == []


def test_changes_of_a_plan_amid_payments(db: Database, portfolio: Portfolio) -> None:
    debts = [portfolio.debt(f"A{number}", 10_000) for number in range(2)]
    with db.write() as session:
        plan_id = agree_plan(session, key="plan", debtor_id=portfolio.debtor_id, debt_ids=debts, actor="test",
                             offer=Offer(Money(20_000, "GBP"), Money(2_500, "GBP"), MONTHLY, date(2026, 4, 1)),
                             now=portfolio.now).id

    def work(number: int) -> str:
        if number % 3:
            portfolio.pay(f"p{number}", dict.fromkeys(debts, 10))
            return "paid"
        try:
            with db.write() as session:
                move_instalment(session, key=f"m{number // 6}", plan_id=plan_id, expected=1, number=8,
                                to=date(2026, 11, 2 + number // 6), actor="test", now=portfolio.now, by_staff=True,
                                today=portfolio.now.date())
        except PlanChanged:
            return "too late"
        return "moved"

    done = at_once(work, 36)
    assert done.count("moved") in (1, 2)  # each of them is asked for twice, under one key
    with db.read() as session:
        assert check(session) == []
        (seen,) = plans_of(session, portfolio.debtor_id, today=portfolio.now.date())
        assert (seen.schedule, seen.paid.minor) == (2, 20 * done.count("paid"))
