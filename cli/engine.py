"""How Rasa is started, by whoever starts it: which Python, and with what in its environment.

The engine sees no key of ours: nothing that faces people or holds money should live with its pinned libraries.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from runtime.errors import OperatorError

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = (
    "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN", "DEBTDESK_SECRET_KEY", "DEBTDESK_DATABASE_URL",
    "DEBTDESK_SMTP_URL", "DEBTDESK_ALERT_WEBHOOK", "DEBTDESK_FEED_URL", "DEBTDESK_FEED_SECRET",
)  # fmt: skip

UNWANTED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""Without its bytecode Rasa takes twenty seconds longer to import."""

ALWAYS = {
    # Telemetry and crash reports would take debtors' words to third parties. This is the one place it is set.
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore::DeprecationWarning,ignore::FutureWarning",
}


def engine_python(root: Path = ROOT) -> str:
    """The Python of the engine's environment. Raises OperatorError where ``make setup`` has not made one."""
    python = root / "engine" / ".venv" / "bin" / "python"
    if not python.exists():
        raise OperatorError("The engine's environment is missing. Run: make setup")
    return str(python)


def engine_environment(values: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every process of the engine: ours without its keys, plus ``values``."""
    environment = {**os.environ, **(values or {}), **ALWAYS}
    for name in (*FORBIDDEN, *UNWANTED):
        environment.pop(name, None)
    return environment
