"""Wrong policy files: everything that is wrong is said at once, with its line; the published schema is up to date."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ledger.policy.loading import find_policy, load_policy
from ledger.policy.problems import WrongPolicy
from ledger.policy.schema import schema
from runtime.errors import OperatorError
from runtime.settings import ROOT, settings

GOOD = (ROOT / "policies" / "us-standard.yml").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty policy folder."""
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def wrong(folder: Path, text: str) -> WrongPolicy:
    """What is said of a file with ``text``."""
    (folder / "bad.yml").write_text(text)
    with pytest.raises(WrongPolicy) as caught:
        load_policy("bad")
    return caught.value


@pytest.mark.parametrize(("old", "new", "path", "complaint"), [
    ('monthly: "30.00"', "monthly: 30.5", "plans.minimum_instalment.monthly", "found 30.5: write it in quotes"),
    ('monthly: "30.00"', 'monthly: "30.001"', "plans.minimum_instalment.monthly", "more than 2 decimals"),
    ('monthly: "30.00"', 'monthly: "-1"', "plans.minimum_instalment.monthly", "-1 is not an amount to pay"),
    ('monthly: "30.00"', 'monthly: "lots"', "plans.minimum_instalment.monthly", "expected a number in quotes"),
    ('    weekly: "8.00"\n', "", "plans.minimum_instalment", "lacks weekly"),
    ("[interest, fees, costs, principal]", "[interest, fees, costs]", "payments.buckets", "each once"),
    ("maximum_term_months: 48", "maximum_term_month: 48", "plans.maximum_term_month",
     "there is no such field (did you mean maximum_term_months?)"),
    ("  maximum_term_months: 48\n", "", "plans.maximum_term_months",
     "is missing; expected a number of months, or a list"),
    ("maximum_term_months: 48", "maximum_term_months: 0", "plans.maximum_term_months", "found 0, expected 1 or more"),
    ("maximum_term_months: 48", "maximum_term_months: four years", "plans.maximum_term_months",
     "found 'four years', expected a whole number"),
    ("maximum_term_months: 48", "maximum_term_months: yes", "plans.maximum_term_months", "found True: yes, no"),
    ("advice: 30", "advise: 30", "holds.days.advise", "(did you mean advice?)"),
    ("hardship: 60", "hardship: 20", "holds.longest_days.hardship", "shorter than the usual 30"),
    ("[monthly, fortnightly, weekly, semi_monthly,", "[monthly, fornightly, weekly, semi_monthly,",
     "plans.frequencies[2]", "(did you mean fortnightly?)"),
    ("currency: USD", "currency: dollars", "currency",
     "found 'dollars', expected three capital letters (ISO 4217), as in GBP"),
    ("promises:", "promise:", "promise", "(did you mean promises?)"),
    ("approval:", "signatures:", "signatures", "there is no such field; there are"),
    ("title: US standard", "title: US standard\nname: mine", "name", "called like its file"),
    ('pay_percent: "75"', 'pay_percent: "175"', "settlement.tiers[2].pay_percent", "found '175', expected 100 or less"),
    ("payments: 3", "payments: 0", "settlement.tiers[2].payments", "found 0, expected 1 or more"),
    ("authority: staff", "authority: boss", "settlement.tiers[3].authority", "expected bot, staff or lead"),
    ('balance_from: "500.00"', 'balance_from: "500.00"\n      balance_below: "400"', "settlement.tiers[3].balance_from",
     "balance_from must be less than balance_below"),
    ('balance_from: "500.00"', 'balance_from: "500.001"', "settlement.tiers[3].balance_from", "too many for USD"),
    ("within_days: 90", "within_days: 90\n      accept_within_days: 91",
     "settlement.tiers[2].accept_within_days", "leaves no time"),
    ("payments: 3\n      within_days: 90", "payments: 12\n      within_days: 10", "settlement.tiers[2].within_days",
     "a day for each of the 12"),
    ('{staff: "70", lead: "50"}', '{staff: "70", lead: "90"}',
     "approval.settlement_below_percent", "further out than staff"),
    ('{staff: "0", lead: "100.00"}', '{staff: "0", chief: "100.00"}',
     "approval.write_off_above.chief", "no such field"),
    ("    food: {first_adult", "    foods: {first_adult", "affordability.guidelines.foods", "(did you mean food?)"),
    ('{first_adult: "450", ', "{", "affordability.guidelines.food.first_adult", "is missing"),
    ("  grace_days: 3\n", "  grace_days: 3\n  grace_days: 4\n", "promises.grace_days", "is given twice"),
])
def test_one_thing_wrong_is_one_line(folder: Path, old: str, new: str, path: str, complaint: str) -> None:
    assert GOOD.count(old) >= 1
    before, _, _ = GOOD.partition(old)
    said = wrong(folder, GOOD.replace(old, new, 1))
    assert [problem.path for problem in said.problems] == [path]
    assert complaint in said.problems[0].said
    assert "\n" not in str(said)
    assert str(said).startswith(f"bad.yml, line {said.problems[0].line}: {path}: ")
    near = before.count("\n") + 1
    if new.startswith(old.split(":")[0] + ":") and "twice" not in complaint and "\n" not in new:
        assert said.problems[0].line == near  # the key itself; what is wrong with a whole section is at its head
    else:
        assert 1 <= said.problems[0].line <= near + 1


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file(folder: Path) -> None:
    bad = (GOOD.replace("currency: USD", "currency: usd").replace("maximum_term_months", "max_term_months")
           .replace('pay_percent: "70"', 'pay_percent: "0"').replace("valid_days: 180", "valid_days: 0"))
    said = wrong(folder, bad)
    assert [problem.path for problem in said.problems] == [
        "currency", "plans.max_term_months", "settlement.tiers[1].pay_percent", "affordability.valid_days"]
    lines = bad.splitlines()
    for problem in said.problems:
        assert problem.path.rpartition(".")[2] in lines[problem.line - 1]
    assert str(said).splitlines()[0] == "bad.yml has 4 problems:"
    assert len(str(said).splitlines()) == 5


