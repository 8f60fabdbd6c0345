"""Every text and title that an action names exists, so that no answer fails for want of words."""

import re
from pathlib import Path

import pytest

from conversations.texts import texts

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "actions").glob("*.py"))
ENGLISH = texts("en", "en-GB")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_what_an_action_names_is_there(path: Path) -> None:
    source = path.read_text("utf-8")
    said = set(re.findall(r'\bSay\(\s*"(\w+)"', source))
    titled = set(re.findall(r'\bChoice\(\s*"(\w+)"', source)) | set(re.findall(r'"title": "(\w+)"', source))
    assert said <= ENGLISH.names
    assert titled <= ENGLISH.titles


def test_yes_and_no_are_words_and_not_truth_values() -> None:
    assert ENGLISH.title("yes", {}) == "Yes"
    assert ENGLISH.title("no", {}) == "No"
