"""The model is trained exactly when it is stale. A small program stands in for the engine's Python."""

import os
from pathlib import Path

import pytest

from cli import model
from runtime.errors import OperatorError

TRAIN = """#!/bin/sh
echo "$@" >> "{calls}"
if [ -e "{root}/broken" ]; then echo "some library says"; echo "error: domain.yml: no such intent"; exit 1; fi
echo "warning: two examples are alike"
echo "telemetry=$RASA_TELEMETRY_ENABLED stripe=$STRIPE_API_KEY" > "$4"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_project(tmp_path / "clone")


def make_project(root: Path) -> Path:
    for name in ("config.yml", "domain.yml", "data/nlu.yml", "data/nlu/more.yml", "engine/parts.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "engine" / "requirements.lock").write_text("rasa==3.6.21")
    python = root / "engine" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(TRAIN.format(calls=root / "calls", root=root))
    python.chmod(0o755)
    return root


def trainings(root: Path) -> int:
    calls = root / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


@pytest.mark.parametrize(
    "changed",
    ["config.yml", "domain.yml", "data/nlu.yml", "data/nlu/more.yml", "engine/parts.py", "engine/requirements.lock"],
)
def test_what_the_model_is_made_from_changes_its_name(project: Path, changed: str) -> None:
    before = model.content_hash(project)
    (project / changed).write_text("other")
    assert model.content_hash(project) != before


def test_nothing_else_does(project: Path) -> None:
    before = model.content_hash(project)
    for name in ("README.md", "data/.hidden", "engine/notes.txt", "engine/__pycache__/x.py", "engine/.venv/lib/y.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("anything")
    os.utime(project / "config.yml", (0, 0))
    assert model.content_hash(project) == before


def test_a_renamed_file_does(project: Path) -> None:
    before = model.content_hash(project)
    (project / "data" / "nlu.yml").rename(project / "data" / "zzz.yml")
    assert model.content_hash(project) != before


def test_a_missing_file_is_one_line(project: Path) -> None:
    (project / "domain.yml").unlink()
    with pytest.raises(OperatorError, match=r"domain\.yml is missing"):
        model.content_hash(project)


def test_trained_once_then_up_to_date(project: Path) -> None:
    said: list[str] = []
    path = model.ensure_model(project, say=said.append)
    assert path == project / "models" / f"{model.content_hash(project)}.tar.gz"
    assert "model: warning: two examples are alike" in said
    again: list[str] = []
    assert model.ensure_model(project, say=again.append) == path
    assert again == ["model is up to date"]
    assert trainings(project) == 1
    model.ensure_model(project, force=True, say=said.append)
    assert trainings(project) == 2


def test_rasa_gets_no_key_and_no_telemetry(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_x")
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    assert model.ensure_model(project, say=lambda _: None).read_text() == "telemetry=false stripe=\n"


def test_another_clone_with_the_same_content_need_not_train(project: Path, tmp_path: Path) -> None:
    other = make_project(tmp_path / "other")
    first = model.ensure_model(project, say=lambda _: None)
    second = model.ensure_model(other, say=lambda _: None)
    assert second.name == first.name
    assert trainings(other) == 0
    assert second.read_text() == first.read_text()


def test_only_the_last_three_are_kept(project: Path) -> None:
    made = []
    for number in range(5):
        (project / "config.yml").write_text(str(number))
        made.append(model.ensure_model(project, say=lambda _: None))
        os.utime(made[-1], (number, number))
    assert sorted((project / "models").glob("*.tar.gz")) == sorted(made[-3:])


def test_failed_training_shows_the_mistake_and_leaves_no_model(project: Path) -> None:
    (project / "broken").touch()
    with pytest.raises(OperatorError) as error:
        model.ensure_model(project, say=lambda _: None)
    assert str(error.value) == "Training failed with exit code 1:\n  error: domain.yml: no such intent"
    with pytest.raises(OperatorError, match="make train"):
        model.trained_model(project)


def test_without_the_engine_it_says_what_to_do(project: Path) -> None:
    (project / "engine" / ".venv" / "bin" / "python").unlink()
    with pytest.raises(OperatorError, match="Run: make setup"):
        model.ensure_model(project, say=lambda _: None)
