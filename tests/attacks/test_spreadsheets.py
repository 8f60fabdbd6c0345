"""No cell of an export is a formula, however it was typed."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from exchange.cells import Sheet

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


@given(st.text(" \xa0\ufeff", max_size=3), st.sampled_from(STARTS), st.text(max_size=20))
def test_what_looks_like_a_formula_is_text(before: str, start: str, rest: str) -> None:
    file = io.StringIO()
    Sheet(file, ["what", "beside"]).row(f"{before}{start}{rest}", "x")
    _, (cell, beside) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert cell.startswith("'")
    assert beside == "x", "no cell breaks out of its place"
