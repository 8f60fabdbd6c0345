"""Finding a Python that really runs: on PATH, in pyenv's folder, or brought by uv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Mapping, NamedTuple, Tuple

Version = Tuple[int, int]

APPLICATION: tuple[Version, ...] = ((3, 13), (3, 12), (3, 11), (3, 14))
"""Versions the application runs on, the preferred one first."""
ENGINE: tuple[Version, ...] = ((3, 10),)
"""Rasa 3.6.21 runs on no other."""

_PROBE = "import sys, ssl, sqlite3, ctypes, zlib; print(*sys.version_info[:2], getattr(sys, '_base_executable', None))"


class Python(NamedTuple):
    """An interpreter that was started and answered."""

    path: str
    version: Version


def written(version: Version) -> str:
    """``version`` as people write it: 3.11."""
    return f"{version[0]}.{version[1]}"


def probe(path: str) -> Python | None:
    """The interpreter at ``path``, or None where it does not run or lacks a module both environments need.

    A pyenv shim of a version that is not active is such a program: it exists and fails.
    """
    try:
        done = subprocess.run([path, "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    major, minor, base = done.stdout.decode().split(None, 2)
    real = base.strip()
    return Python(real if os.path.isabs(real) else path, (int(major), int(minor)))


def _pyenv_versions(environment: Mapping[str, str]) -> list[tuple[tuple[int, ...], str]]:
    roots = [Path(environment["PYENV_ROOT"])] if environment.get("PYENV_ROOT") else []
    if environment.get("HOME"):
        roots.append(Path(environment["HOME"]) / ".pyenv")
    found = []
    for root in roots:
        for path in root.glob("versions/*/bin/python"):
            number = re.match(r"(\d+)\.(\d+)\.(\d+)$", path.parent.parent.name)
            if number:
                found.append((tuple(int(part) for part in number.groups()), str(path)))
    return sorted(found, reverse=True)


def candidates(versions: tuple[Version, ...], environment: Mapping[str, str]) -> Iterator[str]:
    """Paths worth probing for ``versions``, the likeliest first. Some may not run."""
    if sys.version_info[:2] in versions:
        yield getattr(sys, "_base_executable", None) or sys.executable
    search = environment.get("PATH", os.defpath)
    installed = _pyenv_versions(environment)
    for version in versions:
        on_path = shutil.which(f"python{written(version)}", path=search)
        if on_path:
            yield on_path
        for number, path in installed:
            if number[:2] == version:
                yield path
    for name in ("python3", "python"):
        on_path = shutil.which(name, path=search)
        if on_path:
            yield on_path


def find(versions: tuple[Version, ...], environment: Mapping[str, str] | None = None) -> Python | None:
    """The first interpreter of one of ``versions`` that runs, or None."""
    tried = set()
    for path in candidates(versions, os.environ if environment is None else environment):
        if path not in tried:
            tried.add(path)
            python = probe(path)
            if python and python.version in versions:
                return python
    return None
