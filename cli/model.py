"""The engine's model: named by the hash of all it is made from, so it is trained exactly when it is stale.

Clones of one user share trained models through the cache folder, by the same hash.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.engine import ROOT, engine_environment, engine_python
from runtime.errors import OperatorError
from setup.environments import cache_folder
from setup.steps import only_one

KEPT = 3
"""Models kept in ``models/``; the cache keeps three times as many."""
HEARTBEAT = 10
"""Seconds between signs of life while Rasa trains."""


def sources(root: Path = ROOT) -> Iterator[Path]:
    """Every file the model depends on, in a fixed order."""
    yield from (root / "config.yml", root / "domain.yml", root / "engine" / "requirements.lock")
    for top, suffix in ((root / "data", ""), (root / "engine", ".py")):
        for folder, inner, files in os.walk(top):
            inner[:] = sorted(name for name in inner if not name.startswith((".", "__pycache__")))
            for name in sorted(files):
                if name.endswith(suffix) and not name.startswith("."):
                    yield Path(folder) / name


def content_hash(root: Path = ROOT) -> str:
    """16 hex digits over names and contents of ``sources``. Raises OperatorError when one is missing."""
    made = hashlib.sha256()
    for path in sources(root):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise OperatorError(f"{path.relative_to(root)} is missing: there is nothing to train from") from None
        made.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return made.hexdigest()[:16]


def model_path(root: Path = ROOT) -> Path:
    """Where the model of the present content is, or will be."""
    return root / "models" / f"{content_hash(root)}.tar.gz"


def trained_model(root: Path = ROOT) -> Path:
    """The model of the present content. Raises OperatorError when it was not trained yet."""
    path = model_path(root)
    if not path.exists():
        raise OperatorError("The model is stale. Run: make train")
    return path


def ensure_model(root: Path = ROOT, *, force: bool = False, say: Callable[[str], None] = print) -> Path:
    """The model of the present content, trained when it is not there. Raises OperatorError when training fails."""
    path = model_path(root)
    if path.exists() and not force:
        say("model is up to date")
        return path
    path.parent.mkdir(exist_ok=True)
    with only_one(path.parent / ".lock"):
        cached = _cached(path.name)
        if path.exists() and not force:
            say("model is up to date")
        elif cached and cached.exists() and not force:
            _copy(cached, path)
            say("model is up to date (trained by another clone)")
        else:
            _train(root, path, say)
            if cached:
                _copy(path, cached)
                _forget(cached.parent, 3 * KEPT, spare=cached)
        path.touch()
        _forget(path.parent, KEPT, spare=path)
    return path


def _cached(name: str) -> Path | None:
    folder = cache_folder()
    return folder / "models" / name if folder else None


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, beside)
    beside.replace(target)


def _forget(folder: Path, kept: int, *, spare: Path) -> None:
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in models[kept:]:
        if old != spare:
            old.unlink(missing_ok=True)


def _train(root: Path, path: Path, say: Callable[[str], None]) -> None:
    log = path.parent / "train.log"
    say(f"model: training (a minute or two; details in {log.relative_to(root)}) ...")
    started = time.monotonic()
    command = [engine_python(root), "-m", "engine.train", "--output", str(path)]
    with (
        open(log, "w") as output,
        subprocess.Popen(command, cwd=root, env=engine_environment(), stdout=output, stderr=output) as process,
    ):
        try:
            while True:
                try:
                    code = process.wait(HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    say(f"model:   ... {time.monotonic() - started:.0f} s")
        except BaseException:
            process.terminate()
            raise
    told = log.read_text(errors="replace").splitlines()
    if code or not path.exists():
        shown = [line for line in told if line.startswith("error: ")] or told[-15:]
        end = "".join(f"\n  {line}" for line in shown)
        raise OperatorError(f"Training failed with exit code {code}:{end}")
    for line in told:
        if line.startswith("warning: "):
            say(f"model: {line}")
    say(f"model: trained in {time.monotonic() - started:.0f} s")


def main() -> int:
    """``python -m cli.model``: trains when stale, and starts faster than the whole command line does."""
    try:
        ensure_model(force="--force" in sys.argv[1:], say=lambda line: print(line, flush=True))
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
