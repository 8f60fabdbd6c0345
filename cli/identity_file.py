"""``debtdesk identity``: what identity.yml asks of whom, in words."""

from pathlib import Path
from typing import Annotated

import typer

from cli.profiles import write_schema
from compliance.files import schema
from compliance.identity_rules import IdentityRules, identity_rules, read_rules
from compliance.identity_words import explain, warnings

identity = typer.Typer(help="Read and check the identity file.", no_args_is_help=True, rich_markup_mode=None,
                       add_completion=False)
Given = Annotated[Path | None, typer.Argument(help="A file; the configured one when left out")]


@identity.callback()
def _all() -> None:
    """Read and check the identity file. Example: debtdesk identity check"""


def _find(given: Path | None) -> IdentityRules:
    return read_rules(given) if given else identity_rules()


@identity.command("check")
def check_identity(given: Given = None) -> None:
    """Check the identity file and the keys it names; exit 1 when something is wrong.

    Notes name what is allowed but should be looked at.

    Example: debtdesk identity check identity.yml
    """
    found = _find(given)
    for line in warnings(found):
        print(f"Note: {line}")
    print(f"The identity file is in order. Questions for everybody: {len(found.ask)}; creditors that ask for more: "
          f"{len(found.creditors)}; websites whose word is taken: {len(found.host_sites)}.")


@identity.command("explain")
def explain_identity(given: Given = None) -> None:
    """Say in plain words what is asked of whom, what a link or a website proves, and who waits how long.

    Example: debtdesk identity explain
    """
    for line in explain(_find(given)):
        print(line)


@identity.command("schema")
def print_schema(
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it")] = None,
) -> None:
    """Print the JSON schema of identity files, for editors and other programs.

    Example: debtdesk identity schema --out docs/schemas/identity.schema.json
    """
    write_schema(identity_schema(), out)


def identity_schema() -> dict[str, object]:
    """The published schema of identity files."""
    return schema(IdentityRules, "Debtdesk identity file",
                  "How it is proved who is talking. Everything is optional. See docs/identity.md.")
