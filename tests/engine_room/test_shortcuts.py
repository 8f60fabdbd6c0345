"""The engine's shortcuts answer as Rasa's own functions do, with the trained model."""

import subprocess

from cli.engine import ROOT, engine_environment, engine_python
from cli.model import ensure_model


def test_the_shortcuts_change_no_reading_and_no_prediction() -> None:
    model = ensure_model(say=print)
    lines = (ROOT / "tests" / "nlu" / "everyday.tsv").read_text(encoding="utf-8").splitlines()
    texts = "".join(line.partition("\t")[2] + "\n" for line in lines)
    done = subprocess.run([engine_python(), "-m", "tests.engine_room.compare", str(model)], cwd=ROOT, input=texts,
                          env=engine_environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "are the same" in done.stdout
