"""A policy explained: sentences, examples, the command."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.main import app
from ledger.policy import load_policy
from ledger.policy.section import Section
from ledger.policy.sentences import sentences
from ledger.policy.words import SAMPLES, example, explain
from runtime.settings import ROOT

TODAY = date(2026, 3, 3)


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "policies").glob("*.yml"))])
def test_every_section_is_explained_in_whole_sentences(name: str) -> None:
    lines = list(explain(load_policy(name)))
    headings = [line for line in lines if line and not line.startswith("  ")][1:]
    assert {"Plans", "Promises to pay", "Holds", "Payments", "Settlement", "Approval", "Affordability"} <= set(headings)
    for line in (line.strip() for line in lines if line.startswith("  ")):
        assert line[0].isupper()
        assert line.endswith(".")
        assert not {"_", "None", "``", "<"} & {*line, *line.split()}, line


def test_what_a_manager_reads() -> None:
    lines = "\n".join(explain(load_policy("us-standard")))
    for said in (
        "The smallest instalment is $30.00 monthly, $15.00 fortnightly, $8.00 weekly, $15.00 twice a month, $30.00 on "
        "the last working day of each month or $30.00 on each payday.",
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


class _Terms(Section):
    """Fields of other sections, as far as the words need them."""

    frequencies: tuple[str, ...] = ("monthly", "weekly")
    minimum_instalment: dict[str, Decimal] = {"monthly": Decimal(25), "weekly": Decimal(6)}  # noqa: RUF012
    minimum_percent: Decimal = Decimal(0)
    round_to: Decimal = Decimal(5)
    maximum_term_months: Any = (SimpleNamespace(up_to=Decimal(500), months=12), SimpleNamespace(up_to=None, months=60))
    first_payment_within_days: int = 1
    down_payment: Any = SimpleNamespace(amount=Decimal(20), percent=Decimal(10))
    remainder: str = "first"
    merge_last_below: Decimal = Decimal(3)
    on_holidays: str = "before"
    grace_days: int = 3
    missed: Any = SimpleNamespace(then="catch_up", within=3, person_after=2, replans_per_year=1)
    pause: Any = None
    change: Any = SimpleNamespace(per_year=2, move_days=10)
    something_new: int = 7
    """How ``new`` it is. More of it."""


class _Interest(Section):
    method: str | None = "simple"
    annual_percent: Decimal | None = Decimal("8.0")
    day_count: str = "actual/365"
    base: str = "principal_and_costs"
    since: date | None = TODAY
    until: date | None = None
    cap: Any = SimpleNamespace(percent_of_principal=Decimal(100), amount=Decimal(50))
    while_in_plan: bool = False


def test_sections_that_do_not_explain_themselves() -> None:
    said = sentences("plans", _Terms(), "GBP")
    for line in (
        "A plan over a total of up to £500.00 runs 12 months at the longest.",
        "A plan over more than that runs 60 months at the longest.",
        "Before the instalments £20.00 or 10 % of the total is paid, whichever is more.",
        "When instalments do not go into the total, the first one differs.",
        "A rest of less than £3.00 joins the instalment beside it.",
        "A due date on a weekend or public holiday moves to the working day before it.",
        "What was missed is added to the next 3 instalments, if the debtor agrees.",
        "Only a colleague can pause a plan.",
        "A debtor may change the terms, or pay an instalment up to 10 days later, twice a year without a colleague.",
        "How new it is. More of it: 7.",  # nothing is left out because no sentence knows it
    ):
        assert line in said
    assert sentences("interest", _Interest(), "GBP") == [
        "Interest of 8 % a year is added for every day (actual/365) on the principal and costs, from 2026-03-03; "
        "never on interest.",
        "It never comes to more than 100 % of the principal or £50.00 on one debt.",
        "A debt in a plan bears none.", "Nor does one on a hold that stops it."]
    assert sentences("interest", _Interest(method=None), "GBP") == ["No interest is added while a debt is with us."]
