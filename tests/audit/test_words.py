"""The table of words: how phrases are read, and that no text of ours has a word that no text may have."""

import re
from pathlib import Path

import pytest
import yaml

from audit.lexicon import FOLDER, Group, groups, languages, pattern, tokens
from conversations.texts import FOLDER as TEXTS

FORBIDDEN = ("ruse", "consequences", "pressure", "finality", "flat_no", "overshadow", "advice", "tone", "card_code")
"""Groups of which nothing may stand in any text that the bot says to anybody."""
NAMED = frozenset({"breathing_space", "breathing_space_unverified", "breathing_space_running"})


def _group(**table: list[str]) -> Group:
    return Group(table)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("bailiff*", "the bailiffs come"),
        ("(sue|sued)", "we sue you"),
        ("wage* ... deduct*", "wages may be deducted"),
        ("can't accept", "we can’t accept that"),
        ("final offer", "our final  offer"),
    ],
)
def test_phrases_are_found(phrase: str, text: str) -> None:
    assert re.search(pattern(phrase), text)
    assert _group(forbidden=[phrase]).possible(tokens(text))
    assert _group(forbidden=[phrase]).first(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("sue", "the issue is"),
        ("wage* ... deduct*", "wages that nobody here would ever want to see deducted"),
        ("court", "of courtesy"),
        ("final offer", "finally an offer"),
    ],
)
def test_what_only_looks_alike_is_not(phrase: str, text: str) -> None:
    assert _group(forbidden=[phrase]).first(text) is None


def test_what_is_allowed_or_configured_is_taken_out() -> None:
    group = _group(forbidden=["court*"], allowed=["will not take you to court"])
    assert group.first("we will not take you to court") is None
    assert group.first("we will not take you to court, the court does") == "court"
    assert group.first("see: county court ltd", lambda: ["county court ltd"]) is None


@pytest.mark.parametrize("language", languages())
def test_every_group_tells_at_a_glance_what_it_finds(language: str) -> None:
    table = yaml.safe_load((FOLDER / f"{language}.yml").read_text("utf-8"))
    english = yaml.safe_load((FOLDER / "en.yml").read_text("utf-8"))
    assert set(table) <= set(english)
    for name, group in table.items():
        assert set(group) <= {"forbidden", "required", "heard", "allowed"}, name
        for phrase in group.get("forbidden", ()):
            plain = re.sub(r"\(([^()|]*)\|[^()]*\)", r"\1", str(phrase)).replace("*", "").replace(" ... ", " then ")
            found = [one for one in groups(name, language) if one.possible(tokens(plain)) and one.first(plain)]
            allowed = [one for one in groups(name, language) if one.first(f"x {plain} x")]
            assert found or not allowed, f"{name}: {phrase} does not find {plain!r}"


def _texts() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(Path(TEXTS).glob("*.yml")):
        source = yaml.safe_load(path.read_text("utf-8"))
        for part in ("texts", "titles", "phrases"):
            for name, variants in source[part].items():
                for words in [variants] if isinstance(variants, str) else variants:
                    plain = re.sub(r"{%.*?%}|{{.*?}}", " ~ ", str(words), flags=re.DOTALL)
                    found.append((path.stem, name, " ".join(plain.casefold().split())))
    return found


def test_no_text_of_ours_has_a_forbidden_word() -> None:
    wrong = [
        f"{language}/{name}: {group}: {hit}"
        for language, name, words in _texts()
        for group in FORBIDDEN
        for one in groups(group, language)
        if (hit := one.first(words))
    ]
    assert wrong == []


def test_only_the_statutory_scheme_is_called_breathing_space() -> None:
    named = {
        name for language, name, words in _texts() for one in groups("breathing_space", language) if one.first(words)
    }
    assert named <= NAMED
