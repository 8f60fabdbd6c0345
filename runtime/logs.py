"""Logs: one line per record, redacted (``runtime.redaction``), line breaks made harmless."""

import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import unquote

from pydantic import SecretStr

from runtime.redaction import never_show, redact
from runtime.settings import Settings, settings

_PASSWORD = re.compile(r"://[^/\s:@]*:([^@\s/]+)@")
_OPENS = ("alert_webhook",)
"""Addresses that are secret as a whole: whoever knows them may use them."""


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
        elif isinstance(value, str):
            for password in _PASSWORD.findall(value):
                never_show(password)
                never_show(unquote(password))
    for name in _OPENS:
        if address := getattr(chosen, name):
            never_show(address)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("uncaught").critical("ended by %s", kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        _uncaught(what.exc_type, what.exc_value, what.exc_traceback)
