"""Finding a Python that really runs."""

import os
import sys
from pathlib import Path

from setup import pythons
from setup.pythons import Python


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def answers(path: Path, version: str) -> Path:
    return program(path, f"echo {version} None")


def test_a_shim_that_is_not_active_is_passed_over_for_pyenvs_folder(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3.2", "echo 'pyenv: python3.2: command not found' >&2; exit 127")
    answers(tmp_path / "pyenv" / "versions" / "3.2.1" / "bin" / "python", "3 2")
    newest = answers(tmp_path / "pyenv" / "versions" / "3.2.13" / "bin" / "python", "3 2")
    answers(tmp_path / "pyenv" / "versions" / "3.9.1" / "bin" / "python", "3 9")
    environment = {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert pythons.find(((3, 2),), environment) == Python(str(newest), (3, 2))


def test_path_comes_before_pyenv_and_home_is_searched_too(tmp_path: Path) -> None:
    in_home = answers(tmp_path / ".pyenv" / "versions" / "3.2.1" / "bin" / "python", "3 2")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert pythons.find(((3, 2),), environment) == Python(str(in_home), (3, 2))
    on_path = answers(tmp_path / "bin" / "python3.2", "3 2")
    assert pythons.find(((3, 2),), environment) == Python(str(on_path), (3, 2))


def test_a_name_does_not_count_only_the_version_that_answers(tmp_path: Path) -> None:
    answers(tmp_path / "python3.2", "3 8")
    assert pythons.find(((3, 2),), {"PATH": str(tmp_path)}) is None
    plain = answers(tmp_path / "python3", "3 2")
    assert pythons.find(((3, 2),), {"PATH": str(tmp_path)}) == Python(str(plain), (3, 2))


def test_the_running_python_serves_when_it_fits() -> None:
    found = pythons.find((sys.version_info[:2],), {"PATH": ""})
    assert found is not None
    assert found.version == sys.version_info[:2]
    assert not os.path.islink(found.path) or "venv" not in found.path


def test_what_is_not_a_program_is_no_python(tmp_path: Path) -> None:
    file = tmp_path / "python3.2"
    file.write_text("not a program")
    file.chmod(0o755)
    assert pythons.probe(str(file)) is None
    assert pythons.probe(str(tmp_path / "none")) is None
