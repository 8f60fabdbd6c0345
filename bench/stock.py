"""The bot to compare with: what ``rasa init`` makes, with one intent, one rule and one trivial action added."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from runtime.errors import OperatorError
from runtime.settings import ROOT
from setup.environments import cache_folder
from setup.steps import only_one

MODEL = "stock.tar.gz"
HEARTBEAT = 15
"""Seconds between signs of life while it is trained."""
LONGEST = 900
"""Seconds the training may take."""

FILES = "import sys; from rasa.cli.scaffold import create_initial_project; create_initial_project(sys.argv[1])"
"""The step of ``rasa init`` that writes the files; its training would have to be done again after the addition."""

ADDED = {
    "domain.yml": """

intents:
  - greet
  - goodbye
  - affirm
  - deny
  - mood_great
  - mood_unhappy
  - bot_challenge
  - ask_balance

actions:
  - action_what_is_owed
""",
    "data/nlu.yml": """
- intent: ask_balance
  examples: |
    - what do I owe
    - what do I owe you
    - how much do I owe
    - how much is my debt
    - what is my balance
    - tell me my balance
    - balance please
    - what is left to pay
    - how much is outstanding
    - what is the total of my account
""",
    "data/rules.yml": """
- rule: Say what is owed
  steps:
  - intent: ask_balance
  - action: action_what_is_owed
""",
}
"""What is added to the end of which file, before it is trained."""

ENDPOINTS = "action_endpoint:\n  url: http://127.0.0.1:{port}/webhook\n"
"""Its ``endpoints.yml``, else empty: trackers in memory, as ``rasa init`` leaves it."""


def stock_bot(python: str, environment: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """The folder of the stock bot with its trained model; made once per engine lock and kept in the cache.

    ``python`` is the engine's. Raises OperatorError when it cannot be made.
    """
    base = (cache_folder() or ROOT / ".rasa") / "bench"
    made = hashlib.sha256((ROOT / "engine" / "requirements.lock").read_bytes() + repr(ADDED).encode())
    folder = base / f"stock-{made.hexdigest()[:16]}"
    with only_one(base / ".lock"):
        if not (folder / MODEL).exists():
            beside = folder.with_name(f".{folder.name}")
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            _write(beside, python, environment)
            _train(beside, python, environment, say)
            shutil.rmtree(folder, ignore_errors=True)
            beside.rename(folder)
    return folder


def _write(folder: Path, python: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run([python, "-c", FILES, str(folder)], env=dict(environment), capture_output=True, text=True,
                          timeout=120, check=False)  # fmt: skip
    if done.returncode:
        raise OperatorError(f"The files of `rasa init` could not be made:\n{done.stderr[-1500:]}")
    for name, added in ADDED.items():
        path = folder / name
        text = path.read_text()
        if name == "domain.yml":  # a second key of that name would be an error
            text = text[: text.index("intents:")] + text[text.index("responses:") :]
        path.write_text(text + added)


def _train(folder: Path, python: str, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    say("stock bot: training what `rasa init` makes (one to four minutes, once) ...")
    environment = {**environment, "PYTHONPATH": str(ROOT)}  # for engine.start
    command = [python, "-m", "engine.start", "train", "--fixed-model-name", MODEL, "--out", "."]
    started = time.monotonic()
    log = folder / "train.log"
    with (
        open(log, "w") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            while True:
                try:
                    code = process.wait(HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    passed = time.monotonic() - started
                    if passed > LONGEST:
                        raise OperatorError(f"The stock bot was not trained after {passed:.0f} s. Log: {log}") from None
                    say(f"stock bot:   ... {passed:.0f} s")
        except BaseException:
            process.terminate()
            raise
    if code or not (folder / MODEL).exists():
        raise OperatorError(f"The stock bot could not be trained:\n{log.read_text(errors='replace')[-1500:]}")
    say(f"stock bot: trained in {time.monotonic() - started:.0f} s")
