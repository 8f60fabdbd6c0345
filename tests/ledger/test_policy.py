"""Policy files: what ships is right, what is wrong is said in one line."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.holds import EFFECTS
from ledger.kinds import HoldReason
from ledger.money import Money
from ledger.policy import Policy, load_policy, strictest
from ledger.policy.holds import HoldRules
from ledger.schedule import FORTNIGHTLY, MONTHLY, Frequency
from runtime.errors import OperatorError
from runtime.settings import ROOT, settings

GOOD = (ROOT / "policies" / "uk-standard.yml").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty policy folder."""
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_policy_is_right(path: Path) -> None:
    policy = load_policy(path.stem)
    assert policy.name == path.stem
    assert all(policy.minimum(frequency) is not None for frequency in policy.rhythms)


def test_the_uk_standard() -> None:
    policy = load_policy("uk-standard")
    assert policy.minimum(MONTHLY) == Money(2_500, "GBP")
    assert policy.minimum(Frequency(3, "week")) is None
    assert policy.hold_until(HoldReason.HARDSHIP, date(2026, 3, 3)) == date(2026, 4, 2)
    assert policy.hold_until(HoldReason.DISPUTE, date(2026, 3, 3)) is None


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ('monthly: "25.00"', "monthly: 25.00", "quotes"),
    ('monthly: "25.00"', 'monthly: "25.001"', "decimals"),
    ('monthly: "25.00"', 'monthly: "-1"', "not an amount to pay"),
    ('    weekly: "6.00"\n', "", "lacks weekly"),
    ("[principal, interest, fees, costs]", "[principal, interest, fees]", "buckets"),
    ("maximum_term_months: 60", "maximum_term_month: 60", "maximum_term_month"),
    ("hardship: 30", "hardships: 30", "hardships"),
    ("currency: GBP", "currency: pounds", "currency"),
    ("title: UK standard", "title: [", "not valid YAML"),
])
def test_a_wrong_file_is_one_clear_line(folder: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    (folder / "bad.yml").write_text(GOOD.replace(old, new))
    with pytest.raises(OperatorError, match=complaint) as caught:
        load_policy("bad")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("bad.yml")


@pytest.mark.parametrize("name", ["absent", "../secrets/at-rest", "", "a/b", "x.yml"])
def test_a_missing_or_odd_name(folder: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="There is no policy"):
        load_policy(name)


def test_an_empty_file(folder: Path) -> None:
    (folder / "empty.yml").write_text("")
    with pytest.raises(OperatorError, match="fields and values"):
        load_policy("empty")


def test_a_changed_file_is_read_again(folder: Path) -> None:
    path = folder / "mine.yml"
    path.write_text(GOOD)
    assert load_policy("mine").plans.maximum_term_months == 60
    path.write_text(GOOD.replace("maximum_term_months: 60", "maximum_term_months: 36"))
    assert load_policy("mine").plans.maximum_term_months == 36


def test_several_creditors_take_the_strictest_of_each() -> None:
    one = load_policy("uk-standard")
    plans = one.plans.model_copy(update={
        "frequencies": ("fortnightly", "monthly"), "maximum_term_months": 24,
        "minimum_instalment": {"fortnightly": Decimal(5), "monthly": Decimal(40)},
    })
    holds = HoldRules(days={HoldReason.HARDSHIP: 60})
    other = one.model_copy(update={"name": "other", "plans": plans, "holds": holds})
    both = strictest([one, other, one])
    assert both.rhythms == (MONTHLY, FORTNIGHTLY)
    assert both.minimum(MONTHLY) == Money(4_000, "GBP")
    assert both.minimum(FORTNIGHTLY) == Money(1_200, "GBP")
    assert both.plans.maximum_term_months == 24
    assert both.hold_until(HoldReason.HARDSHIP, date(2026, 1, 1)) == date(2026, 3, 2)
    assert both.hold_until(HoldReason.STAFF_REVIEW, date(2026, 1, 1)) is None
    assert strictest([one]) is one


def test_nothing_in_common_is_said() -> None:
    with pytest.raises(OperatorError, match="no plan in common"):
        strictest([load_policy("uk-standard"), load_policy("us-standard")])


def test_every_reason_has_its_effect() -> None:
    assert set(EFFECTS) == set(HoldReason)
    assert isinstance(load_policy("us-standard"), Policy)
