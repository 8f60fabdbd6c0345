"""What reaches the engine's log. Run in the engine's own environment by ``test_logs.py``, which reads it."""

import logging
import sys
import time
import warnings

import engine.start  # noqa: F401
from engine import logs

logs.set_up()

import structlog  # noqa: E402
from rasa.utils import log_utils  # noqa: E402
from rasa.utils.common import configure_logging_and_warnings  # noqa: E402

logs.quieten()
configure_logging_and_warnings(log_level=logging.DEBUG)
log_utils.configure_structlog(logging.DEBUG)
structured = structlog.get_logger("rasa.core.processor")

SECRET = "0f" * 32  # as in DEBTDESK_ENGINE_SECRET
TOKEN = "k3Jx9Qe_7yT-abcDEF0123456789ghijKLMNOPqrstu"
TYPED = "my dog ate the letter"
PASSWORD, ADDRESS = "sword" + "fish", "jane" + "@example.com"  # a traceback shows lines of this file


def fails() -> None:
    """With what must not be seen in its local variables, and in its words."""
    headers, words = {"X-Desk-Secret": SECRET}, TYPED
    raise ConnectionError(f"https://desk:{PASSWORD}@db.example/x {len(headers)} {len(words)} {ADDRESS}")


logging.getLogger("rasa").error("plain %s of jane.roe@example.com, 07700 900123", TOKEN)
logging.getLogger("sanic.error").error("GET /?token=%s", TOKEN)  # nobody handles it: it goes to standard error
structured.error("structured.event", text=TYPED, user_message=TYPED, sender_id="conversation.1", count=3,
                 url=f"http://x/pay/{TOKEN}", born="17/05/1984 DD-1001")
structured.debug("tracker.loaded", tracker_states=[{"user": {"text": TYPED}}] * 1000)
try:
    fails()
except ConnectionError:
    structured.error("structured.failed", exc_info=True)
    logging.getLogger("rasa").exception("plain failed with %s", SECRET)
warnings.warn(f"warned of {TOKEN}", stacklevel=1)
print("printed 4242 4242 4242 4242", end=" ")
print("to", "the", "end", file=sys.stdout, flush=True)
print("kept: action_show_balance took 12 ms, turn 4711, 2026-03-03T12:00:00")
print("without an end 378282246310005", end="", file=sys.stderr)
sys.stderr.flush()
print(file=sys.stderr)

began = time.process_time()
for _ in range(200):
    structured.debug("processor.message.parse", message=TYPED)
each = (time.process_time() - began) / 200
logging.getLogger("rasa").setLevel(logging.WARNING)
log_utils.configure_structlog(logging.WARNING)
quiet = structlog.get_logger("rasa.core.quiet")
began = time.process_time()
for _ in range(20_000):
    quiet.debug("processor.message.parse", message=TYPED)
silent = (time.process_time() - began) / 20_000
print(f"microseconds: {each * 1e6:.0f} for a line, {silent * 1e6:.2f} for one that is not written")
raise RuntimeError(f"nobody caught {TOKEN} of {ADDRESS}")
