"""``debtdesk train``: trains the engine's model when it is stale."""

from typing import Annotated

import typer

from cli.model import ensure_model


def train(
    force: Annotated[bool, typer.Option("--force", help="Train even when the model is up to date.")] = False,
) -> None:
    """Train the engine's model, when anything it is made from has changed.

    Example: debtdesk train
    """
    ensure_model(force=force, say=lambda line: typer.echo(line))
