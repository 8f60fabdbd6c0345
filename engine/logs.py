"""The engine's log: what Rasa and its libraries say goes through the same last step as the application's logs.

Turns are masked before they come here, so this is the net below: no debtor's words, no local variables of a traceback
(the shared secret would be among them), and nothing with the shape of a secret or of what says who somebody is.
"""

import os
import sys
import threading
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

from runtime.redaction import never_show, redact

SECRETS = ("DEBTDESK_ENGINE_SECRET",)
ADDRESSES = ("DEBTDESK_TRACKER_URL",)
"""Settings that hold an address with a password in it."""
LEFT_OUT = "[left out]"
WORDS = frozenset({
    "text", "response_text", "user_text", "parse_data_text", "token_text", "message", "user_message", "json_message",
    "response", "rasa_event", "rasa_events", "prediction_events", "slot_values", "slot_candidates", "prefilled_slots",
    "parse_data_entities", "entity", "current_entity", "next_entity", "tracker_latest_message", "tracker_states",
    "current_states", "old_states", "states", "successes",
})
"""Under these names Rasa logs what somebody said, or holds it."""


class Redacted:
    """A text stream that passes whole lines on, redacted; the rest as soon as somebody flushes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._held = stream, ""
        self._lock = threading.RLock()  # a signal may find us writing

    def write(self, text: str) -> int:
        """Takes all of it."""
        with self._lock:
            whole, end, self._held = (self._held + text).rpartition("\n")
            if end:
                self._stream.write(redact(whole) + end)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As for any stream."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what is there; print without a line's end is followed by it."""
        with self._lock:
            held, self._held = self._held, ""
            self._stream.write(redact(held))
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def set_up() -> None:
    """Before Rasa sets up its own logging, which then writes to our streams."""
    for name in SECRETS:
        never_show(os.environ.get(name, ""))
    for name in ADDRESSES:
        if password := urlsplit(os.environ.get(name, "")).password:
            never_show(password)
            never_show(unquote(password))
    sys.stdout, sys.stderr = Redacted(sys.stdout), Redacted(sys.stderr)  # type: ignore[assignment]


def quieten() -> None:
    """Have Rasa's structured log leave out words and local variables. After Rasa is imported, before it is started."""
    import structlog
    from rasa.utils import log_utils
    from structlog.tracebacks import ExceptionDictTransformer

    log_utils._anonymizer = without_words
    structlog.processors.dict_tracebacks = structlog.processors.ExceptionRenderer(
        ExceptionDictTransformer(show_locals=False))


def without_words(_logger: Any, _level: str, event: dict[str, Any]) -> dict[str, Any]:
    """The record without what somebody said; in place of Rasa's step that does so with a plugin only."""
    return {name: LEFT_OUT if name in WORDS else value for name, value in event.items()}