@pytest.mark.parametrize(("text", "complaint"), [
    ("", "holds fields and values"), ("- a list", "holds fields and values"), ("just words", "fields and values"),
    ("title: [\nplans: {}", "line 2: is not valid YAML"), ("title: \x00", "not valid YAML"),
    ("a: 1\n---\nb: 2", "not valid YAML"), ("? [a, b]\n: 1", "not valid YAML"),
])
def test_what_is_no_policy_at_all(folder: Path, text: str, complaint: str) -> None:
    assert complaint in str(wrong(folder, text))


def test_a_file_is_found_by_path_and_by_name(folder: Path) -> None:
    path = folder / "ours.yml"
    path.write_text(GOOD)
    assert find_policy("ours") == find_policy("ours.yml") == find_policy(str(path)) == path
    with pytest.raises(OperatorError, match=r"no policy file theirs\. In .* there are: ours"):
        find_policy("theirs")
    with pytest.raises(OperatorError, match="no policy file"):
        find_policy("nowhere/ours")


def test_the_published_schema_is_up_to_date() -> None:
    published = json.loads((ROOT / "docs" / "schemas" / "policy.schema.json").read_text())
    assert published == schema(), "run: debtdesk policy schema --out docs/schemas/policy.schema.json"


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*.yml")), ids=lambda path: path.stem)
def test_shipped_policies_fit_the_schema_and_name_it(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(yaml.safe_load(path.read_text()), schema())
    first = path.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("$schema=")[2]).resolve() == ROOT / "docs" / "schemas" / "policy.schema.json"


def _described(part: dict[str, Any], where: str = "") -> Iterator[str]:
    for name, field in part.get("properties", {}).items():
        if not field.get("description") and "$ref" not in json.dumps(field):
            yield f"{where}{name}"


def test_every_field_of_the_schema_says_what_it_is() -> None:
    whole = schema()
    missing = list(_described(whole))
    for name, part in whole["$defs"].items():
        missing += _described(part, f"{name}.")
    assert set(missing) <= {"PlanRules.maximum_term_months", "PlanRules.first_payment_within_days"}
