"""Three kinds of error, by who may read them. Anything else is a bug and is only logged."""

import sys
from collections.abc import Callable


class DebtorError(Exception):
    """Something a debtor may be told. ``say`` names the text; ``values`` fill it."""

    def __init__(self, say: str, **values: object) -> None:
        super().__init__(say)
        self.say = say
        self.values = values


class StaffError(Exception):
    """Something staff may read, in words they understand."""


class OperatorError(Exception):
    """Something whoever installs Debtdesk must put right: one clear line, no traceback."""


def start(name: str, main: Callable[[], None]) -> int:
    """Run a process and return its exit code; what an operator must put right is one line, never a traceback."""
    try:
        main()
    except OperatorError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0
