"""The operator's file about identity: what is said of mistakes, and what it changes."""

from pathlib import Path

import pytest

from compliance.identity_rules import IdentityRules, read_rules
from runtime.errors import OperatorError
from runtime.settings import ROOT

WRONG = [
    ("ask: [date_of_birth, postcode]", "must ask for the reference"),
    ("ask: [reference, postcode, last_name]", "stands on a letter"),
    ("ask: [reference, date_of_birth]", "family member"),
    ("ask: [reference, {of: [date_of_birth, last_name]}, postcode]", "stands on a letter"),
    ("ask: [reference, pin, date_of_birth]", "ask.1.of.0"),
    ("ask: [reference, {of: [code], at_least: 2}]", "wants 2 of 1"),
    ("ask: [reference, {of: [code, code]}]", "twice"),
    ("creditors: {GAS: {also: []}}", "creditors.GAS.also"),
    ("creditors: {GAS: {factors: [code]}}", "creditors.GAS"),
    ("fresh_minutes: 0", "fresh_minutes"),
    ("per_account: {free_failures: 0, wait_minutes: []}", "per_account.free_failures"),
    ("shared_addresses: [{name: x, networks: [library], waits: {free_failures: 9, wait_minutes: [1]}}]", "networks"),
    ("links: {verifies_times: 0}", "verifies_times"),
    ("codes: {by: [pigeon]}", "codes.by"),
    ("[1, 2]", "file"),
    ("a: [", "not valid YAML"),
    ("unknown: 1", "unknown"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_a_mistake_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "identity.yml"
    file.write_text(text)
    with pytest.raises(OperatorError, match=why) as found:
        read_rules(file)
    assert "\n" not in str(found.value)
    assert "identity.yml" in str(found.value)


def test_the_file_that_comes_with_it_says_what_holds_without_it() -> None:
    assert read_rules(ROOT / "identity.yml") == IdentityRules()


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "identity.yml").write_text("# nothing yet\n")
    assert read_rules(tmp_path / "identity.yml") == IdentityRules()
    with pytest.raises(OperatorError, match="no file"):
        read_rules(tmp_path / "none.yml")


@pytest.mark.parametrize("text", [
    "ask: [reference, code]", "ask: [reference, date_of_birth, postcode, last_name]",
    "ask: [reference, date_of_birth, {of: [postcode, last_name, code], at_least: 2}]",
])
def test_what_is_enough(tmp_path: Path, text: str) -> None:
    (tmp_path / "identity.yml").write_text(text)
    assert read_rules(tmp_path / "identity.yml").ask[0].of == ("reference",)
