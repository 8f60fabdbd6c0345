"""``debtdesk bench``: how fast a turn is, side by side in one run with the bot that ``rasa init`` makes.

Only ratios count: absolute figures are this machine's at this moment.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from runtime.errors import OperatorError
from runtime.settings import ROOT, settings

HELLO, OWED = "hello", "what do I owe"
PERSON = "DD-1001"
"""Whose debt is asked for: of the demo portfolio, three debts with two creditors."""


def bench(
    full: Annotated[
        bool, typer.Option("--full", help="More rounds, more debtors, longer conversations; what is done is kept.")
    ] = False,
) -> None:
    """Compare a turn through the gateway with the same turn of the bot that `rasa init` makes.

    Ten minutes at most, the stock bot's training included; with --full up to an hour. Ratios are printed, not judged:
    the exit code is 0 unless something did not run.

    Example: debtdesk bench
    """
    from bench.measure import Pair
    from bench.report import run_all
    from bench.stock import stock_bot
    from bench.talkers import BenchError, DeskTalker, StockTalker
    from cli.engine import engine_environment, engine_python
    from cli.model import ensure_model

    began = time.monotonic()
    model = ensure_model(say=_say)
    stock = stock_bot(engine_python(), engine_environment(), _say)
    try:
        with _running(model, stock) as (gateway, rest, link, check):
            pairs = [
                Pair(HELLO, HELLO, partial(DeskTalker, gateway), partial(StockTalker, rest)),
                Pair(OWED, OWED, partial(DeskTalker, gateway, link), partial(StockTalker, rest)),
            ]
            for line in run_all(pairs, full=full, model=model, say=_say):
                _say(line)
            _say(check())
    except BenchError as error:
        raise OperatorError(f"the benchmark could not be run: {error}") from None
    _say(f"Done in {(time.monotonic() - began) / 60:.1f} minutes.")


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


@contextmanager
def _running(model: Path, stock: Path) -> Iterator[tuple[int, int, str, "partial[str]"]]:
    """Both bots on free ports: the gateway's port, the stock bot's, a personal link, and the check of what was said.

    The data are the demo's, in a folder beside the real ones (the same disk) that is gone afterwards.
    """
    from cli.processes import processes
    from cli.supervise import Stack, free_port
    from compliance.links import make_link
    from runtime import vault
    from runtime.database import Database
    from runtime.migrate import upgrade

    settings().data_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=settings().data_dir))
    try:
        chosen = settings().model_copy(update={
            **{name: free_port() for name in ("port", "rasa_port", "actions_port", "stripe_standin_port")},
            "data_dir": folder, "database_url": None, "demo": True, "payments": "off", "messages_per_minute": 600_000,
            "secret_key": None, "engine_secret": SecretStr("benchmark"), "telegram_bot_token": None,
            "stripe_api_key": None, "stripe_webhook_secret": None, "alert_webhook": None, "alert_email": None,
            "smtp_url": None, "public_url": None, "host": "127.0.0.1", "log_level": "info",
        })  # fmt: skip
        _become(folder)
        vault.engine_secret.cache_clear()
        database = Database(chosen.url)
        upgrade(database)
        token = _fill(database, make_link)
        ports = free_port(), free_port()
        with Stack(folder / "logs", folder=ROOT, say=_say) as stack:
            _say("Starting both bots ...")
            stack.start(*_stock_processes(stock, *ports), *processes(chosen, model))
            stack.wait_ready(300)
            yield chosen.port, ports[0], token, partial(_check, database)
        database.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
