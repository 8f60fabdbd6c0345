"""The operator's file about identity: what is said of mistakes, and what it changes."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from cli.identity_file import identity_schema
from cli.main import app
from compliance.identity_rules import IdentityRules, read_rules
from compliance.identity_words import explain, warnings
from runtime.errors import OperatorError
from runtime.settings import ROOT

WRONG = [
    ("ask: [date_of_birth, postcode]", "must ask for the reference"),
    ("ask: [reference, postcode, last_name]", "stands on a letter"),
    ("ask: [reference, date_of_birth]", "family member"),
    ("ask: [reference, {of: [date_of_birth, last_name]}, postcode]", "stands on a letter"),
    ("ask: [reference, pin, date_of_birth]", r"line 1: ask\[2\]\.of\[1\]: found 'pin', expected reference, "),
    ("ask: [reference, {of: [code], at_least: 2}]", "wants 2 of 1"),
    ("ask: [reference, {of: [code, code]}]", "twice"),
    ("creditors: {GAS: {also: []}}", "creditors.GAS.also"),
    ("creditors: {GAS: {factors: [code]}}", "creditors.GAS"),
    ("fresh_minutes: 0", "fresh_minutes"),
    ("per_account: {free_failures: 0, wait_minutes: []}", "per_account.free_failures"),
    ("shared_addresses: [{name: x, networks: [library], waits: {free_failures: 9, wait_minutes: [1]}}]",
     r"networks\[1\]: found 'library': expected a network such as"),
    ("links: {verifies_times: 0}", "verifies_times"),
    ("codes: {by: [pigeon]}", "codes.by"),
    ("[1, 2]", "no fields and values"),
    ("a: [", "not valid YAML"),
    ("unknown: 1", "line 1: unknown: there is no such field"),
    ("links: {}\nfresh_minuts: 1", "line 2: fresh_minuts: .*did you mean fresh_minutes"),
    ("links: {}\nlinks: {}", "line 2: links: is given twice"),
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


EVERYTHING = """ask: [reference, {of: [date_of_birth, last_name, code], at_least: 2}]
creditors: {GAS: {also: [code, [postcode, last_name]]}}
shared_addresses: [{name: The library, networks: [192.0.2.0/24, 10.0.0.0/8],
                    waits: {free_failures: 1, wait_minutes: [1]}}]
links: {verifies_times: 3}
codes: {by: [sms], per_debtor_per_day: 2}
host_sites:
  - {name: Gas portal, issuer: "https://my.gas.example", audience: desk, algorithms: [HS256], keys: keys,
     creditors: [GAS], proves: verifies, subject: account}
  - {name: Ours, issuer: "https://my.example", audience: desk, algorithms: [HS256], keys: keys, proves: verifies}
"""
SECRET = "nobody-may-read-this-" * 2


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "2026.secret").write_text(SECRET)
    (tmp_path / "identity.yml").write_text(EVERYTHING)
    return tmp_path / "identity.yml"


def test_it_is_explained_in_words_without_a_key(everything: Path) -> None:
    said = "\n".join(explain(read_rules(everything)))
    for words in (
        "The reference.", "The date of birth, the last name or a code that we sent, 2 of them.",
        "GAS: a code that we sent and the postcode or the last name as well.", "verifies 3 times", "by text message",
        "at most 2 a day", "20 failures without a wait, then waits of 1, 2, 5, 15, 30 and 60 minutes",
        "The library (192.0.2.0/24, 10.0.0.0/8): 1 failure without a wait, then waits of 1 minute.",
        "Gas portal (https://my.gas.example, for desk): speaks of debtors of GAS by an account's reference. Its word "
        "is enough for somebody who owes to nobody else.", "signed with HS256",
    ):
        assert words in said
    assert SECRET not in said
    assert "keys" not in said
    plain = "\n".join(explain(IdentityRules()))
    assert plain.count("None") == 3
    assert "proved within 15 minutes" in plain


def test_what_should_be_looked_at(everything: Path) -> None:
    assert list(warnings(IdentityRules())) == []
    said = list(warnings(read_rules(everything)))
    assert any("debtors of GAS must give a code" in line for line in said)
    assert not any("everybody must" in line for line in said)
    assert any("takes in 10.0.0.0/8" in line for line in said)
    assert not any("192.0.2.0/24" in line for line in said)
    assert any("the word of Ours is enough for every debtor" in line for line in said)


def test_a_key_that_cannot_be_used_has_its_line(everything: Path) -> None:
    (everything.parent / "keys" / "2026.secret").write_text("short")
    with pytest.raises(OperatorError, match=r"line 8: host_sites\[1\]\.keys: .*line 10: host_sites\[2\]\.keys: "):
        read_rules(everything)


def test_the_commands(capsys: pytest.CaptureFixture[str], everything: Path, tmp_path: Path) -> None:
    for command, said in (("check", "in order. Questions for everybody: 2; creditors that ask for more: 1; websites"),
                          ("explain", "Everybody is asked for")):
        with pytest.raises(SystemExit) as done:
            app(["identity", command, str(everything)])
        assert done.value.code == 0
        assert said in capsys.readouterr().out
    everything.write_text("fresh_minutes: often\n")
    assert app(["identity", "check", str(everything)]) == 1
    assert capsys.readouterr().err == (
        "debtdesk: identity.yml: line 1: fresh_minutes: found 'often', expected a whole number\n")
    assert app(["identity", "check", str(tmp_path / "none.yml")]) == 1
    assert "there is no file at" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        app(["identity", "schema", "--out", str(tmp_path / "s.json")])
    assert (tmp_path / "s.json").read_text() == (ROOT / "docs/schemas/identity.schema.json").read_text(), \
        "run: debtdesk identity schema --out docs/schemas/identity.schema.json"


def test_files_fit_the_schema_and_name_it() -> None:
    jsonschema.Draft202012Validator.check_schema(identity_schema())
    shipped = (ROOT / "identity.yml").read_text("utf-8")
    for text in (shipped, EVERYTHING):
        jsonschema.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)), identity_schema())
    first = shipped.splitlines()[0]
    assert (ROOT / first.partition("$schema=")[2]).resolve() == ROOT / "docs/schemas/identity.schema.json"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"ask": ["reference", "pin"]}, identity_schema())
