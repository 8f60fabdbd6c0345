"""The engine's log, in the engine's environment: lines are there, secrets and words are not."""

import subprocess

from cli.engine import ROOT, engine_environment, engine_python


def test_nothing_that_opens_or_names_is_in_the_engines_log() -> None:
    values = {"DEBTDESK_ENGINE_SECRET": "0f" * 32, "DEBTDESK_TRACKER_URL": "postgresql://desk:tracker%20pass@db/x"}
    done = subprocess.run([engine_python(), "-m", "tests.engine_room.logged"], cwd=ROOT, timeout=180, check=False,
                          env=engine_environment(values), capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said[-3000:]  # by what nobody caught
    for secret in ("0f0f0f", "k3Jx9Qe", "jane", "07700", "swordfish", "4242 4242", "3782822463", "17/05/1984",
                   "dog ate", "tracker pass"):
        assert secret not in said, secret
    for kept in ('"event": "structured.event"', '"sender_id": "conversation.1"', '"count": 3', "[left out]",
                 '"event": "structured.failed"', '"exc_type": "ConnectionError"', "in fails", "plain failed with",
                 "warned of [redacted]", "printed [redacted]to the end", "without an end [redacted]",
                 "kept: action_show_balance took 12 ms, turn 4711, 2026-03-03T12:00:00",
                 "RuntimeError: nobody caught [redacted] of [redacted]"):
        assert kept in said, kept
    assert '"locals"' not in said.replace('"locals": null', "")
