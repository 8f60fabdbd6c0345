"""``debtdesk privacy`` and ``debtdesk evidence`` as a person runs them."""

import json
import stat
import zipfile
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from cli import evidence as evidence_command
from cli import export as export_command
from cli import privacy as privacy_command
from cli.main import app
from compliance.evidence.anchor import Place
from compliance.evidence.models import Evidence
from console.models import Role
from console.staff import add_staff
from privacy import tracker
from runtime.clock import Clock
from runtime.errors import OperatorError, StaffError
from tests.privacy.conftest import Desk
from tests.privacy.test_erasure import OVER, Later


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """Runs commands on the desk, at its own time, with an anchor of its own; Mia is a manager, Ana is not."""
    for command in (evidence_command, export_command, privacy_command):
        monkeypatch.setattr(command, "database", lambda: desk.db)
        monkeypatch.setattr(command, "Clock", lambda db: Clock(source=lambda: desk.now))
    for command in (evidence_command, privacy_command):
        monkeypatch.setattr(command, "usual_place", lambda: Place(tmp_path / "anchor"))
    monkeypatch.setattr(tracker, "tracker_url", lambda: desk.tracker)
    monkeypatch.setattr("console.staff._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.chdir(tmp_path)
    with desk.db.write() as session:
        for name, role in (("mia", Role.MANAGER), ("ana", Role.AGENT)):
            add_staff(session, name=name.title(), email=f"{name}@desk.example", password="x" * 12, role=role,
                      now=desk.now)
    return CliRunner()


MIA, ANA = ("--by", "mia@desk.example"), ("--by", "ana@desk.example")


def recorded(desk: Desk, kind: str) -> list[Evidence]:
    """Records of a kind."""
    with desk.db.read() as session:
        return session.query(Evidence).filter(Evidence.kind == kind).order_by(Evidence.id).all()


def test_export_is_a_managers_right_and_recorded(run: CliRunner, desk: Desk, tmp_path: Path) -> None:
    for who in ((), ANA, ("--by", "nobody@desk.example")):
        assert isinstance(run.invoke(privacy_command.privacy, ["export", "DD-1042", *who]).exception, StaffError)
    assert list(tmp_path.glob("*.zip")) == []
    said = run.invoke(privacy_command.privacy, ["export", "ng-0001", *MIA])
    assert said.exit_code == 0, said.exception
    path = tmp_path / "personal-data-dd-1042-2026-03-03.zip"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("data.json"))["data"]["debtor"][0]["last_name"] == "Roe"
    (row,) = recorded(desk, "export.made")
    assert (row.debtor_id, row.subject, row.facts) == (desk.home.jane, "subject access", {"personal_data": True})
    assert row.actor.startswith("staff:")


def test_erase_says_why_not_asks_first_and_does_it(run: CliRunner, desk: Desk, later: Later) -> None:
    refused = run.invoke(privacy_command.privacy, ["erase", "DD-1042", *MIA, "--yes"])
    assert "open debts: NG-0001, PC-0002" in str(refused.exception)
    desk.settle(desk.now)
    assert "until 2029-03-03" in str(run.invoke(privacy_command.privacy, ["erase", "DD-1042"]).exception)
    desk.now = later(OVER)
    assert "add --yes" in run.invoke(privacy_command.privacy, ["erase", "DD-1042"]).output
    assert isinstance(run.invoke(privacy_command.privacy, ["erase", "DD-1042", *ANA, "--yes"]).exception, StaffError)
    done = run.invoke(privacy_command.privacy, ["erase", "DD-1042", *MIA, "--yes"])
    assert f"ERASED-{desk.home.jane}" in done.output, done.exception
    assert "was erased before" in run.invoke(privacy_command.privacy, ["erase", "NG-0001"]).output
    assert "no debtor" in str(run.invoke(privacy_command.privacy, ["erase", "DD-1042"]).exception)


def test_retention_counts_then_removes(run: CliRunner, desk: Desk, later: Later) -> None:
    assert "Nothing is over" in run.invoke(privacy_command.privacy, ["retention"]).output
    desk.settle(desk.now)
    desk.now = later(OVER)
    dry = run.invoke(privacy_command.privacy, ["retention", "--dry-run"]).output
    assert "would be removed: 3 debtors" in dry
    assert "  DD-1042" in dry
    assert "removed: 3 debtors" in run.invoke(privacy_command.privacy, ["retention"]).output


def test_evidence_verify_seal_and_show(run: CliRunner, desk: Desk, tmp_path: Path) -> None:
    waiting = run.invoke(evidence_command.evidence, ["verify"])
    assert waiting.exit_code == 0, waiting.exception
    assert "not sealed yet" in waiting.output
    assert "sealed." in run.invoke(evidence_command.evidence, ["seal"]).output
    good = run.invoke(evidence_command.evidence, ["verify"])
    assert "as it was written" in good.output
    anchor = good.output.splitlines()[-1]
    assert anchor == (tmp_path / "anchor").read_text().strip()
    shown = run.invoke(evidence_command.evidence, ["show", "DD-1042"]).output
    assert "consent.given" in shown
    assert "words: jane roe" in shown
    assert json.loads(run.invoke(evidence_command.evidence, ["show", "DD-1042", "--json"]).output.splitlines()[0])
    assert [row.subject for row in recorded(desk, "export.made")] == ["evidence", "evidence"]
    assert "Nothing is recorded" in run.invoke(evidence_command.evidence, ["show", "0379-NEVHP"]).output
    chain, position, _ = anchor.split()
    cut = run.invoke(evidence_command.evidence, ["verify", "--anchor", f"{chain} {int(position) + 9} x"])
    assert isinstance(cut.exception, StaffError)
    assert "an anchor says that it went up to" in cut.output
    assert isinstance(run.invoke(evidence_command.evidence, ["verify", "--anchor", "x"]).exception, OperatorError)


def test_a_statement_names_nobody_but_for_a_manager(run: CliRunner, desk: Desk, tmp_path: Path) -> None:
    wanted = ["statement", "DD-1042", "--format", "html", "--out", "s.html"]
    assert run.invoke(export_command.export, wanted).exit_code == 0
    assert "Jane Roe" not in (tmp_path / "s.html").read_text("utf-8")
    assert isinstance(run.invoke(export_command.export, [*wanted, "--with-personal-data"]).exception, StaffError)
    assert isinstance(run.invoke(export_command.export, [*wanted, "--with-personal-data", *ANA]).exception, StaffError)
    assert run.invoke(export_command.export, [*wanted, "--with-personal-data", *MIA]).exit_code == 0
    assert "Jane Roe" in (tmp_path / "s.html").read_text("utf-8")
    assert [row.facts["personal_data"] for row in recorded(desk, "export.made")] == [False, True]


@pytest.mark.parametrize(("command", "sub"), [("privacy", "export"), ("privacy", "erase"), ("privacy", "retention"),
                                              ("evidence", "verify"), ("evidence", "show")])
def test_help_has_examples(command: str, sub: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app([command, sub, "--help"])
    assert f"debtdesk {command} {sub}" in capsys.readouterr().out
