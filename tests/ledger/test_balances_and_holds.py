"""What do I owe, and what stops us from asking for it."""

from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import event, func, select

from ledger.balances import balance_of
from ledger.errors import NotFound
from ledger.holds import EFFECTS, Act, HoldReason, active_holds, lift_hold, place_hold, stopped
from ledger.models import Entry, Hold
from ledger.money import Money
from runtime.database import Database
from runtime.ids import DebtId, DebtorId
from tests.ledger.portfolio import Portfolio


def hold(portfolio: Portfolio, reason: HoldReason, debt: DebtId | None = None, until: date | None = None,
         key: str | None = None) -> int:
    with portfolio.db.write() as session:
        return place_hold(session, key=key or f"{reason}:{debt}", debtor_id=portfolio.debtor_id, debt_id=debt,
                          reason=reason, now=portfolio.now, until=until, actor="test", cause="test").id


def test_the_total_is_of_all_open_debts_the_disputed_part_beside_it(db: Database, portfolio: Portfolio) -> None:
    gas = portfolio.debt("A1", 31_200)
    parcel = portfolio.debt("B1", 17_000, interest=420, creditor=portfolio.parcel, opened_on=date(2024, 1, 1))
    paid = portfolio.debt("A2", 500)
    portfolio.pay("p", {paid: 500})
    entries = select(func.count()).select_from(Entry)
    with db.read() as session:
        before = session.scalar(entries)
    hold(portfolio, HoldReason.DISPUTE, parcel)
    with db.read() as session:
        balance = balance_of(session, portfolio.debtor_id, now=portfolio.now)
        assert session.scalar(entries) == before  # a dispute is a state, never a posting
    assert balance.totals == {"GBP": Money(48_620, "GBP")}
    assert balance.disputed == {"GBP": Money(17_420, "GBP")}
    assert balance.payable == {"GBP": Money(31_200, "GBP")}
    assert [line.debt_id for line in balance.lines] == [parcel, gas]
    first, second = balance.lines
    assert (first.creditor, first.balance.minor, first.interest.minor, first.disputed, first.hold, first.payable) == (
        "Parcel & Co", 17_420, 420, True, HoldReason.DISPUTE, False)
    assert (second.disputed, second.hold, second.payable, second.version) == (False, None, True, 1)


def test_it_takes_two_queries(db: Database, portfolio: Portfolio) -> None:
    for number in range(5):
        portfolio.debt(f"A{number}", 100)
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    with db.read() as session:
        assert len(balance_of(session, portfolio.debtor_id, now=portfolio.now).lines) == 5
    assert sum(statement.startswith("SELECT") for statement in asked) == 2


def test_currencies_are_summed_apart_and_nobody_owes_nothing(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 100)
    portfolio.debt("A2", 200, currency="USD")
    with db.read() as session:
        balance = balance_of(session, portfolio.debtor_id, now=portfolio.now)
        assert balance.totals == {"GBP": Money(100, "GBP"), "USD": Money(200, "USD")}
        nobody = balance_of(session, DebtorId(4711), now=portfolio.now)
        assert (nobody.lines, nobody.totals, nobody.disputed, nobody.overpaid) == ([], {}, {}, {})


@pytest.mark.parametrize("reason", list(HoldReason))
def test_each_reason_stops_what_its_table_says(db: Database, portfolio: Portfolio, reason: HoldReason) -> None:
    debt, other = portfolio.debt("A1", 100), portfolio.debt("A2", 100)
    hold(portfolio, reason, debt)
    with db.read() as session:
        for act in Act:
            found = stopped(session, debtor_id=portfolio.debtor_id, debt_id=debt, act=act, now=portfolio.now)
            assert (found is not None) == (act in EFFECTS[reason].stops)
            for elsewhere in (other, None):
                assert stopped(session, debtor_id=portfolio.debtor_id, debt_id=elsewhere, act=act,
                               now=portfolio.now) is None
        lines = balance_of(session, portfolio.debtor_id, now=portfolio.now).lines
    assert [line.payable for line in lines] == [EFFECTS[reason].payable, True]


def test_every_hold_stops_asking_and_reminding() -> None:
    assert all({Act.ASK, Act.REMIND, Act.CHARGE} <= effect.stops for effect in EFFECTS.values())
    unpayable = {reason for reason, effect in EFFECTS.items() if not effect.payable}
    assert {HoldReason.DISPUTE, HoldReason.FRAUD, HoldReason.BANKRUPTCY, HoldReason.DECEASED,
            HoldReason.REPRESENTED, HoldReason.SELF_HARM} <= unpayable
    assert HoldReason.HARDSHIP not in unpayable


def test_a_hold_on_the_debtor_holds_everything_and_the_strongest_is_named(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 100)
    hold(portfolio, HoldReason.HARDSHIP, debt)
    hold(portfolio, HoldReason.BANKRUPTCY)
    with db.read() as session:
        found = stopped(session, debtor_id=portfolio.debtor_id, debt_id=debt, act=Act.ASK, now=portfolio.now)
        assert found is not None
        assert found.reason is HoldReason.BANKRUPTCY
        line = balance_of(session, portfolio.debtor_id, now=portfolio.now).lines[0]
        assert (line.hold, line.payable) == (HoldReason.BANKRUPTCY, False)


def test_a_hold_lasts_through_its_last_day_wherever_the_debtor_lives(db: Database, portfolio: Portfolio) -> None:
    hold(portfolio, HoldReason.HARDSHIP, until=date(2026, 6, 12))
    end = datetime(2026, 6, 13, 12, 0, tzinfo=timezone.utc)  # midnight after 12 June in the last place on earth
    with db.read() as session:
        assert active_holds(session, debtor_id=portfolio.debtor_id, now=end - timedelta(seconds=1))
        assert not active_holds(session, debtor_id=portfolio.debtor_id, now=end)


def test_the_same_key_places_one_hold_and_lifting_twice_is_quiet(db: Database, portfolio: Portfolio) -> None:
    first, again = (hold(portfolio, HoldReason.HARDSHIP, key="turn:1") for _ in range(2))
    assert first == again
    for actor in ("anna", "bert"):
        with db.write() as session:
            lift_hold(session, hold_id=first, now=portfolio.now, actor=actor)
    with db.read() as session:
        assert session.get_one(Hold, first).lifted_by == "anna"
        assert active_holds(session, debtor_id=portfolio.debtor_id, now=portfolio.now) == []
    with db.write() as session, pytest.raises(NotFound):
        lift_hold(session, hold_id=4711, now=portfolio.now, actor="anna")
