"""Telling everyday words from what may be a name, so that a question can travel on while an answer stays here."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")
SHORT = 3
"""Up to this many words an answer is more likely a name than a sentence."""


_INTRODUCES = frozenset({"its", "it's", "i'm", "im", "am", "this", "is", "name", "surname", "soy", "he", "she", "my"})
"""Before an unknown word these announce a name."""


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    lines = (line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    plain, _, names = "\n".join(lines).partition("|")
    return frozenset(plain.split()), frozenset(names.split())


@cache
def _slips() -> dict[str, str]:
    """Every plain word of four letters or more with one letter dropped or two neighbours swapped, to find slips."""
    found: dict[str, str] = {}
    for word in sorted(_words()[0]):
        if len(word) < 4:
            continue
        for at in range(len(word)):
            found.setdefault(word[:at] + word[at + 1:], word)
        for at in range(len(word) - 1):
            found.setdefault(word[:at] + word[at + 1] + word[at] + word[at + 2:], word)
    return found


def is_plain(word: str) -> bool:
    """Whether ``word`` (lower case) is an everyday word."""
    plain = _words()[0]
    return word in plain or word.replace("'", "") in plain or word.removesuffix("'s") in plain or (
        "-" in word and all(part in plain for part in word.split("-")))


def is_name_too(word: str) -> bool:
    """Whether an everyday word is also a name: "hope", "price", "may"."""
    return word in _words()[1]


def meant(word: str) -> str | None:
    """The everyday word of which ``word`` is a slip of the keys ("cnat", "becuase", "moneey"); None when there is none.

    Only everyday words ever come out, so that what goes on is never a name.
    """
    if is_plain(word):
        return word
    if len(word) < 3:
        return None
    slips = _slips()
    if word in slips and len(slips[word]) >= 4:
        return slips[word]
    shorter = (word[:at] + word[at + 1:] for at in range(len(word)))
    return next((found for found in shorter if len(found) >= 4 and is_plain(found)), None)


def as_sentence(words: list[str]) -> str | None:
    """``words`` as a sentence of everyday words, slips mended and the rest left out; None when it is more like a name.

    Short answers must be everyday words throughout, and not look like a name; longer ones for seven parts in ten,
    long ones for six.
    """
    if not words:
        return None
    if len(words) <= SHORT:
        if sum(map(is_name_too, words)) > (1 if len(words) > 1 and words[0] not in _INTRODUCES else 0):
            return None  # "Grace Price", "it's Price"; but "no way", "book a call"
        slip = len(words) == SHORT and words[0] not in _INTRODUCES and sum(map(is_plain, words)) == SHORT - 1
        short = [fixed for word in words if (fixed := meant(word) if slip else word if is_plain(word) else None)]
        return " ".join(short) if len(short) == len(words) else None
    known = [word for word in words if is_plain(word)]
    mended = [fixed for word in words if (fixed := meant(word))]
    if len(known) < SHORT or len(mended) * 10 < len(words) * (7 if len(words) < 2 * SHORT else 6):
        return None
    return " ".join(mended)
