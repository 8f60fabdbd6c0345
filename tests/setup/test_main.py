"""The command line as a whole: help with an example everywhere, and one line where something is wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from cli import main
from runtime.errors import OperatorError, StaffError

ROOT = Path(__file__).resolve().parents[2]


def leaves(command: Any, words: tuple[str, ...]) -> Any:
    """Every command that does something, with its words."""
    inner = getattr(command, "commands", None)
    if not inner:
        yield words, command
        return
    for name, below in inner.items():
        yield from leaves(below, (*words, name))


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    for words, command in leaves(main.Commands(name="debtdesk").get_command(None, name), (name,)):
        assert f"Example: debtdesk {' '.join(words)}" in (command.help or ""), words


@pytest.mark.parametrize("error", [OperatorError("Put this right"), StaffError("Put this right")])
def test_an_error_is_one_line_and_exit_code_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "import_module", lambda _: type("Module", (), {"fail": fail}))
    monkeypatch.setitem(main.COMMANDS, "fail", "anywhere:fail")
    assert main.app(["fail"]) == 1
    assert capsys.readouterr().err == "debtdesk: Put this right\n"


def test_a_command_with_commands_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group = typer.Typer()

    @group.command()
    def check() -> None:
        typer.echo("checked")

    @group.callback()
    def _all() -> None:
        pass

    monkeypatch.setattr(main, "import_module", lambda _: type("Module", (), {"app": group}))
    monkeypatch.setitem(main.COMMANDS, "ledger", "anywhere:app")
    with pytest.raises(SystemExit) as ended:
        main.app(["ledger", "check"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "checked\n"


def test_an_unknown_command_is_named() -> None:
    done = subprocess.run([sys.executable, "-m", "cli.main", "frobnicate"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "No such command 'frobnicate'" in done.stderr


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "run"],
        cwd=ROOT, capture_output=True, text=True, env={"DEBTDESK_PORT": "eighty", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("debtdesk: Wrong setting. DEBTDESK_PORT: ")
    assert len(done.stderr.splitlines()) == 1
