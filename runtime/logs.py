"""Logs: one line per record, secrets and card numbers redacted, line breaks made harmless."""

import logging
import re
import sys

from runtime.settings import settings

_SECRET = re.compile(
    r"(sk_(?:test|live)_|rk_(?:test|live)_|whsec_)[A-Za-z0-9]+|\b\d{6,12}:[A-Za-z0-9_-]{30,}|(?i:bearer )[\w.-]+"
    r"|(?<=/pay/)[\w-]{20,}|\b(?:\d[ -]?){13,19}\b"
)


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = " ⏎ ".join(_SECRET.sub("[redacted]", super().format(record)).splitlines())
        return "".join(c if c.isprintable() else "·" for c in line)  # no control of a terminal, no direction


def set_up_logs() -> None:
    """Log to standard error, at the level of the settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings().log_level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "telegram", "stripe", "sanic.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
