"""Card numbers: however they are written, none is left; what is none stays as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.cards import cards, luhn, mask_cards

SPLITS = st.sampled_from(["", " ", "-", ".", "  ", " - ", "\u00a0", "–"])


def with_check_digit(digits: str) -> str:
    """``digits`` and the digit that makes a card number of them."""
    return next(digits + check for check in "0123456789" if luhn(digits + check))


NUMBERS = st.from_regex(r"[1-9][0-9]{11,17}", fullmatch=True).map(with_check_digit)


@given(number=NUMBERS, split=SPLITS, group=st.integers(3, 6), before=st.sampled_from(["", "it's ", "CARD: "]),
       after=st.sampled_from(["", " thanks", ".", ", exp 12/29"]))
@settings(max_examples=150, deadline=None)
def test_however_it_is_split_it_is_masked(number: str, split: str, group: int, before: str, after: str) -> None:
    written = split.join(number[at:at + group] for at in range(0, len(number), group))
    masked = mask_cards(f"{before}{written}{after}")
    assert "[card]" in masked
    assert masked.startswith(before)
    assert not any(luhn(digits) for digits in ["".join(char for char in masked if char.isdigit())] if len(digits) >= 13)
    assert mask_cards(masked) == masked


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_what_holds_no_number_stays(text: str) -> None:
    if sum(char.isdigit() for char in text) < 3:
        assert mask_cards(text) == text


@pytest.mark.parametrize("text", [
    "£1,234.56 on 03/03/2026", "ref 123456789012", "10042 17/05/1984", "+44 7700 900123", "0000 0000 0000 0000"])
def test_what_is_no_card_stays(text: str) -> None:
    assert mask_cards(text) == text


@pytest.mark.parametrize(("text", "masked"), [
    ("cvv 123", "cvv [card]"), ("CVV is 1234", "CVV is [card]"), ("４２４２４２４２４２４２４２４２", "[card]"),
    ("4242424242424242 378282246310005", "[card] [card]")])
def test_codes_other_digits_and_two_at_once(text: str, masked: str) -> None:
    assert mask_cards(text) == masked


def test_places_are_those_of_the_text() -> None:
    assert list(cards("a 4242424242424242 b")) == [(2, 18)]
