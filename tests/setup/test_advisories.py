"""Advisories: both locks are asked about, what hits fails with its fix, what is accepted does not, silence is said."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from setup import advisories

FAKE = """
import json, sys
said = json.load(open({said!r}))
source = sys.argv[sys.argv.index("--vulnerability-service") + 1]
lock = sys.argv[-1].rsplit("/", 1)[-1]
code, out, err = said.get(f"{{source}} {{lock}}", said.get(source))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""
UNREACHABLE = [1, "", "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='example', port=443): Max retries"]


def package(name: str, *vulns: tuple[str, list[str], list[str]]) -> dict[str, Any]:
    """A package of pip-audit's answer."""
    return {"name": name, "version": "1.0",
            "vulns": [{"id": first, "aliases": aliases, "fix_versions": fixes} for first, aliases, fixes in vulns]}


def said(*packages: dict[str, Any]) -> list[Any]:
    """What pip-audit ends with."""
    return [int(any(one.get("vulns") for one in packages)), json.dumps({"dependencies": packages, "fixes": []}), "told"]


class Fake:
    """A pip-audit that says what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.accepted = folder, folder / "accepted.toml"
        self.accepted.write_text("")

    def says(self, **answers: list[Any]) -> None:
        """By source, or by source and lock: ``osv=…``, ``**{"pypi engine.lock": …}``."""
        (self.folder / "said.json").write_text(json.dumps(answers))


@pytest.fixture
def pip_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """In place of the real one, with two locks."""
    (tmp_path / "pip_audit.py").write_text(FAKE.format(said=str(tmp_path / "said.json")))
    monkeypatch.setattr(advisories, "PIP_AUDIT", (sys.executable, str(tmp_path / "pip_audit.py")))
    monkeypatch.setattr(advisories, "LOCKS", {"application": tmp_path / "own.lock", "engine": tmp_path / "engine.lock"})
    monkeypatch.setattr(advisories, "ACCEPTED", {"engine": tmp_path / "accepted.toml"})
    return Fake(tmp_path)


def accepted(fake: Fake, *entries: tuple[str, str, str]) -> None:
    """Write the list."""
    fake.accepted.write_text("".join(
        f'[[accepted]]\npackage = "{one}"\nid = "{known_as}"\nreason = "{why}"\n' for one, known_as, why in entries))


def test_nothing_known_of_either_lock(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    pip_audit.says(pypi=said(package("a"), package("b")))
    assert advisories.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "advisories: application: 2 packages, none known", "advisories: engine: 2 packages, none known"]


def test_what_hits_fails_with_name_version_id_and_fix(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    hit = package("a", ("GHSA-1", ["CVE-1"], ["1.1", "2.0"]), ("CVE-2", [], []))
    pip_audit.says(**{"pypi own.lock": said(hit), "pypi engine.lock": said(package("b"))})
    assert advisories.main() == 1
    out = capsys.readouterr().out
    assert "advisories: application: a 1.0: GHSA-1, CVE-1; fixed in 1.1, 2.0\n" in out
    assert "advisories: application: a 1.0: CVE-2; no fixed version is known\n" in out
    assert "advisories: engine: 1 packages, none known\n" in out  # the other lock is asked about all the same


def test_one_accepted_and_one_not(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    hit = package("old", ("GHSA-1", ["CVE-1"], ["2.0"]), ("GHSA-2", [], ["2.1"]))
    pip_audit.says(**{"pypi own.lock": said(package("a")), "pypi engine.lock": said(hit)})
    accepted(pip_audit, ("old", "CVE-1", "its server is not used"))
    assert advisories.main() == 1
    out = capsys.readouterr().out
    assert "old 1.0: GHSA-2; fixed in 2.1" in out
    assert "GHSA-1" not in out
    accepted(pip_audit, ("old", "CVE-1", "its server is not used"), ("old", "GHSA-2", "nor its client"))
    assert advisories.main() == 0
    assert "none known that is not accepted" in capsys.readouterr().out


def test_what_is_accepted_is_so_for_that_package_of_the_engine_alone(
    pip_audit: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted(pip_audit, ("old", "CVE-1", "its server is not used"))
    pip_audit.says(pypi=said(package("other", ("CVE-1", [], ["2.0"]))))
    assert advisories.main() == 1
    out = capsys.readouterr().out
    assert "advisories: application: other 1.0: CVE-1" in out
    assert "advisories: engine: other 1.0: CVE-1" in out
    assert "CVE-1 of old is accepted but hits no more: take it out" in out
    pip_audit.says(pypi=said(package("old", ("CVE-1", [], ["2.0"]))))
    assert advisories.main() == 1
    assert "advisories: application: old 1.0" in capsys.readouterr().out


def test_where_no_source_answers_it_says_so_and_succeeds(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    pip_audit.says(pypi=UNREACHABLE, osv=UNREACHABLE)
    assert advisories.main() == 0
    line, = capsys.readouterr().out.splitlines()
    assert "no source of advisories can be reached" in line


def test_a_mirror_that_knows_no_advisories_is_no_source(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = said({"name": "a", "skip_reason": "Dependency not found on PyPI and could not be audited: a (1.0)"})
    pip_audit.says(pypi=unknown, osv=UNREACHABLE)
    assert advisories.main() == 0
    assert "none known" not in capsys.readouterr().out
    pip_audit.says(pypi=unknown, osv=said(package("a", ("CVE-1", [], ["2.0"]))))  # another source knows
    assert advisories.main() == 1


def test_a_package_that_the_source_does_not_know_is_named(pip_audit: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    pip_audit.says(pypi=said(package("a"), {"name": "b", "skip_reason": "Dependency not found on PyPI"}))
    assert advisories.main() == 0
    assert "not checked: b" in capsys.readouterr().out


def test_a_source_that_takes_too_long_is_left(
    pip_audit: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (pip_audit.folder / "pip_audit.py").write_text("import time; time.sleep(30)")
    monkeypatch.setattr(advisories, "PATIENCE_SECONDS", 0.2)
    assert advisories.main() == 0
    assert "can be reached" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["", "<html>", "[]", "{}", '{"dependencies": [{"name": "a"}]}',
                                 '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "x"}]}]}'])
def test_an_answer_that_cannot_be_read_fails(pip_audit: Fake, capsys: pytest.CaptureFixture[str], out: str) -> None:
    pip_audit.says(pypi=[1, out, "Traceback\nValueError: a lock without hashes"])
    assert advisories.main() == 1
    line, = capsys.readouterr().out.splitlines()
    assert line.endswith("no answer that can be read: ValueError: a lock without hashes")


@pytest.mark.parametrize(
    "content", ["[[accepted]]\npackage = 'a'\nid = 'CVE-1'\n", "accepted = [", "[[accepted]]\n" * 2])
def test_an_accepted_advisory_needs_its_reason(
    pip_audit: Fake, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    pip_audit.says(pypi=said(package("a")))
    pip_audit.accepted.write_text(content)
    assert advisories.main() == 1
    assert "accepted.toml" in capsys.readouterr().out


def test_what_the_engine_has_accepted_is_locked_there() -> None:
    reasons = advisories.read_accepted(advisories.ROOT / "engine" / "accepted-advisories.toml")
    lock = (advisories.ROOT / "engine" / "requirements.lock").read_text(encoding="utf-8")
    assert reasons
    assert [name for name, _ in reasons if f"\n{name}==" not in lock] == []
