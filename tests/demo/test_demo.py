"""The demo portfolio: every person in the state their story tells, whatever the day it is loaded on."""

import re
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text

from cli.demo import guide, load, reset
from cli.portfolio import MARK, on, read_portfolio
from compliance.preferences import allowed_channels
from ledger.balances import DebtorBalance, balance_of
from ledger.check import check
from ledger.holds import HoldReason, active_holds
from ledger.kinds import DebtStatus, PromiseStatus
from ledger.models import Creditor, Debt, Debtor, Txn
from ledger.money import Money
from ledger.plans import PlanView, plans_of
from ledger.promises import promises_of
from ledger.receipts import payments_of, receive
from runtime.database import Database
from runtime.errors import OperatorError

TODAY = date(2026, 4, 15)
NOW = datetime(2026, 4, 15, 12, 0, tzinfo=timezone.utc)
DAYS = [date(2026, 4, 15), date(2024, 2, 29), date(2025, 3, 31), date(2025, 12, 31), date(2026, 7, 1)]


class Desk:
    """Asks the ledger about people by their letter."""

    def __init__(self, db: Database, today: date = TODAY) -> None:
        self.db, self.today = db, today
        self.now = datetime(today.year, today.month, today.day, 12, 0, tzinfo=timezone.utc)
        self.refs = {person.letter: person.ref for person in read_portfolio().people}

    def debtor(self, letter: str) -> Debtor:
        with self.db.read() as session:
            return session.scalars(select(Debtor).where(Debtor.ref == self.refs[letter])).one()

    def balance(self, letter: str) -> DebtorBalance:
        with self.db.read() as session:
            return balance_of(session, self.debtor(letter).id, now=self.now)

    def owes(self, letter: str) -> str:
        return ", ".join(map(str, self.balance(letter).totals.values()))

    def plan(self, letter: str) -> PlanView:
        with self.db.read() as session:
            (plan,) = plans_of(session, self.debtor(letter).id, today=self.today)
            return plan

    def holds(self, letter: str) -> list[tuple[HoldReason, bool]]:
        with self.db.read() as session:
            found = active_holds(session, debtor_id=self.debtor(letter).id, now=self.now)
            return [(hold.reason, hold.debt_id is not None) for hold in found]

    def promises(self, letter: str) -> list[PromiseStatus]:
        with self.db.read() as session:
            return [promise.status for promise in promises_of(session, self.debtor(letter).id)]


@pytest.fixture
def desk(db: Database) -> Desk:
    started = time.monotonic()
    assert load(db, today=TODAY)
    assert time.monotonic() - started < 30
    return Desk(db)


def test_loading_is_sound_and_happens_once(desk: Desk) -> None:
    with desk.db.read() as session:
        assert check(session) == []
        before = session.scalar(select(func.count()).select_from(Txn))
    assert not load(desk.db, today=TODAY + timedelta(days=3))
    with desk.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Txn)) == before
        assert session.scalar(select(func.count()).select_from(Debtor)) == len(read_portfolio().people)


def test_every_letter_of_the_list_is_there() -> None:
    letters = {person.letter[0] for person in read_portfolio().people}
    assert letters == set("abcdefghijklmnopqrstu")


def test_maya(desk: Desk) -> None:
    balance = desk.balance("a")
    assert desk.owes("a") == "486.20 GBP"
    by_creditor: dict[str, Money] = {}
    for line in balance.lines:
        by_creditor[line.creditor] = by_creditor.get(line.creditor, Money(0, "GBP")) + line.balance
    assert {name: str(sum_) for name, sum_ in by_creditor.items()} == {
        "Northern Gas": "312.00 GBP", "Parcel & Co": "174.20 GBP",
    }  # fmt: skip
    assert len(balance.lines) == 3
    assert desk.owes("b") == "640.00 GBP"


@pytest.mark.parametrize("today", DAYS)
def test_plans_stand_as_told_on_any_day(make_sqlite: Callable[[], Database], today: date) -> None:
    db = make_sqlite()
    load(db, today=today)
    desk = Desk(db, today)
    running, nearly = desk.plan("d"), desk.plan("e")
    assert (running.kept, running.missed, running.count, str(running.left)) == (3, 1, 8, "200.00 GBP")
    assert running.next_due is not None
    assert running.next_due.on > today
    assert (nearly.kept, nearly.missed, nearly.count, str(nearly.left)) == (5, 0, 6, "30.00 GBP")
    assert nearly.next_due is not None
    assert today < nearly.next_due.on < today + timedelta(days=14)
    assert desk.promises("q") == [PromiseStatus.BROKEN, PromiseStatus.BROKEN]
    with db.read() as session:
        assert check(session) == []
        assert all(txn.effective_on <= today for txn in session.scalars(select(Txn)))
    db.close()


def test_paid_recalled_and_overpaid(desk: Desk) -> None:
    with desk.db.read() as session:
        (payment,) = payments_of(session, desk.debtor("f").id)
        assert (str(payment.amount), payment.on) == ("85.00 GBP", TODAY - timedelta(days=6))
        status = {d.debtor_id: d.status for d in session.scalars(select(Debt))}
    assert status[desk.debtor("f").id] is DebtStatus.PAID
    assert status[desk.debtor("n").id] is DebtStatus.RECALLED
    assert {letter: desk.owes(letter) for letter in "fno"} == {"f": "", "n": "", "o": ""}
    assert {c: str(m) for c, m in desk.balance("o").overpaid.items()} == {"GBP": "60.00 GBP"}


