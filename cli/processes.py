"""The processes of one installation on one machine, as its settings want them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from cli.engine import engine_environment, engine_python
from cli.supervise import Process
from runtime import vault
from runtime.settings import Settings

HARMLESS = (
    "running on version",  # rasa-sdk 3.21 answers Rasa 3.6: seen to work
    "MovedIn20Warning",
    "UserWarning",
)
"""Warnings of Rasa and its libraries about each other."""


def variables(chosen: Settings) -> dict[str, str]:
    """``chosen`` as environment variables: a process that is given them has the same settings."""
    found = {}
    for name, field in Settings.model_fields.items():
        value = getattr(chosen, name)
        if value is None:
            continue
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        found[cast(str, field.validation_alias or f"DEBTDESK_{name.upper()}")] = str(value)
    return found


def processes(chosen: Settings, model: Path) -> Iterator[Process]:
    """What runs with the settings ``chosen``: the engine, which is slow to start, comes first.

    Settings other than this process's own must carry an ``engine_secret``.
    """
    shared = variables(chosen)
    secret = chosen.engine_secret
    shared["DEBTDESK_ENGINE_SECRET"] = secret.get_secret_value() if secret else vault.engine_secret()
    # The tracker holds masked turns in a database of its own, never the ledger's.
    tracker = os.environ.get("DEBTDESK_TRACKER_URL") or f"sqlite:///{chosen.data_dir / 'tracker.sqlite3'}"
    yield Process(
        name="engine",
        command=(
            engine_python(), "-m", "engine.start", "run", "--model", str(model), "--endpoints", "endpoints.yml",
            "--credentials", "credentials.yml", "--interface", "127.0.0.1", "--port", str(chosen.rasa_port),
        ),
        environment=engine_environment({**shared, "DEBTDESK_TRACKER_URL": tracker}),
        ready=f"http://127.0.0.1:{chosen.rasa_port}/",
        patience=240,
        port=chosen.rasa_port,
        setting="DEBTDESK_RASA_PORT",
        harmless=HARMLESS,
    )  # fmt: skip
    own = {**os.environ, **shared, "PYTHONUNBUFFERED": "1", "SANIC_HOST": "127.0.0.1"}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    yield Process(
        name="actions",
        command=(sys.executable, "-m", "actions"),
        environment=own,
        ready=f"http://127.0.0.1:{chosen.actions_port}/health",
        port=chosen.actions_port,
        setting="DEBTDESK_ACTIONS_PORT",
    )
    if chosen.stripe_mode == "standin":
        yield Process(
            name="stripe-standin",
            command=(sys.executable, "-m", "payments.standin"),
            environment=own,
            ready=f"http://127.0.0.1:{chosen.stripe_standin_port}/",
            port=chosen.stripe_standin_port,
            setting="DEBTDESK_STRIPE_STANDIN_PORT",
        )
    yield Process(
        name="gateway",
        command=(sys.executable, "-m", "bot"),
        environment=own,
        ready=f"http://{_reachable(chosen.host)}:{chosen.port}/readyz",  # once the engine answers it
        patience=300,
        host=chosen.host,
        port=chosen.port,
        setting="DEBTDESK_PORT",
    )
    yield Process(name="worker", command=(sys.executable, "-m", "bot.worker"), environment=own)


def _reachable(host: str) -> str:
    """An address of this machine under which a server that listens on ``host`` answers."""
    if host in ("0.0.0.0", ""):  # noqa: S104  # nosec B104  # compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
