"""``debtdesk operator``: what operator.yml makes this installation say, in words."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cli.profiles import write_schema
from compliance.files import schema
from compliance.operator import Operator, read_operator
from compliance.operator_words import explain, warnings
from runtime.errors import OperatorError
from runtime.settings import settings

operator = typer.Typer(help="Read and check the operator file.", no_args_is_help=True, rich_markup_mode=None,
                       add_completion=False)
Given = Annotated[Path | None, typer.Argument(help="A file; the configured one when left out")]


@operator.callback()
def _all() -> None:
    """Read and check the operator file. Example: debtdesk operator check"""


def _find(given: Path | None) -> Operator:
    path = given or settings().operator_file
    if not path.is_file():
        raise OperatorError(f"There is no operator file at {path}; copy operator.yml and put in who you are")
    return read_operator(path)


@operator.command("check")
def check_operator(given: Given = None) -> None:
    """Check the operator file; exit 1 when something is wrong. Notes name what a lawyer should look at.

    Example: debtdesk operator check operator.yml
    """
    found = _find(given)
    for line in warnings(found, date.today()):
        print(f"Note: {line}")
    print(f"{found.trading_name}: the operator file is in order.")


@operator.command("explain")
def explain_operator(given: Given = None) -> None:
    """Say in plain words what the file makes the desk say, and where it collects.

    Example: debtdesk operator explain
    """
    for line in explain(_find(given)):
        print(line)


@operator.command("schema")
def print_schema(
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it")] = None,
) -> None:
    """Print the JSON schema of operator files, for editors and other programs.

    Example: debtdesk operator schema --out docs/schemas/operator.schema.json
    """
    write_schema(operator_schema(), out)


def operator_schema() -> dict[str, object]:
    """The published schema of operator files."""
    return schema(Operator, "Debtdesk operator file",
                  "Who runs this installation. What is left out is not said. See docs/compliance/operator.md.")
