"""Everything that can be posted, in any order, some of it twice: the books stay sound."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from ledger.accrual import accrue
from ledger.allocation import NothingPayable, rules_for
from ledger.allocation import place as allocate
from ledger.balances import balance_of
from ledger.card_disputes import lose_dispute, reinstate_disputed, withdraw_disputed
from ledger.check import check
from ledger.corrections import adjust, write_off
from ledger.errors import LedgerError
from ledger.holds import lift_hold, place_hold
from ledger.kinds import (
    OWED,
    Authority,
    Bucket,
    CreditorAccount,
    DebtStatus,
    HoldReason,
    PostingKind,
    WriteOffReason,
)
from ledger.models import Account, Debt, DebtBalance, Entry, Hold, Settlement, TakeBack, Txn
from ledger.money import Money
from ledger.opening import recall_debt
from ledger.posting import lines_of, reverse
from ledger.processor_fees import charge_fee
from ledger.receipts import receive
from ledger.returns import refund_overpayment, refund_payment
from ledger.settlements import accept_settlement, offer_settlement
from ledger.settling import judge_settlements
from runtime.database import Database
from runtime.ids import DebtId
from tests.ledger.bearing_policy import policies_in, write_policy
from tests.ledger.portfolio import Portfolio, found_portfolio

START = date(2026, 3, 3)
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=timezone.utc)
pence = st.integers(1, 6_000)
place = st.integers(0, 7)
newest = st.integers(0, 1)
"""Of the postings there are, one of the two latest: what meets on one payment is what can go wrong."""
UNDONE = [PostingKind.PAYMENT, PostingKind.REFUND, PostingKind.CARD_DISPUTE, PostingKind.CARD_DISPUTE_LOST,
          PostingKind.WRITE_OFF, PostingKind.ADJUSTMENT, PostingKind.RECALL, PostingKind.ACCRUAL]
percents = st.sampled_from([10, 40, 60, 100, 101])


class Books(RuleBasedStateMachine):
    """One debtor's debts at two creditors, with interest at 36.5 % so that a day shows."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.db = database
        self.day = 0
        self.count = 0
        self.steps = 0
        self.done: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        with database.write() as session:
            self.book = Portfolio(database, *found_portfolio(session, NOON), NOON)

    def teardown(self) -> None:
        self.the_check_finds_nothing()
        self.db.close()

    # -- what is done, recorded so that it can be repeated

    def act(self, service: Callable[..., Any], **given: Any) -> None:
        """Call a service under a key of its own. What it refuses must leave nothing behind."""
        self.count += 1
        given |= {"key": f"k{self.count}"}
        self._call(service, given)

    def _call(self, service: Callable[..., Any], given: dict[str, Any]) -> None:
        before = self.snapshot()
        try:
            with self.db.write() as session:
                service(session, **given)
        except LedgerError:
            assert self.snapshot() == before
        else:
            self.done.append((service, given))

    def posting(self, **more: Any) -> dict[str, Any]:
        return {"effective_on": START + timedelta(days=self.day), "posted_at": NOON + timedelta(days=self.day),
                "actor": "test", "cause": "test"} | more

    def snapshot(self) -> list[Any]:
        with self.db.read() as session:
            return [
                session.execute(select(func.count(Txn.id), func.max(Txn.id))).one(),
                session.execute(select(DebtBalance.debt_id, *(getattr(DebtBalance, b.value) for b in Bucket),
                                       DebtBalance.version).order_by(DebtBalance.debt_id)).all(),
                session.execute(select(Debt.id, Debt.status).order_by(Debt.id)).all(),
            ]

    def some_debt(self, number: int) -> DebtId:
        with self.db.read() as session:
            ids = session.scalars(select(Debt.id).order_by(Debt.id)).all()
        return ids[number % len(ids)]

    def some_txn(self, number: int, *kinds: PostingKind) -> int | None:
        with self.db.read() as session:
            ids = session.scalars(select(Txn.id).where(Txn.kind.in_(kinds)).order_by(Txn.id.desc())).all()
        return ids[number % len(ids)] if ids else None

    def share(self, payment: int, percent: int) -> Money:
        """A part of what a payment brought in all."""
        with self.db.read() as session:
            whole = sum(line.amount.minor for line in lines_of(session, payment) if line.debt_id is None)
        return Money(max(1, whole * percent // 100), "GBP")

    # -- rules

    @initialize()
    def two_debts(self) -> None:
        self.open(5_000, 100, 0, False)
        self.open(3_000, 0, 50, True)

    @precondition(lambda self: self.count < 8)
    @rule(principal=pence, interest=st.integers(0, 99), costs=st.integers(0, 99), parcel=st.booleans())
    def open(self, principal: int, interest: int, costs: int, parcel: bool) -> None:
        self.book.now = NOON + timedelta(days=self.day)
        self.count += 1
        self.book.debt(f"D{self.count}", principal, interest=interest, costs=costs,
                       creditor=self.book.parcel if parcel else self.book.gas)

    @rule(one=place, two=place, first=pence, second=st.integers(0, 3_000), back=st.integers(0, 3),
          direct=st.booleans())
    def pay(self, one: int, two: int, first: int, second: int, back: int, direct: bool) -> None:
        split = {self.some_debt(one): Money(first, "GBP")}
        if second:
            split[self.some_debt(two)] = Money(second, "GBP")
        through = CreditorAccount.DIRECT if direct else CreditorAccount.PROCESSOR_CLEARING
        on = START + timedelta(days=max(0, self.day - back))
        self.act(receive, split=split, through=through, **self.posting(effective_on=on))

    @rule(which=newest, percent=percents)
    def refund(self, which: int, percent: int) -> None:
        if payment := self.some_txn(which, PostingKind.PAYMENT):
            self.act(refund_payment, payment_id=payment, amount=self.share(payment, percent), **self.posting())

    @rule(which=place, amount=st.integers(1, 2_000))
    def give_surplus_back(self, which: int, amount: int) -> None:
        self.act(refund_overpayment, debt_id=self.some_debt(which), amount=Money(amount, "GBP"), **self.posting())

    @rule(which=newest, kind=st.sampled_from(UNDONE))
    def undo(self, which: int, kind: PostingKind) -> None:
        if txn := self.some_txn(which, kind):
            self.act(reverse, txn_id=txn, **self.posting())

    @rule(which=newest, percent=percents)
    def withdraw(self, which: int, percent: int) -> None:
        if payment := self.some_txn(which, PostingKind.PAYMENT):
            self.act(withdraw_disputed, payment_id=payment, amount=self.share(payment, percent), **self.posting())

    @rule(which=newest, won=st.booleans())
    def decide(self, which: int, won: bool) -> None:
        if withdrawal := self.some_txn(which, PostingKind.CARD_DISPUTE):
            self.act(reinstate_disputed if won else lose_dispute, withdrawal_id=withdrawal, **self.posting())

    @rule(which=place, what=st.sampled_from(["fee", "write_off", "adjust", "recall"]), bucket=st.sampled_from(OWED),
          amount=st.integers(-500, 500).filter(bool))
    def now_and_then(self, which: int, what: str, bucket: Bucket, amount: int) -> None:
        """What is rarer than payments and their ends, together as likely as one of those."""
        given, debt = self.posting(), self.some_debt(which)
        if what == "fee":
            if payment := self.some_txn(which, PostingKind.PAYMENT):
                self.act(charge_fee, payment_id=payment, fee=Money(amount, "GBP"), **given)
            return
        del given["cause"]
        if what == "write_off":
            self.act(write_off, debt_id=debt, reason=WriteOffReason.GOODWILL, authority=Authority.LEAD, **given)
        elif what == "adjust":
            self.act(adjust, debt_id=debt, bucket=bucket, amount=Money(amount, "GBP"), reason="test", **given)
        else:
            self.act(recall_debt, debt_id=debt, now=given.pop("posted_at"), **given)

    @rule(which=place, percent=st.integers(1, 99), payments=st.integers(1, 3))
    def settle(self, which: int, percent: int, payments: int) -> None:
        debt_id, today = self.some_debt(which), START + timedelta(days=self.day)
        with self.db.read() as session:
            owed = session.get_one(DebtBalance, debt_id).owed
        self.act(offer_settlement, debt_id=debt_id, amount=Money(owed * percent // 100, "GBP"), payments=payments,
                 actor="staff", authority=Authority.LEAD, now=NOON + timedelta(days=self.day), today=today)
        with self.db.read() as session:
            offer = session.scalars(select(Settlement).order_by(Settlement.id.desc()).limit(1)).first()
        if offer is not None:
            self.act(accept_settlement, settlement_id=offer.id, version=offer.version, actor="debtor", today=today,
                     now=NOON + timedelta(days=self.day))

    @rule()
    def judge(self) -> None:
        with self.db.write() as session:
            judge_settlements(session, today=START + timedelta(days=self.day), now=NOON + timedelta(days=self.day))

    @rule(days=st.integers(1, 9), run=st.booleans())
    def time_passes(self, days: int, run: bool) -> None:
        self.day += days
        if run:
            for _ in range(2):
                with self.db.write() as session:
                    ids = session.scalars(select(Debt.id).order_by(Debt.id)).all()
                    accrue(session, ids, until=START + timedelta(days=self.day - 1),
                           posted_at=NOON + timedelta(days=self.day))

    # -- where two things meet: what comes of it is known beforehand

    def given_back(self, payment: int) -> int:
        """What refunds took of a payment and card disputes hold or took of it, as far as they stand, in pence."""
        reversal = aliased(Txn)
        with self.db.read() as session:
            standing = session.execute(
                select(Txn.kind, TakeBack.withdrawal_id, func.sum(Entry.amount)).select_from(Txn)
                .join(TakeBack, TakeBack.txn_id == Txn.id).join(Entry, Entry.txn_id == Txn.id)
                .where(TakeBack.payment_id == payment, Entry.amount > 0,
                       ~exists().where(reversal.reverses_id == Txn.id))
                .group_by(Txn.id, Txn.kind, TakeBack.withdrawal_id)).all()
        return sum(int(amount) for kind, withdrawal, amount in standing if withdrawal is None)

    @rule(which=place, amount=pence, percent=st.integers(1, 100))
    def refund_what_is_disputed(self, which: int, amount: int, percent: int) -> None:
        """A payment, a card dispute over a part of it, then a refund of a penny more than the rest: refused."""
        self.act(receive, split={self.some_debt(which): Money(amount, "GBP")}, **self.posting())
        payment = self.some_txn(0, PostingKind.PAYMENT)
        assert payment is not None
        held = max(1, amount * percent // 100)
        self.act(withdraw_disputed, payment_id=payment, amount=Money(held, "GBP"), **self.posting())
        assert self.given_back(payment) == held
        self.act(refund_payment, payment_id=payment, amount=Money(amount - held + 1, "GBP"), **self.posting())
        assert self.given_back(payment) == held, "a refund took what a card dispute holds"
        if amount > held:
            self.act(refund_payment, payment_id=payment, amount=Money(amount - held, "GBP"), **self.posting())
            assert self.given_back(payment) == amount

    @rule(which=place, amount=pence, reason=st.sampled_from([HoldReason.DISPUTE, HoldReason.FRAUD]))
    def money_while_a_debt_is_disputed(self, which: int, amount: int, reason: HoldReason) -> None:
        """Money that nobody directed goes by the rules, and never to the disputed debt, directed or not."""
        debt, now = self.some_debt(which), NOON + timedelta(days=self.day)
        self.count += 1
        with self.db.write() as session:
            hold = place_hold(session, key=f"h{self.count}", debtor_id=self.book.debtor_id, debt_id=debt, reason=reason,
                              now=now, until=None, actor="test", cause="test").id
        with self.db.read() as session:
            lines = balance_of(session, self.book.debtor_id, now=now).lines
            payable = {line.debt_id for line in lines if line.debt_id != debt and line.balance.minor}
            splits = []
            for directed in ({}, {debt: Money(amount, "GBP")}):
                with suppress(NothingPayable):
                    splits.append(allocate(lines, Money(amount, "GBP"), directed=directed,
                                           rules=rules_for(session, lines)))
        assert all(debt not in split for split in splits), "money went to a disputed debt"
        if payable and all(not line.hold for line in lines if line.debt_id != debt):
            assert all(sum(part.minor for part in split.values()) == amount for split in splits)
        for split in splits[:1]:
            self.act(receive, split=split, **self.posting())
        with self.db.write() as session:
            lift_hold(session, hold_id=hold, now=now, actor="test")

    @rule(which=place, days=st.integers(1, 9))
    def frozen(self, which: int, days: int) -> None:
        """No day on which a hold that stops interest was on bears any, whenever it is reckoned."""
        debt = self.some_debt(which)
        self.accrue_until_yesterday()
        with self.db.write() as session:
            before = session.get_one(DebtBalance, debt).interest
            self.count += 1
            hold = place_hold(session, key=f"h{self.count}", debtor_id=self.book.debtor_id, debt_id=debt, until=None,
                              reason=HoldReason.HARDSHIP, now=NOON + timedelta(days=self.day), actor="test",
                              cause="test").id
        self.day += days
        self.accrue_until_yesterday()
        with self.db.write() as session:
            assert session.get_one(DebtBalance, debt).interest == before, "interest was added during a freeze"
            lift_hold(session, hold_id=hold, now=NOON + timedelta(days=self.day), actor="test")

    @rule(which=newest, amount=st.integers(2, 6_000), back=st.booleans())
    def what_was_before(self, which: int, amount: int, back: bool) -> None:
        """A payment, or a refund of a part of it, and its undoing: every bucket is as it was."""
        self.accrue_until_yesterday()
        stood = self.snapshot()[1]
        self.act(receive, split={self.some_debt(which): Money(amount, "GBP")}, **self.posting())
        payment = self.some_txn(0, PostingKind.PAYMENT)
        assert payment is not None
        if back:
            paid = self.snapshot()[1]
            self.act(refund_payment, payment_id=payment, amount=Money(amount // 2, "GBP"), **self.posting())
            self.act(reverse, txn_id=self.some_txn(0, PostingKind.REFUND), **self.posting())
            assert [row[1:-1] for row in self.snapshot()[1]] == [row[1:-1] for row in paid]
        with self.db.read() as session:
            settling = session.scalar(select(func.count()).where(Settlement.discount_id.is_not(None)))
            recalled = session.scalar(select(func.count()).where(Debt.status == DebtStatus.RECALLED))
        self.act(reverse, txn_id=payment, **self.posting())
        if not settling and not recalled:
            assert [row[1:-1] for row in self.snapshot()[1]] == [row[1:-1] for row in stood]

    def accrue_until_yesterday(self) -> None:
        """Interest of the days that are over."""
        with self.db.write() as session:
            ids = session.scalars(select(Debt.id).order_by(Debt.id)).all()
            accrue(session, ids, until=START + timedelta(days=self.day - 1),
                   posted_at=NOON + timedelta(days=self.day))

    @rule(which=place, lift=st.booleans())
    def hold(self, which: int, lift: bool) -> None:
        self.count += 1
        now = NOON + timedelta(days=self.day)
        with self.db.write() as session:
            if lift and (hold := session.scalar(select(Hold.id).where(Hold.lifted_at.is_(None)).limit(1))):
                lift_hold(session, hold_id=hold, now=now, actor="test")
            elif not lift:
                place_hold(session, key=f"h{self.count}", debtor_id=self.book.debtor_id, debt_id=self.some_debt(which),
                           reason=HoldReason.HARDSHIP, now=now, until=None, actor="test", cause="test")

    @precondition(lambda self: self.done)
    @rule(which=st.integers(0, 99))
    def again(self, which: int) -> None:
        """Any earlier key once more, with the same content: nothing changes."""
        service, given = self.done[which % len(self.done)]
        before = self.snapshot()
        with self.db.write() as session:
            service(session, **given)
        assert self.snapshot() == before

    # -- what always holds

    def the_check_finds_nothing(self) -> None:
        with self.db.read() as session:
            assert check(session) == []

    @invariant()
    def the_books_are_sound(self) -> None:
        self.steps += 1
        if self.steps % 5 == 0:  # the whole check takes as long as several steps; the end of each run is checked too
            self.the_check_finds_nothing()
        with self.db.read() as session:
            assert session.scalar(select(func.sum(Entry.amount))) in (0, None)
            assert all(getattr(balance, bucket.value) >= 0 for balance in session.scalars(select(DebtBalance))
                       for bucket in Bucket)
            money = [CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.DIRECT, CreditorAccount.DISPUTE_HOLD,
                     CreditorAccount.PROCESSOR_FEES]
            ours = session.scalar(select(func.sum(Entry.amount)).join(Account, Account.id == Entry.account_id).where(
                Account.creditor_id.is_not(None), Account.kind.in_([account.value for account in money])))
            assert (ours or 0) >= 0, "more was given back than came in"


@pytest.fixture
def with_interest(tmp_path: Path) -> Iterator[None]:
    """Debts bear a thousandth a day."""
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2026-01-01, cap: {percent_of_principal: 9}')
    with policies_in(tmp_path):
        yield


@pytest.mark.parametrize(("make", "examples", "steps"), [("make_sqlite", 14, 25), ("make_postgresql", 2, 20)])
def test_the_whole_ledger(
    request: pytest.FixtureRequest, with_interest: None, make: str, examples: int, steps: int
) -> None:
    made: Callable[[], Database] = request.getfixturevalue(make)
    run_state_machine_as_test(lambda: Books(made()), settings=settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True,
        suppress_health_check=list(HealthCheck)))


Step = tuple[str, int]
chains = st.lists(st.lists(st.tuples(st.sampled_from(["pay", "refund", "withdraw", "lose", "fee", "bounce"]), pence),
                           max_size=4), min_size=3, max_size=3)


def orders(lives: list[list[Step]]) -> st.SearchStrategy[tuple[list[list[Step]], list[list[int]]]]:
    """The same lives of three debts, interleaved in two ways."""
    turns = [number for number, life in enumerate(lives) for _ in life]
    return st.tuples(st.just(lives), st.lists(st.permutations(turns), min_size=2, max_size=2))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(chains.flatmap(orders))
def test_what_happens_to_different_debts_commutes(
    make_sqlite: Callable[[], Database], played: tuple[list[list[Step]], list[list[int]]]
) -> None:
    lives, turns = played
    ends = []
    for order in turns:
        books = Books(make_sqlite())
        debts = [books.book.debt(f"C{number}", 4_000) for number in range(3)]
        ahead, last = [iter(life) for life in lives], dict[int, dict[str, int]]()
        for number in order:
            _live(books, debts[number], last.setdefault(number, {}), *next(ahead[number]))
        with books.db.read() as session:
            accounts = session.execute(
                select(Account.kind, func.sum(Entry.amount)).join(Entry, Entry.account_id == Account.id)
                .where(Account.creditor_id.is_not(None)).group_by(Account.kind).order_by(Account.kind)).all()
            balances = [[getattr(session.get_one(DebtBalance, debt), bucket.value) for bucket in Bucket]
                        for debt in debts]
            ends.append((accounts, balances, [session.get_one(Debt, debt).status for debt in debts]))
        books.teardown()
    assert ends[0] == ends[1]


def _live(books: Books, debt: DebtId, last: dict[str, int], what: str, amount: int) -> None:
    money = Money(amount, "GBP")
    if what == "pay":
        books.act(receive, split={debt: money}, **books.posting())
        last["payment"] = books.some_txn(0, PostingKind.PAYMENT) or 0
    elif "payment" not in last:
        return
    elif what == "refund":
        books.act(refund_payment, payment_id=last["payment"], amount=money, **books.posting())
    elif what == "fee":
        books.act(charge_fee, payment_id=last["payment"], fee=money, **books.posting())
    elif what == "bounce":
        books.act(reverse, txn_id=last["payment"], **books.posting())
    elif what == "withdraw":
        before = len(books.done)
        books.act(withdraw_disputed, payment_id=last["payment"], amount=money, **books.posting())
        if len(books.done) > before:
            last["withdrawal"] = books.some_txn(0, PostingKind.CARD_DISPUTE) or 0
    elif "withdrawal" in last:
        books.act(lose_dispute, withdrawal_id=last["withdrawal"], **books.posting())
