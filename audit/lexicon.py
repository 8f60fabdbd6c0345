"""The table of words, by language: ``words/en.yml`` and its sisters, made into patterns.

A phrase is found in the text without case, with what is ``allowed`` and what is configured taken out before.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "words"
_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
HEAD = 3
_PART = re.compile(r"(?:\([^()]*\)|[^\s()])+")
_SIMPLE = re.compile(r"[\w'’.-]+\*?")
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


def tokens(text: str) -> frozenset[str]:
    """The words of a text in lower case, each once."""
    return frozenset(_TOKEN.findall(text))


def _anchor(phrase: str) -> set[str] | None:
    """Words of which a text must have one for the phrase to stand in it, ``*`` behind a beginning; None: cannot tell.

    Of the words of the phrase the longest: it is the rarest as a rule, and tells most at a glance.
    """
    best: set[str] | None = None
    for part in _PART.findall(phrase.casefold()):
        star = "*" if part.endswith("*") else ""
        inside = part.removesuffix("*")
        if inside.startswith("(") and inside.endswith(")") and inside.count("(") == 1:
            found = {max(one.split(), key=len) + (star if " " not in one else "") for one in inside[1:-1].split("|")}
        else:
            found = {inside + star}
        if all(_SIMPLE.fullmatch(word) for word in found) and (
                best is None or min(map(len, found)) > min(map(len, best))):
            best = found
    return best


class Group:
    """The words of one group in one language."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        wanted = [str(phrase) for phrase in table.get("forbidden") or table.get("required") or table.get("heard") or ()]
        self._wanted, self._allowed = _any(wanted), _any(table.get("allowed") or ())
        self.forbids = "forbidden" in table
        begun = [_anchor(phrase) for phrase in wanted]
        simple = set().union(*(some for some in begun if some is not None))
        self._at_a_glance = None not in begun
        self._words = frozenset(word for word in simple if not word.endswith("*"))
        self.heads = frozenset(word[:HEAD] for word in simple)
        """The first letters of all these words."""
        self._begin = tuple(word[:-1] for word in simple if word.endswith("*"))

    def possible(self, words: frozenset[str]) -> bool:
        """Whether a text of these words can have any of the group: told at a glance, before it is read."""
        if self._at_a_glance and self.heads.isdisjoint({word[:HEAD] for word in words}):
            return False
        return not self._at_a_glance or not self._words.isdisjoint(words) or (
            bool(self._begin) and any(word.startswith(self._begin) for word in words))

    def first(self, text: str, configured: Callable[[], Iterable[str]] = tuple) -> str | None:
        """The first words of the group in ``text`` (in lower case); None when there are none."""
        if self._wanted is None or not self._wanted.search(text):
            return None
        for words in configured():
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


@lru_cache(maxsize=8)
def anything_forbidden(language: str) -> Group:
    """All that may not be said, as one group: what has none of its words need not be looked at group by group."""
    found: list[str] = []
    for code in dict.fromkeys((language, "en")):
        path = FOLDER / f"{code}.yml"
        if path.exists():
            loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(path.read_text("utf-8"))
            found += [phrase for table in loaded.values() for phrase in table.get("forbidden", ())]
    return Group({"forbidden": found})


@lru_cache(maxsize=128)
def forbids(name: str, language: str) -> bool:
    """Whether a group is one of words that may not be said, rather than of words that must."""
    return any(one.forbids for one in groups(name, language))


def languages() -> list[str]:
    """The languages of the table."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))
