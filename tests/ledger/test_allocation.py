"""Several debts, one payment: by the policy's order, or as the debtor says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from ledger.allocation import MoreThanOwed, NothingPayable, in_order, own_split, place, rules_for, split_payment
from ledger.balances import DebtLine, balance_of
from ledger.holds import HoldReason, place_hold
from ledger.models import Debt
from ledger.money import Money, total
from ledger.policy import Policy, load_policy
from ledger.policy.payments import OverDebts
from runtime.database import Database
from runtime.ids import CreditorId, DebtId
from tests.ledger.portfolio import Portfolio

GAS, PARCEL = CreditorId(1), CreditorId(2)


def line(number: int, pence: int, *, creditor: CreditorId = GAS, year: int = 2025, rate: str | None = None,
         payable: bool = True) -> DebtLine:
    nothing, owed = Money(0, "GBP"), Money(pence, "GBP")
    return DebtLine(
        debt_id=DebtId(number), ref=f"A{number}", creditor_id=creditor, creditor="Northern Gas", kind="energy",
        description="", original_creditor=None, opened_on=date(year, 1, 1), due_on=None, balance=owed, principal=owed,
        interest=nothing, fees=nothing, costs=nothing, disputed=not payable, hold=None, hold_until=None,
        payable=payable, askable=payable, time_barred=None, version=1,
        interest_rate=None if rate is None else Decimal(rate))


def policies(**wishes: OverDebts) -> Mapping[CreditorId, Policy]:
    """Policies of the two creditors; interest by policy is 5 %."""
    plain = load_policy("uk-standard")
    interest = plain.interest.model_copy(update={"annual_percent": Decimal(5)})
    return {creditor: plain.model_copy(update={
        "interest": interest,
        "payments": plain.payments.model_copy(update={"over_debts": wishes.get(name, "oldest")}),
    }) for name, creditor in (("gas", GAS), ("parcel", PARCEL))}


def numbers(lines: list[DebtLine]) -> list[int]:
    return [found.debt_id for found in lines]


def test_the_orders_over_debts() -> None:
    lines = [line(1, 900, year=2024), line(2, 100, year=2025, rate="9"), line(3, 500, year=2023, rate="0")]
    assert numbers(in_order(lines, policies())) == [3, 1, 2]
    assert numbers(in_order(lines, policies(gas="smallest"))) == [2, 3, 1]
    assert numbers(in_order(lines, policies(gas="highest_interest"))) == [2, 1, 3]
    assert split_payment(lines, Money(150, "GBP"), rules=policies(gas="smallest")) == {
        2: Money(100, "GBP"), 3: Money(50, "GBP")}


def test_creditors_who_differ_keep_their_places() -> None:
    lines = [line(1, 900, year=2021), line(2, 10, creditor=PARCEL, year=2022), line(3, 100, year=2023),
             line(4, 800, creditor=PARCEL, year=2024)]
    assert numbers(in_order(lines, policies(gas="smallest"))) == [3, 2, 1, 4]
    assert numbers(in_order(lines, policies(gas="smallest", parcel="smallest"))) == [2, 3, 4, 1]


def test_the_debtors_own_split() -> None:
    lines = [line(1, 900), line(2, 100), line(3, 100, payable=False)]
    wanted = {DebtId(2): Money(60, "GBP"), DebtId(1): Money(1, "GBP")}
    assert own_split(lines, wanted) == wanted
    for debt, pence, most in ((2, 101, 100), (3, 1, 0), (1, 0, 900), (9, 1, 0)):
        with pytest.raises(MoreThanOwed) as caught:
            own_split(lines, {DebtId(debt): Money(pence, "GBP")})
        assert caught.value.payable == Money(most, "GBP")


def test_what_is_left_of_a_full_debt_goes_on_and_then_is_surplus() -> None:
    lines = [line(1, 900), line(2, 100), line(3, 70, payable=False)]
    directed = {DebtId(2): Money(300, "GBP"), DebtId(3): Money(50, "GBP")}
    assert place(lines, Money(350, "GBP"), directed=directed) == {2: Money(100, "GBP"), 1: Money(250, "GBP")}
    assert place(lines, Money(1_100, "GBP"), directed=directed) == {2: Money(200, "GBP"), 1: Money(900, "GBP")}
    assert place([line(1, 900)], Money(1_000, "GBP")) == {1: Money(1_000, "GBP")}
    with pytest.raises(NothingPayable):
        place(lines[2:], Money(1, "GBP"))


def test_a_time_barred_debt_gets_only_what_was_meant_for_it() -> None:
    lines = [replace(line(1, 900), time_barred=True), line(2, 100)]
    assert place(lines, Money(150, "GBP")) == {2: Money(150, "GBP")}
    assert place(lines, Money(150, "GBP"), directed={DebtId(1): Money(50, "GBP")}) == {
        1: Money(50, "GBP"), 2: Money(100, "GBP")}
    with pytest.raises(NothingPayable):
        place(lines[:1], Money(150, "GBP"))


@given(st.lists(st.tuples(st.integers(1, 999), st.booleans(), st.booleans()), min_size=1, max_size=6),
       st.integers(1, 4_000), st.dictionaries(st.integers(0, 6), st.integers(1, 999), max_size=3),
       st.sampled_from(["oldest", "smallest", "highest_interest"]))
def test_all_that_came_in_is_placed_and_never_on_a_held_debt(
    debts: list[tuple[int, bool, bool]], pence: int, directed: dict[int, int], wish: OverDebts
) -> None:
    lines = [line(number, owed, payable=payable, creditor=PARCEL if parcel else GAS)
             for number, (owed, payable, parcel) in enumerate(debts)]
    if not any(found.payable for found in lines):
        return
    split = place(lines, Money(pence, "GBP"), rules=policies(gas=wish),
                  directed={DebtId(number): Money(minor, "GBP") for number, minor in directed.items()})
    assert total(split.values(), "GBP").minor == pence
    by_id = {found.debt_id: found for found in lines}
    assert all(by_id[debt].payable and amount.minor > 0 for debt, amount in split.items())
    over = [debt for debt, amount in split.items() if amount > by_id[debt].balance]
    assert len(over) <= 1
    if over:
        assert all(split[found.debt_id] >= found.balance for found in lines if found.payable)


def test_the_rules_of_the_creditors_and_the_debts_own_rate(db: Database, portfolio: Portfolio) -> None:
    one, two = portfolio.debt("A1", 1_000), portfolio.debt("B1", 500, creditor=portfolio.parcel)
    with db.write() as session:
        session.execute(update(Debt).where(Debt.id == two).values(interest_rate=Decimal("7.25")))
        place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=one, reason=HoldReason.DISPUTE,
                   now=portfolio.now, until=None, actor="test", cause="test")
    with db.read() as session:
        lines = balance_of(session, portfolio.debtor_id, now=portfolio.now).lines
        rules = rules_for(session, lines)
    assert {creditor: policy.name for creditor, policy in rules.items()} == {
        portfolio.gas: "uk-standard", portfolio.parcel: "uk-standard"}
    assert [found.interest_rate for found in lines] == [None, Decimal("7.25")]
    assert place(lines, Money(700, "GBP"), rules=rules) == {two: Money(700, "GBP")}
