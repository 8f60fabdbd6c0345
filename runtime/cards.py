"""Card numbers in what people write, found by their check digit, so that none is ever stored (rule 32; PCI DSS 3.3)."""

import re
import unicodedata
from collections.abc import Iterator

_DIGIT_RUN = re.compile(r"[0-9](?:[ .,/_\n-]{0,3}[0-9]){12,30}")
_CVV = re.compile(r"\b(?:cvv2?|cvc2?|cv2|security code)\b\W{0,3}(?:(?:is|number|no)\W{1,3})?([0-9]{3,4})\b")
_DATE_WITHIN = re.compile(r"(?<!\d)\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d(?!\d)")
"""A whole date: "10042 17/05/1984" is a reference and a birthday, whatever its check digit happens to be."""
_SAME_LENGTH = str.maketrans({
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2003": " ", "\u200b": " ", "\t": " ", "\r": " ",
})
MASK = "[card]"


def luhn(digits: str) -> bool:
    """Whether ``digits`` ends in the right check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers and their security codes stand: 13 to 19 digits with a right check digit, however split.

    ``text`` is in lower case with ASCII digits.
    """
    for run in _DIGIT_RUN.finditer(text):
        places = [at for at in range(run.start(), run.end()) if text[at].isdigit()]
        digits = "".join(text[at] for at in places)
        start = 0
        while start + 13 <= len(digits):
            length = next((size for size in (16, 15, 19, 18, 17, 14, 13)
                           if start + size <= len(digits) and digits[start] != "0"
                           and luhn(digits[start:start + size])), 0)
            if length and not _DATE_WITHIN.search(text, places[start], places[start + length - 1] + 1):
                yield places[start], places[start + length - 1] + 1
                start += length
            else:
                start += 1
    for code in _CVV.finditer(text):
        yield code.start(1), code.end(1)


def mask_cards(text: str) -> str:
    """``text`` with card numbers and security codes masked: what may be stored.

    >>> mask_cards("it's 4242 4242 4242 4242, cvv 123")
    "it's [card], cvv [card]"
    """
    low, out, at = _folded(text), [], 0
    for start, end in sorted(cards(low)):
        if start >= at:
            out += [text[at:start], MASK]
            at = end
    return "".join(out) + text[at:] if out else text


def _folded(text: str) -> str:
    """In lower case with ASCII digits, one kind of dash and blank; every character keeps its place."""
    if text.isascii():
        return text.replace("\t", " ").replace("\r", " ").lower()
    out = []
    for char in text.translate(_SAME_LENGTH):
        digit = unicodedata.digit(char, None) if not char.isascii() else None
        low = char.lower()
        out.append(str(digit) if digit is not None else low if len(low) == 1 else char)
    return "".join(out)
