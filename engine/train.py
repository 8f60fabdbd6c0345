"""Trains the model of this folder's Rasa project into one named file. Runs in the engine's environment."""

import argparse
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import engine.start  # noqa: F401  # before Rasa, as it says there


def _warn(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
    """One line per warning about our files; what Rasa's libraries think of each other is not our news."""
    if category is UserWarning and f"{os.sep}rasa{os.sep}" in filename:
        print("warning: " + " ".join(str(message).split()), flush=True)


def main() -> int:
    """Trains. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the model's file, NAME.tar.gz")
    arguments = parser.parse_args()

    from rasa.model_training import train
    from rasa.shared.exceptions import RasaException
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(log_level=logging.WARNING, warn_only_once=True)
    configure_structlog(logging.WARNING)
    warnings.showwarning = _warn
    # Trained beside, then renamed: a model that is there is whole.
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.output.parent, prefix=".training-") as folder:
        try:
            result = train(
                domain="domain.yml",
                config="config.yml",
                training_files="data",
                output=folder,
                force_training=True,
                fixed_model_name=arguments.output.name,
            )
        except RasaException as error:  # a mistake in our files, not in Rasa
            print(f"error: {error}", flush=True)
            return 1
        if result.code or not result.model:
            print(f"Rasa ended training with code {result.code}", file=sys.stderr)
            return result.code or 1
        os.replace(result.model, arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
