"""The section ``plans`` of a policy: what it says, what is wrong with it, what several creditors have in common."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.money import Money
from ledger.policy import Policy, load_policy, strictest
from ledger.policy.plan_changes import MissedRules, PauseRules
from ledger.policy.plan_terms import Band, DownPayment
from ledger.policy.plans import name_of
from ledger.schedule import FORTNIGHTLY, LAST_WORKING_DAY, MONTHLY, SEMI_MONTHLY, Frequency
from runtime.errors import OperatorError
from runtime.settings import ROOT, settings

GOOD = (ROOT / "policies" / "uk-standard.yml").read_text()
BANDS = """maximum_term_months:
    - {up_to: "500.00", months: 12}
    - {up_to: "2000.00", months: 36}
    - {months: 60}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty policy folder."""
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def policy(folder: Path, old: str, new: str, name: str = "mine") -> Policy:
    assert old in GOOD
    (folder / f"{name}.yml").write_text(GOOD.replace(old, new))
    return load_policy(name)


def pounds(minor: int) -> Money:
    return Money(minor, "GBP")


def test_the_longest_term_may_depend_on_the_balance(folder: Path) -> None:
    mine = policy(folder, "maximum_term_months: 60", BANDS)
    assert [mine.term_months(pounds(minor)) for minor in (1, 50_000, 50_001, 200_000, 200_001, 9_999_999)] == [
        12, 12, 36, 36, 60, 60]


@pytest.mark.parametrize(("bands", "complaint"), [
    ('[{up_to: "500.00", months: 12}]', "last band"),
    ("[]", "last band"),
    ("[{months: 12}, {months: 24}]", "up_to each"),
    ('[{up_to: "900", months: 12}, {up_to: "500", months: 24}, {months: 60}]', "smallest first"),
    ('[{up_to: 500.5, months: 12}, {months: 60}]', "quotes"),
    ('[{up_to: "500.001", months: 12}, {months: 60}]', "decimals"),
    ("[{months: 0}]", "expected 1 or more"),
    ("soon", "maximum_term_months"),
])
def test_wrong_bands_are_one_clear_line(folder: Path, bands: str, complaint: str) -> None:
    with pytest.raises(OperatorError, match=complaint) as caught:
        policy(folder, "maximum_term_months: 60", f"maximum_term_months: {bands}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("on_holidays: keep", "on_holidays: keep\n  down_payment: {}", "down_payment needs an amount or a percent"),
    ("on_holidays: keep", 'on_holidays: keep\n  down_payment: {percent: "100"}', "less than 100"),
    ("on_holidays: keep", 'on_holidays: keep\n  down_payment: {amount: "0.001"}', "decimals"),
    ("on_holidays: keep", "on_holidays: skip", "keep"),
    ("then: catch_up", "then: sue", "catch_up"),
    ("longest_days: 62", "longest_days: 0", "longest_days"),
    ("[monthly, four_weekly,", "[monthly, monthly, four_weekly,", "twice"),
    ("[monthly, four_weekly,", "[monthly, daily, four_weekly,", "weekly"),
    ('    monthly: "25.00"\n', "", "lacks monthly, last_working_day, payday"),
])
def test_what_is_wrong_is_said(folder: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(OperatorError, match=complaint) as caught:
        policy(folder, old, new)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("frequency", "name"), [
    (Frequency(1, "week", "friday"), "weekly"), (FORTNIGHTLY, "fortnightly"), (Frequency(3, "week"), None),
    (MONTHLY, "monthly"), (Frequency(2, "month"), None), (Frequency(1, "month", "5_and_20"), "semi_monthly"),
    (LAST_WORKING_DAY, "last_working_day"), (Frequency(1, "month", "last_monday"), "payday"),
    (Frequency(1, "month", "28_before"), "payday"), (Frequency(2, "month", "last_friday"), None),
])
def test_a_rhythm_has_the_policys_name_whatever_its_day(frequency: Frequency, name: str | None) -> None:
    assert name_of(frequency) == name


def test_paydays_take_the_minimum_of_a_month() -> None:
    uk, us = load_policy("uk-standard"), load_policy("us-standard")
    assert uk.minimum(LAST_WORKING_DAY) == pounds(2_500) == uk.minimum(Frequency(1, "month", "28_before"))
    assert uk.minimum(SEMI_MONTHLY) is None
    assert us.minimum(Frequency(1, "month", "15_and_31")) == Money(1_500, "USD")


@pytest.mark.parametrize(("down", "total", "expected"), [
    (DownPayment(amount=Decimal(50)), 20_000, 5_000), (DownPayment(amount=Decimal(50)), 3_000, 3_000),
    (DownPayment(percent=Decimal(10)), 12_345, 1_235), (DownPayment(percent=Decimal("0.5")), 1, 1),
    (DownPayment(amount=Decimal(20), percent=Decimal(10)), 12_000, 2_000),
    (DownPayment(amount=Decimal(20), percent=Decimal(10)), 50_000, 5_000),
])
def test_what_comes_first(down: DownPayment, total: int, expected: int) -> None:
    assert down.of(pounds(total)) == pounds(expected)


def test_creditors_in_common_take_the_strictest_of_each(folder: Path) -> None:
    one = policy(folder, "maximum_term_months: 60", BANDS, "one")
    two = policy(folder, "on_holidays: keep", 'on_holidays: before\n  down_payment: {percent: "5"}\n  remainder: first',
                 "two")
    three = policy(folder, """  pause:
    longest_days: 62
    per_year: 1
""", '  merge_last_below: "4.00"\n  down_payment: {amount: "10"}\n', "three")
    both = strictest([one, two]).plans
    assert both.maximum_term_months == (
        Band(up_to=Decimal("500.00"), months=12), Band(up_to=Decimal("2000.00"), months=36), Band(months=60))
    assert (both.on_holidays, both.remainder) == ("before", "last")
    assert both.down_payment == DownPayment(percent=Decimal(5))
    assert both.pause == PauseRules(longest_days=62, per_year=1)
    assert both.missed == MissedRules()
    all_three = strictest([one, two, three]).plans
    assert all_three.pause is None
    assert all_three.merge_last_below == Decimal(4)
    assert all_three.down_payment == DownPayment(amount=Decimal(10), percent=Decimal(5))
    assert all_three.for_the_rest().down_payment is None
    assert MissedRules.strictest([MissedRules(then="replan", person_after=3), MissedRules(within=2)]) == MissedRules(
        then="catch_up", within=2, person_after=2)
