"""``debtdesk profile``: what the law of a country asks, as this installation knows it, in words."""

import json
from pathlib import Path
from typing import Annotated

import typer

from compliance import profile as room
from compliance.files import schema
from compliance.profile import Profile, load_profile, read_profile
from compliance.profile_words import explain, warnings
from runtime.settings import settings

profile = typer.Typer(help="Read and check jurisdiction profiles.", no_args_is_help=True, rich_markup_mode=None,
                      add_completion=False)
Given = Annotated[str, typer.Argument(help="A file, or the name of a profile; the configured one when left out")]


@profile.callback()
def _all() -> None:
    """Read and check jurisdiction profiles. Example: debtdesk profile explain uk"""


def _find(given: str) -> Profile:
    path = Path(given)
    if path.suffix in (".yml", ".yaml") or path.is_file():
        return read_profile(path)
    return load_profile(given or settings().profile)


@profile.command("check")
def check_profile(given: Given = "") -> None:
    """Check a profile, its states and its cities; exit 1 when something is wrong or missing.

    Example: debtdesk profile check us
    """
    found = _find(given)
    for line in warnings(found):
        print(f"Note: {line}")
    print(f"{found.name} is in order: {len(found.holds)} reasons for holds, {len(found.time_bar.places)} states or "
          f"nations with periods of limitation, {len(found.overlays)} places that differ.")


@profile.command("explain")
def explain_profile(given: Given = "") -> None:
    """Say in plain words what a profile asks of everybody who collects there.

    Example: debtdesk profile explain uk
    """
    for line in explain(_find(given)):
        print(line)


@profile.command("schema")
def print_schema(
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it")] = None,
) -> None:
    """Print the JSON schema of profiles, for editors and other programs.

    Example: debtdesk profile schema --out docs/schemas/profile.schema.json
    """
    write_schema(profile_schema(), out)


def profile_schema() -> dict[str, object]:
    """The published schema of profiles."""
    return schema(room.Profile, "Debtdesk jurisdiction profile",
                  "What the law of a country asks. See docs/compliance/profiles.md.")


def write_schema(found: dict[str, object], out: Path | None) -> None:
    """A schema as a file, or on the terminal."""
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
