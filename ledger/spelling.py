"""Guessing what a misspelt name was meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """" (did you mean …?)", or nothing when nothing known is like ``name``."""
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), list(known), n=1, cutoff=0.7)
    return f" (did you mean {close[0]}?)" if close and close[0] != name else ""
