"""The whole desk, started once per run: real gateway, real engine, real actions, the local Stripe stand-in."""

import dataclasses
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cli.demo import load
from cli.model import ensure_model
from cli.processes import processes
from cli.supervise import Stack, free_port
from runtime.clock import Clock
from runtime.database import Database
from runtime.migrate import upgrade
from runtime.settings import ROOT, Settings, settings
from tests.end_to_end.telegram_server import TelegramServer

TOKEN = "123456:" + "A" * 35


@dataclasses.dataclass
class Desk:
    """A running desk, as the tests reach it."""

    url: str
    database: Database
    clock: Clock
    client: httpx.Client
    chosen: Settings
    telegram: TelegramServer
    stack: Stack
    logs: Path

    @property
    def now(self) -> datetime:
        """The desk's present."""
        return self.clock.now()


@pytest.fixture(scope="session")
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The whole desk on free ports and a folder of its own, with the demo portfolio.

    On SQLite; on PostgreSQL when the environment says ``DESK_TEST_DATABASE=postgresql``.
    """
    folder = Path(os.environ["DEBTDESK_DATA_DIR"])
    ports = {name: free_port() for name in ("port", "rasa_port", "actions_port", "stripe_standin_port")}
    with TelegramServer(TOKEN) as telegram:
        chosen = settings().model_copy(update={
            **ports, "data_dir": folder, "demo": True, "messages_per_minute": 6000,
            "engine_secret": SecretStr("end-to-end-secret"), "telegram_bot_token": SecretStr(TOKEN),
            "telegram_api_url": f"{telegram.url}/bot", "database_url": None,
        })
        if os.environ.get("DESK_TEST_DATABASE") == "postgresql":
            made: Database = request.getfixturevalue("make_postgresql")()
            chosen = chosen.model_copy(update={"database_url": made.url.render_as_string(hide_password=False)})
        database = Database(chosen.url)
        upgrade(database)
        os.environ["DEBTDESK_DEMO"] = "true"
        settings.cache_clear()
        load(database, today=datetime.now(timezone.utc).date())
        logs = tmp_path_factory.mktemp("logs")
        with Stack(logs, folder=ROOT) as stack:
            stack.start(*processes(chosen, ensure_model(say=print)))
            stack.wait_ready()
            url = f"http://127.0.0.1:{chosen.port}"
            with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                yield Desk(url, database, Clock(database), client, chosen, telegram, stack, logs)
        database.close()
