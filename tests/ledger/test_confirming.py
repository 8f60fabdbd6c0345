"""Balances of which another system is the master: said with their age, and no agreement on an old one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ledger.balances import balance_of
from ledger.confirming import confirm, refuse_stale
from ledger.errors import BalanceStale
from ledger.models import Creditor, Debt
from ledger.money import Money
from ledger.offers import Allowed, Offer, counter
from ledger.plans import agree_plan
from ledger.policy import policy_for
from ledger.policy.loading import read_policy
from ledger.policy.master import MasterRules
from ledger.promises import make_promise
from runtime.errors import OperatorError
from runtime.settings import ROOT, settings
from tests.ledger.portfolio import Portfolio


@pytest.fixture
def theirs(portfolio: Portfolio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portfolio]:
    """The same portfolio, where the agency's own system keeps the books of the gas company."""
    standard = (ROOT / "policies" / "uk-standard.yml").read_text("utf-8")
    (tmp_path / "uk-standard.yml").write_text(standard, "utf-8")
    (tmp_path / "uk-theirs.yml").write_text(standard + "\nmaster: { system: theirs, stale_after_hours: 24 }\n", "utf-8")
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    with portfolio.db.write() as session:
        session.get_one(Creditor, portfolio.gas).policy = "uk-theirs"
    yield portfolio
    monkeypatch.undo()
    settings.cache_clear()


def stale(portfolio: Portfolio, after: timedelta) -> dict[str, tuple[bool, datetime | None]]:
    with portfolio.db.read() as session:
        lines = balance_of(session, portfolio.debtor_id, now=portfolio.now + after).lines
        return {line.ref: (line.stale, line.as_of) for line in lines}


def offer(portfolio: Portfolio) -> Offer:
    with portfolio.db.read() as session:
        policy = policy_for(session.get_one(Creditor, portfolio.gas))
    answer = counter(policy, Money(10_000, "GBP"), amount=Money(2_500, "GBP"), frequency=None, first_on=None,
                     today=portfolio.now.date())
    assert isinstance(answer, Allowed)
    return answer.offer


def test_opening_confirms_and_age_makes_stale_only_where_the_books_are_theirs(theirs: Portfolio) -> None:
    theirs.debt("G", 10_000)
    theirs.debt("P", 5_000, creditor=theirs.parcel)
    assert stale(theirs, timedelta(hours=24)) == {"G": (False, theirs.now), "P": (False, theirs.now)}
    assert stale(theirs, timedelta(hours=24, seconds=1)) == {"G": (True, theirs.now), "P": (False, theirs.now)}


def test_a_confirmation_makes_it_fresh_and_an_older_one_changes_nothing(theirs: Portfolio) -> None:
    debts = [theirs.debt(f"G{number}", 1_000) for number in range(3)]
    later = theirs.now + timedelta(days=3)
    with theirs.db.write() as session:
        assert confirm(session, debts[:2], later) == 2
        assert confirm(session, debts, later - timedelta(hours=1)) == 1
        assert confirm(session, debts[:2], later) == 0
        assert confirm(session, [], later) == 0
        assert session.get_one(Debt, debts[0]).as_of == later
    assert [s for s, _ in stale(theirs, timedelta(days=3, hours=23, minutes=30)).values()] == [False, False, True]


def test_what_was_never_confirmed_is_stale(theirs: Portfolio) -> None:
    theirs.debt("G", 1_000)
    with theirs.db.write() as session:
        session.execute(update(Debt).values(as_of=None))
    assert stale(theirs, timedelta(0)) == {"G": (True, None)}


def test_no_plan_and_no_promise_on_a_stale_balance_but_staff_may(theirs: Portfolio) -> None:
    debt = theirs.debt("G", 10_000)
    wanted, old = offer(theirs), theirs.now + timedelta(days=2)
    with theirs.db.write() as session:
        with pytest.raises(BalanceStale) as refused:
            agree_plan(session, key="p", debtor_id=theirs.debtor_id, debt_ids=[debt], offer=wanted, actor="debtor",
                       now=old)
        assert (refused.value.debt_id, refused.value.as_of) == (debt, theirs.now)
        with pytest.raises(BalanceStale):
            make_promise(session, key="m", debtor_id=theirs.debtor_id, amount=Money(100, "GBP"), actor="debtor",
                         now=old, due_on=old.date() + timedelta(days=3))
        with pytest.raises(BalanceStale):
            refuse_stale(session, [debt], now=old)
        assert agree_plan(session, key="s", debtor_id=theirs.debtor_id, debt_ids=[debt], offer=wanted, actor="staff",
                          now=old, by_staff=True).id


def test_after_a_confirmation_both_are_made(theirs: Portfolio) -> None:
    debt = theirs.debt("G", 10_000)
    old = theirs.now + timedelta(days=2)
    with theirs.db.write() as session:
        confirm(session, [debt], old)
        assert agree_plan(session, key="p", debtor_id=theirs.debtor_id, debt_ids=[debt], offer=offer(theirs),
                          actor="debtor", now=old).id
        assert make_promise(session, key="m", debtor_id=theirs.debtor_id, amount=Money(100, "GBP"), actor="debtor",
                            now=old, due_on=old.date() + timedelta(days=3)).id


def test_money_is_taken_however_old_the_balance_is(theirs: Portfolio) -> None:
    debt = theirs.debt("G", 10_000)
    with theirs.db.write() as session:
        session.execute(update(Debt).values(as_of=None))
    theirs.pay("p", {debt: 2_500})
    assert theirs.balance(debt).owed == 7_500


def test_the_section_says_what_is_wrong(tmp_path: Path) -> None:
    standard = (ROOT / "policies" / "uk-standard.yml").read_text("utf-8")
    for wrong in ("{ system: mine }", "{ stale_after_hours: 0 }", "{ hours: 3 }"):
        path = tmp_path / f"p{len(wrong)}.yml"
        path.write_text(f"{standard}\nmaster: {wrong}\n", "utf-8")
        with pytest.raises(OperatorError, match="master"):
            read_policy(path)
    assert MasterRules().system == "ours"
