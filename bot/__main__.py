"""``python -m bot``: the gateway process."""

import sys

import uvicorn

from bot.app import create_app
from bot.patience import PatientProtocol
from runtime.errors import start
from runtime.logs import set_up_logs
from runtime.memory import settle
from runtime.settings import settings


def main() -> None:
    """Serve until told to stop."""
    set_up_logs()
    app = create_app()
    settle()
    uvicorn.run(app, host=settings().host, port=settings().port, log_config=None, access_log=False,
                server_header=False, timeout_graceful_shutdown=3, http=PatientProtocol, ws="none",
                limit_concurrency=settings().connections)


if __name__ == "__main__":
    sys.exit(start("gateway", main))
