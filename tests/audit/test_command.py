"""``debtdesk audit`` as a person, or cron, runs it: what it prints, and how it ends."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

import cli.audit
from cli.main import app
from runtime.clock import real_now
from runtime.database import Database
from tests.audit.fixtures import BREAKS, KEEPS
from tests.audit.world import World

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def book(make_sqlite: Callable[[], Database], monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database that the command reads."""
    db = make_sqlite()
    monkeypatch.setattr(cli.audit, "database", lambda: db)
    return db


def fill(db: Database, *numbers: int, breaking: bool, days: int = 3) -> None:
    began = (real_now() - timedelta(days=days)).replace(hour=16)
    with db.write() as session:
        world = World(session, began, count(1000 * days))
        for number in numbers:
            for build in BREAKS[number][:1] if breaking else [KEEPS[number]]:
                build(world)


def run(*words: str) -> int:
    try:
        return app(["audit", *words])
    except SystemExit as end:
        return int(end.code or 0)


def test_clean_is_nought(book: Database, capsys: Capture) -> None:
    fill(book, 34, breaking=False)
    assert run() == 0
    said = capsys.readouterr().out
    assert "Nothing found: 41 rule(s), 1 conversation(s)" in said
    assert "Not judged, rule 37" in said


def test_findings_are_one_and_say_what_to_do(book: Database, capsys: Capture) -> None:
    fill(book, 41, 16, breaking=True)
    assert run() == 1
    said = capsys.readouterr().out
    assert "Rule 41: Firm is never harsh (CONC 7.3; PRIN 2A)" in said
    assert "message 2: harsh words: “must pay”" in said
    assert "What to do: Take the words out" in said


def test_json_names_rule_conversation_message_and_reason(book: Database, capsys: Capture) -> None:
    fill(book, 41, breaking=True)
    assert run("--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["clean"] is False
    assert report["looked_at"]["conversations"] == 1
    [finding] = report["findings"]
    assert (finding["rule"], finding["message"]) == (41, 2)
    assert finding["conversation"].startswith("audit-")
    assert finding["reason"]
    assert finding["do"]
    assert {one["rule"] for one in report["not_judged"]} == {12, 19, 37}


def test_limits(book: Database, capsys: Capture) -> None:
    fill(book, 41, breaking=True)
    assert run("--rule", "16", "--rule", "23") == 0
    assert run("--rule", "41") == 1
    yesterday = f"{(real_now() - timedelta(days=1)).date()}"
    assert run("--since", yesterday) == 0
    assert run("--until", f"{(real_now() - timedelta(days=10)).date()}") == 0
    capsys.readouterr()
    assert run("--format", "json") == 1
    conversation = json.loads(capsys.readouterr().out)["findings"][0]["conversation"]
    fill(book, 16, breaking=True, days=2)
    assert run("--conversation", conversation, "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert {finding["rule"] for finding in report["findings"]} == {41}


def test_it_could_not_run_is_two(book: Database, capsys: Capture, tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--rule", "42") == 2
    assert run("--conversation", "nobody") == 2
    assert run("--since", "yesterday") == 2
    assert run("--out", str(tmp_path / "no" / "folder.txt")) == 2
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    monkeypatch.setattr(cli.audit, "database", lambda: empty)
    assert run() == 2
    said = capsys.readouterr().err
    assert "there is no rule 42" in said
    assert "Traceback" not in said


def test_a_file_is_written_whole_and_for_its_owner_only(book: Database, tmp_path: Path) -> None:
    fill(book, 41, breaking=True)
    path = tmp_path / "audit.json"
    assert run("--format", "json", "--out", str(path)) == 1
    assert json.loads(path.read_text("utf-8"))["findings"]
    assert path.stat().st_mode & 0o077 == 0


def test_the_rules_are_explained(capsys: Capture) -> None:
    assert run("--rules") == 0
    said = capsys.readouterr().out
    assert said.count("Looks at") == 41
    assert "13  A typed dispute stops collection (US; third-party collectors; Reg F 1006.38)" in said
