"""Set-up, with a stand-in for uv that makes small environments and keeps a list of what it was asked."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from setup import environments as made
from setup.environments import STAMP, UNFINISHED, Environments, digest
from setup.steps import SetupError

UV = """#!/bin/sh
echo "$*" >> "{calls}"
case "$1 $2" in
  "venv --quiet")
    mkdir -p "$5/bin" "$5/lib/python3.11/site-packages"
    printf '#!/bin/sh\\nexec "%s" "$@"\\n' "$4" > "$5/bin/python"
    chmod +x "$5/bin/python" ;;
  "pip sync")
    sleep {pause}
    if [ -e "{broken}" ]; then echo "no such hash" >&2; exit 2; fi ;;
esac
"""


LOCKS = ("requirements.lock", "requirements-dev.lock", "engine/requirements.lock", "setup/requirements.lock")


class Clone(Environments):
    """A clone below ``folder`` whose uv is the stand-in."""

    def __init__(self, folder: Path, pause: float = 0) -> None:
        super().__init__(folder)
        self.calls_file, self.broken = folder / "calls", folder / "broken"
        for lock in LOCKS:
            (folder / lock).parent.mkdir(parents=True, exist_ok=True)
            (folder / lock).write_text(f"{lock}==1\n")
        self.uv.parent.mkdir(parents=True)
        self.uv.write_text(UV.format(calls=self.calls_file, broken=self.broken, pause=pause))
        self.uv.chmod(0o755)
        (self.tools / "uv" / STAMP).write_text(digest(folder / "setup" / "requirements.lock"))

    def calls(self) -> list[str]:
        """What uv was asked since the last question: its first word or two."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) for line in lines]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    running = sys.version_info[:2]
    monkeypatch.setattr(made.pythons, "APPLICATION", (running,))
    monkeypatch.setattr(made.pythons, "ENGINE", (running,))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


def test_made_once_then_only_compared(clone: Clone) -> None:
    clone.ensure_application(dev=False)
    clone.ensure_engine()
    assert clone.calls() == ["venv --quiet", "pip sync", "venv --quiet", "pip sync"]
    started = time.monotonic()
    clone.ensure_application(dev=False)
    clone.ensure_engine()
    assert clone.calls() == []
    assert time.monotonic() - started < 0.1


def test_a_changed_lock_is_brought_in_without_starting_over(clone: Clone) -> None:
    clone.ensure_application(dev=False)
    clone.calls()
    (clone.root / "requirements.lock").write_text("other==2\n")
    clone.ensure_application(dev=False)
    assert clone.calls() == ["pip sync"]


def test_what_tests_need_comes_when_asked_for_and_stays(clone: Clone) -> None:
    clone.ensure_application(dev=False)
    clone.calls()
    clone.ensure_application(dev=True)
    assert clone.calls() == ["pip sync"]
    clone.ensure_application(dev=False)
    assert clone.calls() == []
    (clone.root / "requirements-dev.lock").write_text("other==2\n")
    clone.ensure_application(dev=False)
    assert clone.calls() == ["pip sync"]


def test_a_half_built_environment_is_made_anew(clone: Clone, capfd: pytest.CaptureFixture[str]) -> None:
    clone.broken.touch()
    with pytest.raises(SetupError, match=r"could not install requirements\.lock\n  no such hash"):
        clone.ensure_application(dev=False)
    assert (clone.application / STAMP).read_text() == UNFINISHED
    clone.broken.unlink()
    clone.calls()
    clone.ensure_application(dev=False)
    assert clone.calls() == ["venv --quiet", "pip sync"]
    assert "application environment: done in" in capfd.readouterr().out


def test_a_moved_clone_is_made_anew(clone: Clone, tmp_path: Path) -> None:
    clone.ensure_application(dev=False)
    moved = tmp_path / "moved"
    shutil.move(clone.root, moved)
    again = Environments(moved)
    (moved / ".venv" / "old-file").touch()
    again.ensure_application(dev=False)
    assert not (moved / ".venv" / "old-file").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Clone) -> None:
    clone.ensure_application(dev=False)
    clone.calls()
    (clone.application / "bin" / "python").unlink()
    clone.ensure_application(dev=False)
    assert clone.calls() == ["venv --quiet", "pip sync"]


def test_one_made_by_hand_is_put_right_in_place(clone: Clone) -> None:
    clone.ensure_application(dev=False)
    (clone.application / STAMP).unlink()
    (clone.application / "kept").touch()
    clone.calls()
    clone.ensure_application(dev=False)
    assert clone.calls() == ["pip sync"]
    assert (clone.application / "kept").exists()


def test_the_engines_environment_is_shared_by_its_lock(clone: Clone, tmp_path: Path) -> None:
    clone.ensure_engine()
    assert clone.calls() == ["venv --quiet", "pip sync"]
    assert clone.engine.is_symlink()
    other = Clone(tmp_path / "other")
    other.ensure_engine()
    assert other.calls() == []
    assert other.engine.resolve() == clone.engine.resolve()
    (other.root / "engine" / "requirements.lock").write_text("other==2\n")
    other.ensure_engine()
    assert other.calls() == ["venv --quiet", "pip sync"]
    assert other.engine.resolve() != clone.engine.resolve()
    clone.ensure_engine()
    assert clone.calls() == []


def test_two_set_ups_at_once_build_the_engine_once(tmp_path: Path) -> None:
    clones = [Clone(tmp_path / "one", pause=0.5), Clone(tmp_path / "two", pause=0.5)]
    threads = [threading.Thread(target=clone.ensure_engine) for clone in clones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(clone.calls()) for clone in clones) == [0, 2]
    assert clones[0].engine.resolve() == clones[1].engine.resolve()


def test_a_half_built_engine_is_made_anew(clone: Clone) -> None:
    clone.broken.touch()
    with pytest.raises(SetupError):
        clone.ensure_engine()
    assert not clone.engine.exists()
    clone.broken.unlink()
    clone.calls()
    clone.ensure_engine()
    assert clone.calls() == ["venv --quiet", "pip sync"]


def test_without_a_cache_the_engine_is_built_in_place(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    clone.ensure_engine()
    assert clone.engine.is_dir()
    assert not clone.engine.is_symlink()


def test_no_python_is_one_clear_line(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made.pythons, "ENGINE", ((3, 2),))
    clone.uv.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SetupError) as error:
        clone.ensure_engine()
    first = str(error.value).splitlines()[0]
    assert first.startswith("the engine (Rasa 3.6.21) needs Python 3.2 with ssl and sqlite3: none runs on PATH")
    assert first.endswith("Install it (for example: pyenv install 3.2) and try again.")


def test_the_command_runs_from_any_folder_even_with_blanks_in_its_path(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "a clone")
    rooms = clone.root / "cli"
    rooms.mkdir()
    (rooms / "main.py").write_text("import sys\ndef app():\n    print('ran', sys.argv[1])\n    return 5\n")
    clone.ensure_application(dev=False)
    command = clone.application / "bin" / "debtdesk"
    assert os.access(command, os.X_OK)
    pth = clone.application / "lib" / "python3.11" / "site-packages" / "debtdesk.pth"
    assert pth.read_text() == f"{clone.root}\n"
    environment = {**os.environ, "PYTHONPATH": str(clone.root)}  # a stand-in environment reads no .pth file
    done = subprocess.run([command, "a b"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (5, "ran a b\n")


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_registry(lock: str) -> None:
    text = (made.ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index-url" not in text
