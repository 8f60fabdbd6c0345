"""``python -m setup.advisories``: known weaknesses in what is locked, where a source of advisories can be reached."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120
FOUND = "known vulnerabilit"


def main(lock: Path = ROOT / "requirements.lock") -> int:
    """1 when there is a known weakness, with pip-audit's table; 0 when none is, or nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--timeout", "10",
               "--progress-spinner", "off", "-r", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        print("advisories: no source of advisories answers here; dependencies were not checked")
        return 0
    told = done.stdout + done.stderr
    if done.returncode == 0:
        print("advisories: none known for what is locked")
        return 0
    if FOUND in told.lower():
        print(told)
        return 1
    print("advisories: no source of advisories can be reached here; dependencies were not checked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
