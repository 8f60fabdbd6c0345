"""The two environments: ``.venv`` of the application and ``engine/.venv`` of Rasa, both from hash-pinned locks.

An environment carries a stamp of what it was made from, so a second run only compares two hashes. The
engine's holds 2.7 GB and is shared by every clone of one user with the same lock: it lives in the cache
folder, and ``engine/.venv`` points there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from setup import pythons
from setup.pythons import Python, Version
from setup.steps import SetupError, only_one, run, say, step

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".debtdesk-stamp"
UNFINISHED = "unfinished"
LOCK_OPTIONS = (
    "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet",
)  # fmt: skip

# Read by sh first, then by Python: a path with blanks, or a long one, does not fit behind "#!".
_LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from cli.main import app

if __name__ == "__main__":
    sys.exit(app())
"""


def digest(*parts: object) -> str:
    """A short hash over ``parts``; a Path counts with its content."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        made.update(b"\0")
    return made.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Where clones share what is large, or None where nothing can be written there."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "debtdesk"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(str(folder), os.W_OK) else None


class Environments:
    """Both environments of the clone at ``root``."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.application = root / ".venv"
        self.engine = root / "engine" / ".venv"
        self.tools = root / ".tools"

    # uv

    @property
    def uv(self) -> Path:
        """The pinned uv, brought by ``ensure_uv``."""
        return self.tools / "uv" / "bin" / "uv"

    def ensure_uv(self) -> None:
        """Brings the pinned uv with pip. Raises SetupError where no Python on this machine has pip or venv."""
        lock = self.root / "setup" / "requirements.lock"
        folder = self.tools / "uv"
        wanted = digest(lock)
        if _stamp(folder) == wanted and self.uv.exists():
            return
        with step("uv"):
            shutil.rmtree(str(folder), ignore_errors=True)
            pip = _with_pip(folder)
            run([*pip, "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(lock)])
            if not self.uv.exists():
                raise SetupError(f"pip did not bring {self.uv}")
            _set_stamp(folder, wanted)

    def _fill(self, folder: Path, versions: tuple[Version, ...], what: str, lock: Path, stamp: str) -> None:
        """The environment at ``folder`` as ``lock`` says: an intact one is put right, any other made anew."""
        self.ensure_uv()
        present = pythons.probe(str(folder / "bin" / "python"))
        if _stamp(folder) == UNFINISHED or present is None or present.version not in versions:
            python = self._python(versions, what)
            _remove(folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            run([str(self.uv), "venv", "--quiet", "--python", python.path, str(folder)], _uv_environment())
        _set_stamp(folder, UNFINISHED)
        interpreter = str(folder / "bin" / "python")
        command = [str(self.uv), "pip", "sync", "--require-hashes", "--python", interpreter, str(lock)]
        run(command, _uv_environment(), f"could not install {lock.relative_to(self.root)}")
        _set_stamp(folder, stamp)

    def _python(self, versions: tuple[Version, ...], what: str) -> Python:
        python = pythons.find(versions)
        if python:
            return python
        self.ensure_uv()
        names = [pythons.written(version) for version in versions]
        for name in names:
            found = _output([str(self.uv), "python", "find", "--no-project", name])
            python = pythons.probe(found) if found else None
            if python and python.version in versions:
                return python
        name = names[0]
        with step(f"Python {name} for {what}"):
            missing = (
                f"{what} needs Python {' or '.join(names)} with ssl and sqlite3: none runs on PATH or in pyenv's "
                f"folder, and uv could not download one. Install it (for example: pyenv install {name}) and try again."
            )
            run([str(self.uv), "python", "install", name], _uv_environment(), missing)
        python = pythons.probe(_output([str(self.uv), "python", "find", "--no-project", name]))
        if not python:
            raise SetupError(missing)
        return python

    # the application

    def ensure_application(self, dev: bool) -> None:
        """``.venv`` as its lock says; with ``dev`` also what tests and checks need. Once it has that, it keeps it."""
        present = _stamp(self.application)
        dev = dev or present.endswith(" dev")
        lock = self.root / ("requirements-dev.lock" if dev else "requirements.lock")
        # Scripts hold their environment's path, so one that was moved is made anew.
        wanted = "{} {} {}".format(digest(lock), digest(str(self.application)), "dev" if dev else "runtime")
        if present != wanted or not (self.application / "bin" / "python").exists():
            if present.split()[1:2] != wanted.split()[1:2] and present:
                _set_stamp(self.application, UNFINISHED)
            with step("application environment"):
                self._fill(self.application, pythons.APPLICATION, "the application", lock, wanted)
        self._link_project()

    def _link_project(self) -> None:
        """Makes the rooms importable and ``debtdesk`` a command, from any folder, without a build."""
        library = next((self.application / "lib").glob("python3.*")) / "site-packages"
        _write_if_changed(library / "debtdesk.pth", f"{self.root}\n")
        command = self.application / "bin" / "debtdesk"
        _write_if_changed(command, _LAUNCHER.format(python=self.application / "bin" / "python"))
        mode = command.stat().st_mode
        if not mode & stat.S_IXUSR:
            command.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    # the engine

    def ensure_engine(self) -> None:
        """``engine/.venv`` as its lock says: a link into the cache folder, or a folder where there is no cache."""
        lock = self.root / "engine" / "requirements.lock"
        wanted = digest(lock, sys.platform, platform.machine())
        if _stamp(self.engine) == wanted and (self.engine / "bin" / "python").exists():
            return
        cache = cache_folder()
        if cache is None or (self.engine.is_dir() and not self.engine.is_symlink()):
            self._fill_engine(self.engine, lock, wanted)
            return
        shared = cache / ("engine-" + wanted)
        with only_one(cache / (f"engine-{wanted}.lock")):
            if _stamp(shared) != wanted or not (shared / "bin" / "python").exists():
                self._fill_engine(shared, lock, wanted)
            _link(self.engine, shared)
            say(f"setup: engine environment: {shared}")

    def _fill_engine(self, folder: Path, lock: Path, stamp: str) -> None:
        with step("engine environment (Rasa 3.6.21, about 2.7 GB, takes minutes the first time)"):
            self._fill(folder, pythons.ENGINE, "the engine (Rasa 3.6.21)", lock, stamp)

    # locks

    def relock(self) -> None:
        """Writes every lock anew from what is declared. No lock names a registry."""
        self.ensure_uv()
        runtime = self.root / "requirements.lock"
        for output, python, options in (
            (self.root / "setup" / "requirements.lock", "3.8", ["setup/requirements.in"]),
            (runtime, "3.11", ["pyproject.toml"]),
            (self.root / "requirements-dev.lock", "3.11", ["pyproject.toml", "--extra", "dev", "-c", str(runtime)]),
            (self.root / "engine" / "requirements.lock", "3.10", ["engine/pyproject.toml"]),
        ):
            name = str(output.relative_to(self.root))
            with step(f"lock {name}"):
                command = [str(self.uv), "pip", "compile", *LOCK_OPTIONS, "--python-version", python]
                if subprocess.call([*command, *options, "-o", name], cwd=str(self.root), env=_uv_environment()):
                    raise SetupError(f"could not resolve {name}")


def _stamp(folder: Path) -> str:
    try:
        return (folder / STAMP).read_text()
    except OSError:
        return ""


def _set_stamp(folder: Path, stamp: str) -> None:
    (folder / STAMP).write_text(stamp)


def _write_if_changed(path: Path, text: str) -> None:
    try:
        if path.read_text() == text:
            return
    except OSError:
        pass
    path.write_text(text)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(str(folder))


def _link(link: Path, target: Path) -> None:
    beside = link.with_name(f"{link.name}.{os.getpid()}")
    link.parent.mkdir(parents=True, exist_ok=True)
    beside.symlink_to(target, target_is_directory=True)
    os.replace(str(beside), str(link))


def _output(command: list[str]) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def _with_pip(folder: Path) -> list[str]:
    """A command that installs with pip into ``folder``: in an environment of its own, else as a plain folder."""
    tried = [sys.executable, *pythons.candidates(pythons.APPLICATION + pythons.ENGINE, os.environ)]
    for path in dict.fromkeys(tried):
        try:
            made = subprocess.run([path, "-m", "venv", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError:
            continue
        if made.returncode == 0:
            return [str(folder / "bin" / "python"), "-m", "pip", "install"]
        shutil.rmtree(str(folder), ignore_errors=True)
        if _output([path, "-m", "pip", "--version"]):
            return [path, "-m", "pip", "install", "--target", str(folder)]
    raise SetupError(
        "No Python here has pip or venv. On Debian and Ubuntu: apt-get install python3-venv. Then try again."
    )


def _uv_environment() -> dict[str, str]:
    """The environment uv runs in: what is set, plus pip's package index and certificates where uv has none."""
    environment = dict(os.environ)
    environment.pop("VIRTUAL_ENV", None)
    environment.setdefault("UV_HTTP_TIMEOUT", "120")
    if environment.get("PIP_CERT"):
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    if not any(environment.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE")):
        of_pip = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        index = environment.get("PIP_INDEX_URL") or _output(of_pip)
        if index:
            environment["UV_DEFAULT_INDEX"] = index
    return environment
