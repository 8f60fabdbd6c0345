"""The lexical net: what it catches and what it must leave alone, as a table anyone can extend."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.safety_net import urgent_intent

TABLE = Path(__file__).with_name("safety_net.tsv")


def _rows() -> list[tuple[str, str]]:
    rows = []
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            expected, _, text = line.partition("\t")
            assert expected in ("self_harm_risk", "stop_contact", "none"), line
            rows.append((expected, text))
    return rows


@pytest.mark.parametrize(("expected", "text"), _rows(), ids=[text for _, text in _rows()])
def test_the_table(expected: str, text: str) -> None:
    assert (urgent_intent(text) or "none") == expected


@pytest.mark.parametrize("text", ["I WANT TO KILL MYSELF!!!", "  i want to  kill\nmyself", "i want to k*ill myself"])
def test_shouting_breaks_and_stars_do_not_hide_it(text: str) -> None:
    assert urgent_intent(text) == "self_harm_risk"


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    assert urgent_intent(text) in (None, "self_harm_risk", "stop_contact")
