"""Factors and masks: a table anyone can extend, and what must hold for any text at all."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.factors import find_factors, mask_cards
from compliance.plain_words import FILE, is_plain
from conversations.terms.identifiers import luhn

TODAY = date(2026, 11, 22)
TABLE = Path(__file__).with_name("factors.tsv")


def _rows() -> list[tuple[str, ...]]:
    lines = (line for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    rows = [tuple(line.split("\t")) for line in lines]
    assert all(len(row) == 4 for row in rows)
    return rows


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row[0]}: {row[1]}")
def test_the_table(row: tuple[str, ...]) -> None:
    state, text, masked, factors = row
    found = find_factors(text, locale="en-GB", identity_open=state == "open", today=TODAY)
    assert found.masked == masked
    expected = dict(part.split("=") for part in factors.split("; ")) if factors != "-" else {}
    told = {kind: values[0] if kind == "dates_of_birth" else ",".join(values)
            for kind, values in found.factors.items() if values}
    assert told == expected


def test_the_locale_decides_which_reading_comes_first() -> None:
    british = find_factors("12/3/81", locale="en-GB", identity_open=True, today=TODAY).factors["dates_of_birth"]
    american = find_factors("12/3/81", locale="en-US", identity_open=True, today=TODAY).factors["dates_of_birth"]
    assert british == ["1981-03-12", "1981-12-03"]
    assert american == ["1981-12-03", "1981-03-12"]


def test_only_the_last_date_counts_so_that_a_list_is_no_search() -> None:
    dates = " ".join(f"{day:02d}/03/1981" for day in range(1, 29))
    found = find_factors(f"DD-1042 {dates}", locale="en-GB", identity_open=True, today=TODAY)
    assert found.factors["dates_of_birth"] == ["1981-03-28"]


def test_the_rest_is_kept_for_after_the_check() -> None:
    found = find_factors("DD-1042 but i can't pay", locale="en-GB", identity_open=True, today=TODAY)
    assert (found.masked, found.rest) == ("[reference]", "but i can't pay")


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it_and_masked_text_is_stable(text: str, identity_open: bool) -> None:
    found = find_factors(text, locale="en-GB", identity_open=identity_open, today=TODAY)
    assert find_factors(found.masked, locale="en-GB", identity_open=False, today=TODAY).masked is not None


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs", "P"]), max_size=80))
@settings(max_examples=150, deadline=None)
def test_while_asked_only_everyday_words_and_masks_travel(text: str) -> None:
    masked = find_factors(text, locale="en-GB", identity_open=True, today=TODAY).masked
    for word in re.sub(r"\[[a-z_]+\]", " ", masked).split():
        assert is_plain(word)


@given(st.integers(10**14, 10**15 - 1), st.sampled_from(["", " ", "-", "."]))
@settings(max_examples=100, deadline=None)
def test_card_numbers_never_survive(stem: int, gap: str) -> None:
    number = next(f"{stem}{digit}" for digit in range(10) if luhn(f"{stem}{digit}"))
    written = gap.join(number[at:at + 4] for at in range(0, 16, 4))
    for text in (written, f"my card is {written} ok", f"card:{written},exp 12/28"):
        assert number not in re.sub(r"\D", "", mask_cards(text))
        for identity_open in (True, False):
            masked = find_factors(text, locale="en-GB", identity_open=identity_open, today=TODAY).masked
            assert number[6:] not in re.sub(r"\D", "", masked)


def test_mask_cards_leaves_other_text_as_it_is() -> None:
    text = "£40 on 1/12/26, ref DD-1042, call 07700 900123"
    assert mask_cards(text) == text


def test_a_long_text_takes_no_time() -> None:
    assert find_factors("Jane Roe " * 12_000, locale="en-GB", identity_open=True, today=TODAY).masked == "[answer]"


def test_the_word_list_holds_no_names_of_the_demo() -> None:
    words = set(FILE.read_text("utf-8").split("|")[0].split())
    assert not words & {"jane", "roe", "maya", "smith", "jones", "maria", "garcia", "john", "michael", "okafor"}
