"""Guessing what a misspelt name was meant to be."""

import difflib
from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` was meant to be; None when nothing is like it, or it is there itself."""
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), list(known), n=1, cutoff=0.7)
    return close[0] if close and close[0] != name else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """" (did you mean …?)", or nothing when nothing known is like ``name``."""
    meant = closest(name, known)
    return f" (did you mean {meant}?)" if meant else ""
