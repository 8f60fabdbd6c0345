"""``debtdesk``: the command line. Each command is a function in a module of its own, loaded when it is asked for."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from runtime.errors import OperatorError, StaffError

COMMANDS = {
    "run": "cli.run:run",
    "chat": "cli.chat:chat",
    "import": "cli.import_:import_file",
    "link": "cli.link:link",
    "terms": "cli.terms:terms",
    "ledger": "cli.ledger:ledger",
    "policy": "cli.policy:policy",
    "profile": "cli.profiles:profile",
    "operator": "cli.operator_file:operator",
    "identity": "cli.identity_file:identity",
    "accrue": "cli.accrue:accrue",
    "reconcile": "cli.reconcile:reconcile",
    "audit": "cli.audit:audit",
    "feed": "cli.feed:feed",
    "export": "cli.export:export",
    "staff": "cli.staff:app",
    "privacy": "cli.privacy:privacy",
    "evidence": "cli.evidence:evidence",
    "demo": "cli.demo:demo",
    "train": "cli.train:train",
    "nlu-eval": "cli.nlu_eval:nlu_eval",
    "bench": "cli.bench:bench",
}
"""Command name → ``module:attribute``, a function, or a ``typer.Typer`` with commands of its own."""


class Commands(TyperGroup):
    """Loads a command's module only when the command, or the list of all, is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command ``cmd_name``, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(rich_markup_mode=None, add_completion=False)
            single.command(cmd_name)(found)
            found = single
        command = get_command(found)
        command.name = cmd_name
        return command


_typer = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@_typer.callback()
def _all() -> None:
    """The front desk of a collections team. Each command has --help with an example."""


def app(arguments: list[str] | None = None) -> int:
    """Runs one command; exits with its code. What a person can put right is one line and code 1, never a traceback."""
    try:
        get_command(_typer).main(args=arguments, prog_name="debtdesk")
    except (OperatorError, StaffError) as error:
        print(f"debtdesk: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"debtdesk: no permission: {error.filename or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(app())
