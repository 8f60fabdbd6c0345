"""Bare answers: figures, days and small words, or which of several."""

from datetime import date

import pytest

from conversations.terms import find_terms
from conversations.terms.bare import is_bare, is_which


def bare(text: str) -> bool:
    return is_bare(text, find_terms(text, locale="en-GB", currency="GBP", today=date(2026, 3, 3)))


@pytest.mark.parametrize("text", [
    "no, 40 not 14", "25 ok, on the 1st", "make it 30", "from the 10th", "50", "£40.50 please", "forty quid a month",
    "how about 20 a week", "every fortnight", "sorry i meant the 5th", "30 on friday then", "starting tomorrow",
])
def test_bare(text: str) -> None:
    assert bare(text)


@pytest.mark.parametrize("text", [
    "yes", "no thanks", "pay 40 now", "i paid 40 on friday", "what do i owe", "stop", "30 people live here",
    "can i pay 40 today", "i lost my job on the 3rd", "i want to die on friday", "i owe 40 not 50, its wrong", "",
])
def test_not_bare(text: str) -> None:
    assert not bare(text)


@pytest.mark.parametrize("text", ["the second one", "both", "Both of them together", "all of it please", "the biggest"])
def test_which(text: str) -> None:
    assert is_which(text)


@pytest.mark.parametrize("text", ["the gas one", "both are wrong", "all of this is a lie", "first tell me why", ""])
def test_not_which(text: str) -> None:
    assert not is_which(text)
