"""``debtdesk bench``: how fast a turn is, side by side in one run with the bot that ``rasa init`` makes.

Only ratios count: absolute figures are this machine's at this moment.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer

from cli.supervise import Process
from runtime.errors import OperatorError
from runtime.settings import ROOT, Settings, settings

HELLO, OWED = "hello", "what do I owe"
EXPECTED = {HELLO: ["action_greet"], OWED: ["action_balance"]}
"""The messages, and what the desk must have done with each for its time to count."""
ROOMS = ("runtime", "ledger", "conversations", "compliance", "actions", "bot", "bench")
PERSON = "DD-1001"
"""Whose debt is asked for: of the demo portfolio, three debts with two creditors."""


def bench(
    full: Annotated[
        bool, typer.Option("--full", help="More rounds, more debtors, longer conversations; what is done is kept.")
    ] = False,
) -> None:
    """Compare a turn with one of the bot that `rasa init` makes, the ledger with bare SQL, the audit with its limit.

    Ten minutes at most, the stock bot's training included; with --full up to an hour. Ratios are printed, not judged:
    the exit code is 0 unless something did not run.

    Example: debtdesk bench
    """
    from bench import audit, ledger
    from bench.measure import Pair
    from bench.report import FULL, QUICK, run_all
    from bench.stock import stock_bot
    from bench.talkers import BenchError, DeskTalker, StockTalker
    from cli.engine import engine_environment, engine_python
    from cli.model import ensure_model

    began = time.monotonic()
    kept = settings().data_dir / "bench" / f"{_content()}.json" if full else None
    model = ensure_model(say=_say)
    stock = stock_bot(engine_python(), engine_environment(), _say)
    for line in [*ledger.lines(full=full, say=_say), *audit.lines(say=_say)]:
        _say(line)
    try:
        with _both(model, stock) as running:
            pairs = [
                Pair(HELLO, HELLO, partial(DeskTalker, running.gateway), partial(StockTalker, running.stock)),
                Pair(OWED, OWED, partial(DeskTalker, running.gateway, running.link),
                     partial(StockTalker, running.stock)),
            ]  # fmt: skip
            for line in run_all(pairs, FULL if full else QUICK, say=_say, kept=kept):
                _say(line)
            _say(_checked(running))
    except BenchError as error:
        raise OperatorError(f"The benchmark could not be run: {error}") from None
    _say(f"Done in {(time.monotonic() - began) / 60:.1f} minutes.")


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


@dataclass(frozen=True)
class Running:
    """Both bots: their ports, the desk's settings, and a personal link of a debtor."""

    gateway: int
    stock: int
    chosen: Settings
    link: str


@contextmanager
def _both(model: Path, stock: Path) -> Iterator[Running]:
    """Both bots on free ports; the desk with the demo in a folder beside the real one, so on the same disk."""
    from cli.processes import processes
    from cli.supervise import Stack, free_port

    chosen = _settings()
    stock_port, actions_port = free_port(), free_port()
    try:
        link = _portfolio(chosen)
        with Stack(chosen.data_dir / "logs", folder=ROOT, say=_say) as stack:
            _say("Starting both bots ...")
            stack.start(*processes(chosen, model), *_stock(stock, stock_port, actions_port))
            stack.wait_ready(300)
            yield Running(chosen.port, stock_port, chosen, link)
    finally:
        shutil.rmtree(chosen.data_dir, ignore_errors=True)


def _settings() -> Settings:
    """This process's settings from here on: a new folder, free ports, nothing that reaches the outside."""
    from cli.processes import variables
    from cli.supervise import free_port

    real = settings()
    real.data_dir.mkdir(parents=True, exist_ok=True)
    chosen = real.model_copy(update={
        **{name: None for name, field in Settings.model_fields.items() if field.default is None},
        **{name: free_port() for name in ("port", "rasa_port", "actions_port", "stripe_standin_port")},
        "data_dir": Path(tempfile.mkdtemp(prefix="bench-", dir=real.data_dir)), "host": "127.0.0.1", "demo": True,
        "payments": "off", "messages_per_minute": 1_000_000, "log_level": "info",
    })  # fmt: skip
    for name, field in Settings.model_fields.items():
        os.environ[cast(str, field.validation_alias or f"DEBTDESK_{name.upper()}")] = ""  # no .env file has a say
    os.environ.update(variables(chosen))
    os.environ.pop("DEBTDESK_TRACKER_URL", None)
    settings.cache_clear()
    return settings()


def _portfolio(chosen: Settings) -> str:
    """The demo portfolio in a new database; a personal link's token that verifies ``PERSON``."""
    from cli.demo import load
    from compliance.links import make_link
    from runtime.clock import Clock
    from runtime.database import Database
    from runtime.migrate import upgrade

    database = Database(chosen.url)
    upgrade(database)
    load(database)
    with database.write() as session:
        token = make_link(session, reference=PERSON, verifies=True, created_by="benchmark", now=Clock(database).now())
    database.close()
    return token


def _stock(folder: Path, port: int, actions_port: int) -> Iterator[Process]:
    from bench.stock import ENDPOINTS, MODEL
    from cli.engine import engine_environment, engine_python
    from cli.processes import HARMLESS

    endpoints = settings().data_dir / "stock-endpoints.yml"
    endpoints.write_text(ENDPOINTS.format(port=actions_port))
    yield Process(
        name="stock-engine",
        command=(
            engine_python(), "-m", "engine.start", "run", "--model", str(folder / MODEL),
            "--endpoints", str(endpoints), "--credentials", str(folder / "credentials.yml"),
            "--interface", "127.0.0.1", "--port", str(port),
        ),
        environment=engine_environment(),
        ready=f"http://127.0.0.1:{port}/",
        patience=280,
        port=port,
        setting="the stock bot's port",
        harmless=(*HARMLESS, "currently experimental"),
    )  # fmt: skip
    yield Process(
        name="stock-actions",
        command=(sys.executable, "-m", "bench.stock_actions", str(actions_port)),
        environment={**os.environ, "PYTHONUNBUFFERED": "1", "SANIC_HOST": "127.0.0.1"},
        ready=f"http://127.0.0.1:{actions_port}/health",
        port=actions_port,
        setting="the stock action server's port",
        harmless=HARMLESS,
    )


def _content() -> str:
    """16 hex digits over all that decides how fast a turn is: what was measured with other content is not kept."""
    from cli.model import content_hash

    made = hashlib.sha256(content_hash().encode())
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            made.update(path.read_bytes())
    return made.hexdigest()[:16]


def _checked(running: Running) -> str:
    """That every turn was answered as it should be. Raises BenchError: figures of wrong answers are worth nothing."""
    from sqlalchemy import select

    from bench.talkers import BenchError
    from conversations.models import Turn, TurnState
    from runtime.database import Database

    database = Database(running.chosen.url)
    with database.read() as session:
        turns = session.execute(select(Turn.raw, Turn.state, Turn.actions)).all()
    database.close()
    wrong = [turn for turn in turns if turn.state != TurnState.DONE or turn.actions != EXPECTED[turn.raw]]
    if wrong:
        raise BenchError(f"{len(wrong)} of {len(turns)} turns were not answered as they should be, such as {wrong[0]}")
    return f"All {len(turns)} turns of the desk were answered as they should be."
