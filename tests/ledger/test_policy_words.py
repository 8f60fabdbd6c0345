"""A policy explained: sentences, examples, the command."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cli.main import app
from ledger.policy import load_policy
from ledger.policy.words import SAMPLES, example, explain
from runtime.settings import ROOT

TODAY = date(2026, 3, 3)


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "policies").glob("*.yml"))])
def test_every_section_is_explained_in_whole_sentences(name: str) -> None:
    lines = list(explain(load_policy(name)))
    headings = [line for line in lines if line and not line.startswith("  ")][1:]
    assert {"Plans", "Promises to pay", "Holds", "Payments", "Settlement", "Approval", "Affordability"} <= set(headings)
    sentences = [line.strip() for line in lines if line.startswith("  ")]
    assert all(s[0].isupper() and s.endswith(".") and "_" not in s and "None" not in s for s in sentences)


def test_what_a_manager_reads() -> None:
    lines = "\n".join(explain(load_policy("us-standard")))
    for said in (
        "The smallest instalment is $30.00 monthly, $15.00 fortnightly or $8.00 weekly.",
        "In a month at least 2 % of the total is paid.",
        "On hold for hardship: 30 days; up to 60 days when asked for and 3 times a year without a colleague.",
        "A debt with a balance of $500.00 or more and at least 24 months old can be closed for 60 % of its balance, in "
        "one payment within 30 days of the offer. A colleague has to offer it.",
        "A settlement for less than 50 % of the balance needs the approval of a team lead.",
        "Writing off anything needs the approval of a colleague.",
        "Instalments take at most 75 % of what a household has left over in a month.",
    ):
        assert said in lines
    assert "No discount is offered to close a debt" in "\n".join(explain(load_policy("uk-standard")))


def test_the_offers_on_a_sample_balance() -> None:
    assert list(example(load_policy("us-standard"), Decimal(640), today=TODAY)) == [
        "On a balance of $640.00:",
        "  offer 1: $30.00 monthly, 22 payments from 1 April 2026, the last of $10.00 on 1 January 2028",
        "  offer 2: $45.00 monthly, 15 payments from 1 April 2026, the last of $10.00 on 1 June 2027",
        "  offer 3: $80.00 monthly, 8 payments from 1 April 2026, the last of $80.00 on 1 November 2026",
        "  lowest instalment monthly: $30.00; longest plan: 22 payments, until 1 January 2028",
        "  settlement: $448.00 in one payment by 2 April 2026",
        "  settlement: $480.00 in up to 3 payments by 1 June 2026",
        "  settlement: $384.00 in one payment by 2 April 2026, debts of 24 months or more, offered by staff only",
    ]
    for name in ("uk-standard", "us-standard"):
        for balance in SAMPLES:
            assert sum("  offer" in line for line in example(load_policy(name), balance, today=TODAY)) == 3


def run(*arguments: str) -> int:
    """The exit code of a command."""
    try:
        return app(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)


def test_the_check_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("policy", "check", "uk-standard", "--balance", "640", "--today", "2026-03-03") == 0
    said = capsys.readouterr().out
    assert "On a balance of £640.00:" in said
    assert "On a balance of £50.00:" not in said
    assert "uk-standard.yml is in order." in said
    bad = tmp_path / "bad.yml"
    bad.write_text((ROOT / "policies" / "uk-standard.yml").read_text().replace("grace_days: 3", "grace_day: 3"))
    assert run("policy", "check", str(bad)) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("did you mean grace_days?") == 3


@pytest.mark.parametrize("balance", ["0", "-5", "lots", "NaN", "4.005"])
def test_a_balance_that_cannot_be(capsys: pytest.CaptureFixture[str], balance: str) -> None:
    assert run("policy", "check", "uk-standard", f"--balance={balance}") == 1
    assert "--balance" in capsys.readouterr().err


def test_the_schema_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "new" / "schema.json"
    assert run("policy", "schema", "--out", str(out)) == 0
    assert run("policy", "schema") == 0
    assert capsys.readouterr().out == out.read_text() == (ROOT / "docs/schemas/policy.schema.json").read_text()
