"""The walls between rooms: imports point downwards only, and the engine shares but a few small files."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import ROOT

ORDER = ("cli", "bench", "bot", "privacy", "console", "actions", "audit", "outreach", "exchange", "payments",
         "compliance", "conversations", "ledger", "runtime")
"""From the top down: a room may import those behind it."""

APART = ("engine", "setup", "migrations")
"""Rooms with an environment or a start of their own."""

ALLOWED = {
    "cli": {*ORDER, "setup"},  # both environments are set up and trained by commands
    "bench": {*ORDER[1:], "setup"},
    "migrations": set(ORDER) - {"bench", "cli"},  # the tables of every room
    "runtime": {"migrations"},
    "privacy": {*ORDER[ORDER.index("privacy"):], "migrations"},  # the list of all tables
    "engine": {"runtime"},  # some modules of it: see below
    "setup": set(),
}


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """The top-level packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno}: rooms are named in full"
            yield str(node.module).partition(".")[0], node.lineno


@pytest.mark.parametrize("room", [*ORDER, *APART])
def test_imports_point_downwards_only(room: str) -> None:
    files = [path for path in sorted((ROOT / room).rglob("*.py")) if ".venv" not in path.parts]
    assert files
    allowed = {room} | ALLOWED.get(room, set(ORDER[ORDER.index(room) + 1:] if room in ORDER else ()))
    ours = {*ORDER, *APART, "tests", "demo"}
    wrong = [f"{path.relative_to(ROOT)}:{line} imports {name}" for path in files for name, line in imported(path)
             if name in ours - allowed]
    assert wrong == []


def test_what_the_engine_shares_with_the_application_needs_neither() -> None:
    shared = {line.split()[1] for path in (ROOT / "engine").glob("*.py")
              for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("from runtime")}
    assert shared == {"runtime.loopback", "runtime.redaction"}
    for module in (*shared, "runtime.cards"):  # of which redaction is made
        path = ROOT / f"{module.replace('.', '/')}.py"
        names = {name for name, _ in imported(path)}
        assert names - {"runtime"} <= sys.stdlib_module_names | {"async_timeout"}  # that one comes with Python 3.11
        assert module == "runtime.redaction" or "runtime" not in names
    assert "from runtime.cards import" in (ROOT / "runtime/redaction.py").read_text(encoding="utf-8")


def test_rasa_is_imported_by_the_engine_only() -> None:
    wrong = [f"{path.relative_to(ROOT)}:{line}" for room in ORDER for path in sorted((ROOT / room).rglob("*.py"))
             for name, line in imported(path) if name == "rasa"]
    assert wrong == []


def test_the_ledger_and_the_conversations_know_no_protocol() -> None:
    foreign = {"fastapi", "starlette", "httpx", "stripe", "telegram", "rasa_sdk", "sanic", "typer"}
    wrong = [f"{path.relative_to(ROOT)}:{line} imports {name}" for room in ("ledger", "conversations", "runtime")
             for path in sorted((ROOT / room).rglob("*.py")) for name, line in imported(path) if name in foreign]
    assert wrong == []


def test_every_room_is_known_here() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms <= {*ORDER, *APART}
