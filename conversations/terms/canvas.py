"""The text being read, with what was already understood painted over, so that nothing is read twice."""

import re
import unicodedata
from collections.abc import Iterator

FREQUENCY = "\x01"
AMOUNT = "\x02"
DATE = "\x03"
IDENTIFIER = "\x04"
QUIET = "\x05"
PAINT = f"{FREQUENCY}{AMOUNT}{DATE}{IDENTIFIER}{QUIET}"

_SAME_LENGTH = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2003": " ", "\u200b": " ", "\t": " ", "\r": " ",
})


def plain(text: str) -> str:
    """``text`` in lower case, one kind of quote, dash and blank, ASCII digits; every character keeps its place."""
    out = []
    for char in text.translate(_SAME_LENGTH):
        digit = unicodedata.digit(char, None) if not char.isascii() else None
        low = char.lower()
        out.append(str(digit) if digit is not None else low if len(low) == 1 else char)
    return "".join(" " if char in PAINT else char for char in out)


class Canvas:
    """A text of fixed length. ``take`` finds the matches of a pattern and leaves painting to the caller."""

    def __init__(self, text: str) -> None:
        self.text = plain(text)

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches from left to right, over what is unpainted at the time of asking."""
        at = 0
        while match := pattern.search(self.text, at):
            yield match
            at = max(match.end(), at + 1)

    def paint(self, start: int, end: int, colour: str) -> None:
        """Paint over ``start`` to ``end``."""
        self.text = self.text[:start] + colour * (end - start) + self.text[end:]

    def before(self, at: int) -> str:
        """What stands right before ``at`` on the same line of thought, blanks dropped at its end."""
        return self.text[max(0, at - 40):at].rstrip()

    def after(self, at: int) -> str:
        """What stands right after ``at``, blanks dropped at its start."""
        return self.text[at:at + 40].lstrip()
