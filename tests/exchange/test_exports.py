"""Exports: every figure is the ledger's at that moment, whatever has happened."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from exchange.account import account_of
from exchange.cells import safe
from exchange.period import Period
from exchange.postings import COLUMNS, write_postings
from exchange.remittance import remittances
from exchange.remitting import remittance_file
from ledger.balances import balance_of
from ledger.kinds import CreditorAccount, DebtStatus, PostingKind
from ledger.models import Account, Creditor, DebtBalance, Entry, Seal, Txn
from ledger.money import Money, totals
from ledger.receipts import payments_of
from runtime.database import Database
from runtime.errors import StaffError
from tests.exchange.moves import FIRST, Move, happen, moves
from tests.ledger.portfolio import Portfolio, found_portfolio

number = count(1)
few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def fresh(make_sqlite: Callable[[], Database], now: object) -> Callable[[], Portfolio]:
    """Gives new portfolios: Hypothesis asks for several in one test."""
    def made() -> Portfolio:
        db = make_sqlite()
        with db.write() as session:
            debtor_id, gas, parcel = found_portfolio(session, now)  # type: ignore[arg-type]
        return Portfolio(db, debtor_id, gas, parcel, now)  # type: ignore[arg-type]
    return made


# The account of a debtor -------------------------------------------------------------------------------------------


@few
@given(found=moves, first=st.one_of(st.none(), st.integers(-5, 35).map(lambda days: FIRST + timedelta(days=days))))
def test_the_account_is_the_ledger(fresh: Callable[[], Portfolio], found: list[Move], first: date | None) -> None:
    portfolio = fresh()
    happen(portfolio, found, "D")
    with portfolio.db.read() as session:
        now = portfolio.now + timedelta(days=40)
        accounts = account_of(session, portfolio.debtor_id, first=first, now=now)
        balance = balance_of(session, portfolio.debtor_id, now=now)
        assert totals(a.owed for a in accounts if a.status is DebtStatus.OPEN) == balance.totals
        for account in accounts:
            cached = session.get_one(DebtBalance, account.debt_id)
            assert (account.owed.minor, account.overpaid.minor) == (cached.owed, cached.overpayment)
            assert account.start + account.added - account.paid == account.owed - account.overpaid
            assert account.added.is_zero, "nothing but payments and their undoing happened"
            assert all(first is None or move.on >= first for move in account.movements)
        paid = sum(line.amount.minor for line in payments_of(session, portfolio.debtor_id))
        if first is None:
            assert sum(account.paid.minor for account in accounts) == paid
    portfolio.db.close()


# Remittance --------------------------------------------------------------------------------------------------------


@few
@given(found=moves, begins=st.integers(0, 30), days=st.integers(0, 30))
def test_a_remittance_reconciles_with_the_creditors_account(
    fresh: Callable[[], Portfolio], found: list[Move], begins: int, days: int
) -> None:
    portfolio = fresh()
    happen(portfolio, found, "R")
    first = portfolio.now.date() + timedelta(days=begins - 11)
    period = Period(first, first + timedelta(days=days))
    with portfolio.db.read() as session:
        for creditor in (portfolio.gas, portfolio.parcel):
            (made,) = remittances(session, creditor, period)

            def moved(kind: CreditorAccount, until: date, creditor: int = creditor) -> int:
                """What an account stands at, at the end of a day: by another way than the export's."""
                return sum(amount for amount, at in session.execute(
                    select(Entry.amount, Txn.posted_at).join(Account, Account.id == Entry.account_id)
                    .join(Txn, Txn.id == Entry.txn_id)
                    .where(Account.creditor_id == creditor, Account.kind == kind)) if at.date() <= until)

            before, last = first - timedelta(days=1), period.last
            clearing = CreditorAccount.PROCESSOR_CLEARING
            assert made.brought == moved(clearing, before)
            assert made.carried == moved(clearing, last)
            assert made.totals.net == made.carried - made.brought
            assert made.totals.other == 0
            for kind, figure in ((CreditorAccount.PROCESSOR_FEES, made.totals.fees),
                                 (CreditorAccount.DISPUTE_HOLD, made.totals.disputes)):
                assert -figure == moved(kind, last) - moved(kind, before)
            assert made.direct == moved(CreditorAccount.DIRECT, last) - moved(CreditorAccount.DIRECT, before)
            for name in ("received", "reversed", "refunded"):
                assert sum(getattr(part.figures, name) for part in made.parts) == getattr(made.totals, name)
            assert sum(part.direct for part in made.parts) == made.direct
    portfolio.db.close()