def test_holds(desk: Desk) -> None:
    assert {letter: desk.holds(letter) for letter in "agijklmst"} == {
        "a": [],
        "g": [(HoldReason.DISPUTE, True)],
        "i": [(HoldReason.VULNERABILITY, False)],
        "j": [(HoldReason.BREATHING_SPACE, False)],
        "k": [(HoldReason.REPRESENTED, False)],
        "l": [(HoldReason.DECEASED, False)],
        "m": [(HoldReason.BANKRUPTCY, False)],
        "s": [(HoldReason.FRAUD, True)],
        "t": [],
    }
    disputed = desk.balance("g")
    assert [str(m) for m in disputed.totals.values()] == ["316.39 GBP"]
    assert [str(m) for m in disputed.disputed.values()] == ["219.99 GBP"]


def test_particulars_of_people(desk: Desk) -> None:
    assert desk.debtor("i").vulnerable
    assert desk.debtor("l").deceased_on == date(2026, 2, 15)
    assert all(desk.debtor(letter).representative for letter in "klt")
    assert desk.debtor("u").timezone is None
    assert desk.debtor("c").language == "es"
    father, son = desk.debtor("p"), desk.debtor("p2")
    assert (father.first_name, father.last_name, father.postcode) == (son.first_name, son.last_name, son.postcode)
    assert father.date_of_birth != son.date_of_birth
    for letter, region in (("h", "England"), ("h2", "Scotland"), ("h3", "TX")):
        assert desk.debtor(letter).region == region
        assert [line.time_barred for line in desk.balance(letter).lines] == [True]
    with desk.db.read() as session:
        assert set(allowed_channels(session, desk.debtor("r").id).values()) == {False}
        creditors = session.scalars(select(Creditor)).all()
    assert {c.country for c in creditors} == {"GB", "US"}
    assert [c.name for c in creditors if c.own_collector] == ["Harbour Leisure"]


def test_people_are_invented_and_can_prove_who_they_are() -> None:
    for person in read_portfolio().people:
        assert re.fullmatch(r"\+447700900\d{3}|\+1\d{3}55501\d\d", person.phone), person.ref
        assert person.email.endswith("@example.com")
        assert person.born
        assert person.postcode
    refs = [p.ref for p in read_portfolio().people] + [d.ref for p in read_portfolio().people for d in p.debts]
    assert len(refs) == len(set(refs))


def test_the_guide_says_who_to_be_and_what_to_type() -> None:
    lines = guide()
    assert len(lines) == 1 + 2 * len(read_portfolio().people)
    assert lines[1:3] == [
        "  (a) Maya Okafor: Three debts, two creditors",
        "      DD-1001, 14 March 1991, LS6 2QB  then: what do i owe / I'd like to pay 50 pounds of it",
    ]


def test_reset_puts_everything_back_and_keeps_the_triggers(desk: Desk) -> None:
    with desk.db.write() as session:
        debt = session.scalars(select(Debt).where(Debt.ref == "NG-20311")).one()
        receive(session, key="x", split={debt.id: Money(31200, "GBP")}, effective_on=TODAY, posted_at=NOW,
                actor="test", cause="test")  # fmt: skip
        session.add(Debtor(ref="EXTRA", first_name="", last_name="", country="GB", vulnerable=False, created_at=NOW))
    assert desk.owes("a") == "174.20 GBP"
    reset(desk.db, today=TODAY)
    assert desk.owes("a") == "486.20 GBP"
    with desk.db.read() as session:
        assert check(session) == []
        assert session.scalars(select(Debtor).where(Debtor.ref == "EXTRA")).first() is None
    for statement in ("UPDATE entry SET amount = amount + 1", "DELETE FROM txn"):
        with pytest.raises(Exception, match="never changed"), desk.db.write() as session:
            session.execute(text(statement))


def test_a_live_portfolio_is_never_touched(db: Database) -> None:
    with db.write() as session:
        session.add(Creditor(ref="REAL", name="Real", country="GB", currency="GBP", policy="uk-standard"))
    with pytest.raises(OperatorError, match=r"another portfolio \(REAL\)"):
        load(db, today=TODAY)
    with pytest.raises(OperatorError, match="it holds REAL"):
        reset(db, today=TODAY)
    with db.read() as session:
        assert list(session.scalars(select(Creditor.ref))) == ["REAL"]


def test_a_demo_with_imported_debts_is_not_reset(desk: Desk) -> None:
    with desk.db.write() as session:
        session.add(Creditor(ref="REAL", name="Real", country="GB", currency="GBP", policy="uk-standard"))
    assert not load(desk.db, today=TODAY)
    with pytest.raises(OperatorError, match="it holds REAL"):
        reset(desk.db, today=TODAY)
    assert desk.owes("a") == "486.20 GBP"


def test_every_creditor_carries_the_mark() -> None:
    assert all(creditor.ref.startswith(MARK) for creditor in read_portfolio().creditors)


def test_relative_dates() -> None:
    assert on("today", TODAY) == TODAY
    assert on("-1 month -8 days", date(2026, 3, 31)) == date(2026, 2, 20)
    assert on("+6 days", TODAY) == date(2026, 4, 21)
