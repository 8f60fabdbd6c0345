"""Logs: one line per record, redacted (``runtime.redaction``), line breaks made harmless."""

import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from runtime.redaction import never_show, redact
from runtime.settings import Settings, settings

_TELL_TALE = ("database_url", "smtp_url", "alert_webhook", "feed_url")
"""Addresses that may hold a password or be one."""


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        year = datetime.fromtimestamp(record.created, UTC).year
        head = logging.Formatter.formatTime(self, record)
        said = redact(super().format(record), year=year)
        line = " ⏎ ".join(f"{head} {said}".splitlines())
        return "".join(c if c.isprintable() else "·" for c in line)  # no control of a terminal, no direction


def set_up_logs() -> None:
    """Log to standard error, at the level of the settings; what nobody caught goes the same way."""
    chosen = settings()
    _keep_out(chosen)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=chosen.log_level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "telegram", "stripe", "sanic.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _keep_out(chosen: Settings) -> None:
    for value in chosen.__dict__.values():
        if isinstance(value, SecretStr):
            for part in value.get_secret_value().replace(",", " ").split():
                never_show(part)
    for name in _TELL_TALE:
        address = getattr(chosen, name)
        if not address:
            continue
        try:
            password = make_url(address).password
        except (ArgumentError, ValueError):
            password = None
        if password:
            never_show(str(password))
        if name == "alert_webhook":
            never_show(address)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("uncaught").critical("ended by %s", kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        _uncaught(what.exc_type, what.exc_value, what.exc_traceback)
