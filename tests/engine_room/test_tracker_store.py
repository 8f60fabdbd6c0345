"""The engine's tracker store, in the engine's environment."""

import subprocess

from cli.engine import ROOT, engine_environment, engine_python


def test_trackers_hold_the_last_turns_and_lose_nothing() -> None:
    done = subprocess.run([engine_python(), "-m", "tests.engine_room.in_engine"], cwd=ROOT, env=engine_environment(),
                          capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