def test_remittances_of_periods_that_follow_join_without_a_seam(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A", 10_000)
    for key, on in (("late", date(2026, 1, 31)), ("now", date(2026, 3, 3))):
        portfolio.pay(key, {debt: 1_000}, on)  # both recorded on 3 March
    with portfolio.db.read() as session:
        (february,) = remittances(session, portfolio.gas, Period(date(2026, 2, 1), date(2026, 2, 28)))
        (march,) = remittances(session, portfolio.gas, Period(date(2026, 3, 1), date(2026, 3, 31)))
        (april,) = remittances(session, portfolio.gas, Period(date(2026, 4, 1), date(2026, 4, 30)))
    assert (february.carried, march.brought, march.totals.received, march.carried) == (0, 0, 2_000, 2_000)
    assert (april.brought, april.totals.net, april.carried) == (2_000, 0, 2_000)


def test_a_payment_over_two_creditors_is_each_ones_own_part(portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A", 5_000), portfolio.debt("B", 5_000, creditor=portfolio.parcel)
    portfolio.pay("p", {one: 1_200, two: 6_000})
    with portfolio.db.read() as session:
        gas, parcel = (remittances(session, one, Period(date(2026, 3, 1), date(2026, 3, 31)))[0]
                       for one in (portfolio.gas, portfolio.parcel))
    assert (gas.totals.received, parcel.totals.received) == (1_200, 6_000)
    assert [part.ref for part in gas.parts] == ["A"]


def test_a_remittance_as_csv_adds_up_and_the_others_are_made(portfolio: Portfolio) -> None:
    happen(portfolio, [Move("pay", 11, 3_000, (1, 3)), Move("fee", 11, 85, (1,)), Move("direct", 12, 501, (1,)),
                       Move("dispute", 12, 1_001, (1,)), Move("reverse", 13, 1, (1,))], "G")
    with portfolio.db.read() as session:
        made = remittances(session, portfolio.gas, Period(date(2026, 3, 1), date(2026, 3, 31)))
    text = remittance_file(made, form="csv", now=portfolio.now).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    total = next(row for row in rows if row["row"] == "total")
    by_row = [row for row in rows if row["row"] in ("debt", "not_by_debt")]
    for column in ("received", "reversed", "refunded", "fees", "disputes", "other", "net"):
        assert sum(Decimal(row[column]) for row in by_row) == Decimal(total[column]), column
    assert (total["fees"], total["disputes"]) == ("-0.85", "-10.01")
    (owed,) = [row["net"] for row in rows if row["row"] == "to_pay_over"]
    assert Decimal(owed) == made[0].money(made[0].carried).decimal
    pdf, page = (remittance_file(made, form=form, now=portfolio.now) for form in ("pdf", "html"))
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.name == "remittance-gas-2026-03-01-2026-03-31.pdf"
    assert "£" in page.content.decode()


def test_nothing_happened_is_a_remittance_of_nothing(portfolio: Portfolio) -> None:
    with portfolio.db.read() as session:
        (made,) = remittances(session, portfolio.gas, Period(date(2026, 3, 1), date(2026, 3, 31)))
    assert (made.parts, made.carried, made.currency) == ([], 0, "GBP")
    with pytest.raises(StaffError, match="begins"):
        Period(date(2026, 3, 2), date(2026, 3, 1))


# Postings ----------------------------------------------------------------------------------------------------------


def test_every_entry_once_and_they_sum_to_zero(portfolio: Portfolio) -> None:
    happen(portfolio, [Move("pay", 11, 3_000, (0, 1)), Move("fee", 11, 85, (1,)), Move("reverse", 13, 1, (1,))], "P")
    table, lines = io.StringIO(newline=""), io.StringIO()
    told: list[tuple[int, int]] = []
    with portfolio.db.read() as session:
        whole = session.scalar(select(func.count()).select_from(Entry))
        assert write_postings(session, table, form="csv", progress=lambda *at: told.append(at)) == whole
        assert write_postings(session, lines, form="jsonl") == whole
    assert told == [(whole, whole)]
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [row["minor"] for row in rows] == [str(one["minor"]) for one in found]
    assert list(found[0]) == list(COLUMNS)
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["posting"]] = sums.get(row["posting"], 0) + int(row["minor"])
        assert Decimal(row["amount"]) * 100 == int(row["minor"])
        assert {row["creditor"]} <= {"GAS", "PARCEL"}
        assert bool(row["debt"]) == bool(row["debtor"])
    assert set(sums.values()) == {0}
    assert {row["cause"] for row in rows if row["kind"] == "payment"} == {"'=HYPERLINK(1)"}
    assert {one["cause"] for one in found if one["kind"] == "payment"} == {"=HYPERLINK(1)"}


def test_postings_of_a_period_and_a_creditor(portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A", 5_000), portfolio.debt("B", 5_000, creditor=portfolio.parcel)
    portfolio.pay("p", {one: 1_200, two: 6_000})
    with portfolio.db.read() as session:
        def rows(period: Period | None, creditor: int | None) -> list[dict[str, object]]:
            file = io.StringIO()
            write_postings(session, file, form="jsonl", period=period, creditor_id=creditor)  # type: ignore[arg-type]
            return [json.loads(line) for line in file.getvalue().splitlines()]

        march = Period(date(2026, 3, 1), date(2026, 3, 31))
        assert rows(Period(date(2026, 2, 1), date(2026, 2, 28)), None) == []
        mine = rows(march, portfolio.gas)
        assert {row["creditor"] for row in mine} == {"GAS"}
        assert len(rows(march, None)) == len(mine) + len(rows(march, portfolio.parcel))


def test_memory_stays_flat(fresh: Callable[[], Portfolio], monkeypatch: pytest.MonkeyPatch) -> None:
    portfolio = fresh()
    monkeypatch.setattr("exchange.postings.AT_ONCE", 100)
    portfolio.pay("first", {portfolio.debt("A", 900_000): 1})
    with portfolio.db.write() as session:
        kinds = {account.kind: account.id for account in session.scalars(select(Account))}
        accounts = [(kinds["principal"], -1), (kinds["processor_clearing"], 1)]
        many = range(1_000, 4_000)
        session.execute(insert(Txn), [{
            "id": one, "idem_key": f"m{one}", "content_hash": "x", "kind": PostingKind.PAYMENT, "actor": "test",
            "effective_on": portfolio.now.date(), "posted_at": portfolio.now, "cause": "x" * 150} for one in many])
        session.execute(insert(Entry), [
            {"txn_id": one, "account_id": account, "currency": "GBP", "amount": sign}
            for one in many for account, sign in accounts])
        session.execute(insert(Seal), [{"txn_id": one} for one in many])

    class Away(io.StringIO):
        """Forgets what is written."""

        def write(self, text: str) -> int:
            return len(text)

    with portfolio.db.read() as session:
        tracemalloc.start()
        assert write_postings(session, Away(), form="csv") == 6_004
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2_000_000, "all of it at once would be some ten times as much"
    portfolio.db.close()


@pytest.mark.parametrize(("value", "cell"), [
    ("=1+1", "'=1+1"), ("+44 20", "'+44 20"), ("-1", "'-1"), ("@SUM", "'@SUM"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
    ("  =1", "'  =1"), ("fine", "fine"), ("", ""), (None, ""), (-12, "-12"), (Decimal("-0.10"), "-0.10"), (True, "yes"),
    (Money(-1_050, "GBP"), "-10.50"), (Money(500, "JPY"), "500"), ("a\x00b", "ab"),
])
def test_cells_are_safe(value: object, cell: str) -> None:
    assert safe(value) == cell


def test_creditors_and_debts_may_be_called_anything(portfolio: Portfolio) -> None:
    with portfolio.db.write() as session:
        session.get_one(Creditor, portfolio.gas).name = "<script>alert(1)</script> & Söhne €"
    portfolio.pay("p", {portfolio.debt("=CMD", 5_000): 100})
    with portfolio.db.read() as session:
        made = remittances(session, portfolio.gas, Period(date(2026, 3, 1), date(2026, 3, 31)))
    page = remittance_file(made, form="html", now=portfolio.now).content.decode()
    assert "<script>" not in page
    assert "'=CMD" in remittance_file(made, form="csv", now=portfolio.now).content.decode()
    assert remittance_file(made, form="pdf", now=portfolio.now).content.startswith(b"%PDF-")
