"""``python -m actions``: the action server."""

import logging
import sys

import actions.catalogue  # noqa: F401  # declares every action
from actions.server import make_server
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import start
from runtime.logs import set_up_logs
from runtime.memory import settle
from runtime.settings import settings


def main() -> None:
    """Serve on loopback until told to stop."""
    set_up_logs()
    logging.getLogger("rasa_sdk.utils").setLevel(logging.ERROR)  # the engine is older by design
    db = database()
    server = make_server(db, Clock(db))
    settle()
    server.run(host="127.0.0.1", port=settings().actions_port, single_process=True, access_log=False,
               motd=False)


if __name__ == "__main__":
    sys.exit(start("actions", main))
