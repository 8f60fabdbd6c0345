"""Money is exact."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, MoneyError, exponent, total, totals, zero

amounts = st.builds(Money, st.integers(-(10**15), 10**15), st.sampled_from(["GBP", "USD", "JPY", "KWD", "CLF"]))


@given(amounts)
def test_decimal_and_json_give_the_same_amount_back(amount: Money) -> None:
    assert Money.from_decimal(amount.decimal, amount.currency) == amount
    assert Money.from_json(amount.json()) == amount
    assert amount - amount == zero(amount.currency) == amount + -amount


@given(st.lists(st.integers(-(10**12), 10**12)))
def test_sums_lose_nothing(minors: list[int]) -> None:
    assert total((Money(m, "GBP") for m in minors), "GBP") == Money(sum(minors), "GBP")


@pytest.mark.parametrize(("text", "currency", "minor"), [
    ("12.3", "GBP", 1230), ("1E+2", "GBP", 10_000), ("-0.01", "USD", -1), ("5.00", "JPY", 5), ("1.234", "KWD", 1234),
    ("0", "GBP", 0), ("10.500", "GBP", 1050),
])
def test_from_decimal(text: str, currency: str, minor: int) -> None:
    assert Money.from_decimal(Decimal(text), currency).minor == minor


@pytest.mark.parametrize(("text", "currency"), [
    ("0.001", "GBP"), ("1.5", "JPY"), ("NaN", "GBP"), ("Infinity", "GBP"), ("1", "gbp"), ("1", "£"), ("1", "GBPX"),
])
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        Money.from_decimal(Decimal(text), currency)


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_minor_units_are_integers(minor: object) -> None:
    with pytest.raises(MoneyError):
        Money(minor, "GBP")  # type: ignore[arg-type]
    with pytest.raises(MoneyError):
        Money.from_json({"minor": minor, "currency": "GBP"})


def test_currencies_do_not_mix() -> None:
    pounds, dollars = Money(1, "GBP"), Money(1, "USD")
    for mix in (lambda: pounds + dollars, lambda: pounds - dollars, lambda: pounds < dollars, lambda: pounds >= dollars,
                lambda: total([pounds, dollars], "GBP")):
        with pytest.raises(MoneyError):
            mix()
    assert pounds != dollars
    assert totals([pounds, dollars, pounds]) == {"GBP": Money(2, "GBP"), "USD": dollars}


def test_order_and_words() -> None:
    assert Money(1, "GBP") < Money(2, "GBP") <= Money(2, "GBP") < max(Money(3, "GBP"), Money(1, "GBP"))
    assert str(Money(-5, "KWD")) == "-0.005 KWD"
    assert zero("GBP").is_zero
    assert [exponent(c) for c in ("JPY", "GBP", "KWD", "CLF")] == [0, 2, 3, 4]
