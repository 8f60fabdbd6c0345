"""What is wrong with a row or a file, in words for whoever sends the file."""

from dataclasses import dataclass

SHOWN = 40


class BadValue(Exception):
    """A cell that cannot be read; the message completes "column …: "."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A reason why the row that begins on ``line`` (the header is on line 1) cannot be imported."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def shown(text: str) -> str:
    """``text`` quoted for a message: short, on one line, nothing invisible.

    >>> shown("4O.50")
    "'4O.50'"
    """
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}… ({len(text):,} characters)"
