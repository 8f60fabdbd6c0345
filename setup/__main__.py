"""The command line of set-up: ``python3 -m setup [--dev] [environments|lock|browser]``."""

from __future__ import annotations

import argparse
import sys

from setup.browser import browser
from setup.environments import Environments
from setup.steps import SetupError, only_one, say


def main() -> int:
    """Does what the arguments say. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 -m setup",
        description="Brings both environments to what their locks say. Does nothing when they are. "
        "'lock' resolves the locks anew; 'browser' finds or brings one for the tests.",
        epilog="Example: python3 -m setup --dev",
    )
    parser.add_argument("what", nargs="?", default="environments", choices=("environments", "lock", "browser"))
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    arguments = parser.parse_args()
    environments = Environments()
    try:
        with only_one(environments.tools / "setup.lock"):
            if arguments.what == "lock":
                environments.relock()
            elif arguments.what == "browser":
                say(f"setup: browser for the tests: {browser()}")
            else:
                environments.ensure_application(dev=arguments.dev)
                environments.ensure_engine()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
