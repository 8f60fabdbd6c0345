"""The table of words, by language: ``words/en.yml`` and its sisters, made into patterns.

A phrase is found in the text without case, with what is ``allowed`` and what is configured taken out before.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "words"
_GAP = r"\s+(?:\S+\s+){0,4}?"


def pattern(phrase: str) -> str:
    """A phrase of the table as a regular expression."""
    parts = []
    for part in phrase.split(" ... "):
        words = re.sub(r"[.?+^$]", lambda found: "\\" + found[0], part.casefold())
        parts.append(re.sub(r"\s+", r"\\s+", words.replace("*", r"\w*").replace("'", "['’]")))
    return _GAP.join(parts)


def _any(phrases: Iterable[str]) -> re.Pattern[str] | None:
    made = [pattern(str(phrase)) for phrase in phrases]
    return re.compile(r"(?<!\w)(?:" + "|".join(made) + r")(?!\w)") if made else None


class Group:
    """The words of one group in one language."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        wanted = table.get("forbidden") or table.get("required") or table.get("heard") or []
        self._wanted, self._allowed = _any(wanted), _any(table.get("allowed") or ())

    def first(self, text: str, configured: Iterable[str] = ()) -> str | None:
        """The first words of the group in ``text`` (in lower case); None when there are none."""
        if self._wanted is None or not self._wanted.search(text):
            return None
        for words in configured:
            if words:
                text = text.replace(words, " ~ ")
        if self._allowed is not None:
            text = self._allowed.sub(" ~ ", text)
        found = self._wanted.search(text)
        return found[0] if found else None


@cache
def _table(language: str) -> dict[str, Group]:
    path = FOLDER / f"{language}.yml"
    if not path.exists():
        return {}
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(path.read_text("utf-8"))
    return {name: Group(table) for name, table in loaded.items()}


@lru_cache(maxsize=64)
def groups(name: str, language: str) -> tuple[Group, ...]:
    """The group in a language and in English, for texts of both are said."""
    return tuple(table[name] for code in dict.fromkeys((language, "en")) if name in (table := _table(code)))


def languages() -> list[str]:
    """The languages of the table."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))
