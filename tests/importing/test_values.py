"""What a cell may say."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing import values
from ledger.importing.problems import BadValue, shown
from ledger.importing.values import Numbers


@pytest.mark.parametrize(
    ("pattern", "text", "day"),
    [
        ("YYYY-MM-DD", "2026-02-28", date(2026, 2, 28)),
        ("M/D/YYYY", "1/2/2013", date(2013, 1, 2)),
        ("M/D/YYYY", "12/31/2013", date(2013, 12, 31)),
        ("DD.MM.YYYY", "02.01.2013", date(2013, 1, 2)),
        ("D MMM YYYY", "3 Mar 2020", date(2020, 3, 3)),
        ("YYYYMMDD", "20200303", date(2020, 3, 3)),
    ],
)
def test_dates_are_read_by_their_pattern(pattern: str, text: str, day: date) -> None:
    assert values.date_reader(pattern)(text) == day


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        ("YYYY-MM-DD", "2026-02-30", "not a day of the calendar"),
        ("YYYY-MM-DD", "28/02/2026", "not a date like YYYY-MM-DD"),
        ("M/D/YYYY", "31/1/2013", "other way round"),
        ("D MMM YYYY", "3 Mrz 2020", "no month"),
        ("YYYY-MM-DD", "0000-01-01", "not a day of the calendar"),
        ("YYYY-MM-DD", "２０２６-０１-０１", "not a date"),
        ("YYYY-MM-DD", "2026-01-01 00:00", "not a date"),
    ],
)
def test_dates_that_are_none(pattern: str, text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        values.date_reader(pattern)(text)


@pytest.mark.parametrize("pattern", ["YYYY-MM", "DD/MM/YY", "YYYY-MM-DD-D", "", "%m/%d/%Y"])
def test_a_date_pattern_needs_year_month_and_day(pattern: str) -> None:
    with pytest.raises(ValueError, match="no date format"):
        values.date_reader(pattern)


@given(st.dates(min_value=date(1, 1, 1)))
def test_every_date_comes_back(day: date) -> None:
    assert values.date_reader("YYYY-MM-DD")(day.isoformat()) == day
    assert values.date_reader("M/D/YYYY")(f"{day.month}/{day.day}/{day.year:04}") == day


@pytest.mark.parametrize(
    ("text", "numbers", "amount"),
    [
        ("0", Numbers(), "0"),
        ("120.5", Numbers(), "120.5"),
        ("1234.56", Numbers(".", ","), "1234.56"),
        ("1,234.56", Numbers(".", ","), "1234.56"),
        ("1.234,56", Numbers(",", "."), "1234.56"),
        ("1 234 567,8", Numbers(",", " "), "1234567.8"),
    ],
)
def test_amounts(text: str, numbers: Numbers, amount: str) -> None:
    assert values.amount(text, numbers=numbers) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "-5", "(5.00)", "£5", "5 GBP", "1,234.56", "5.", ".5", "1e3", "NaN", "Infinity", "٣", "9" * 13, "1.2.3"],
)
def test_amounts_that_can_be_read_in_two_ways_or_none_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        values.amount(text, numbers=Numbers())


def test_thousands_must_be_where_they_belong() -> None:
    with pytest.raises(BadValue):
        values.amount("12,34.56", numbers=Numbers(".", ","))


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "+cmd|' /C calc'!A0", "-2+3"])
def test_spreadsheet_formulas_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match="formula"):
        values.text(text, longest=100)


def test_text_is_one_line_of_visible_signs() -> None:
    assert values.text("  a \n b\tc ", longest=100) == "a b c"
    for bad in ("a\x07b", "a\u202eb", "a\u200bb", "a\ue000b"):
        with pytest.raises(BadValue, match="cannot be seen"):
            values.text(bad, longest=100)
    with pytest.raises(BadValue, match=r"longer than 100 characters"):
        values.text("x" * 100_000, longest=100)


@pytest.mark.parametrize("text", ["A", "with space", "-X1", "1.23E+09", "é12", "x" * 41, "../etc", "A;B"])
def test_references_that_nobody_could_quote(text: str) -> None:
    with pytest.raises(BadValue):
        values.ref(text)


def test_references_are_upper_case_and_keep_their_zeros() -> None:
    assert values.ref("ng-00123/a") == "NG-00123/A"
    assert values.ref("0000611365") == "0000611365"


@pytest.mark.parametrize(
    ("text", "country", "stored"),
    [
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("M1 1AE", "GB", "M1 1AE"),
        ("02134", "US", "02134"),
        ("021341234", "US", "02134-1234"),
        ("75008", "FR", "75008"),
    ],
)
def test_postcodes(text: str, country: str, stored: str) -> None:
    assert values.postcode(text, country=country) == stored


@pytest.mark.parametrize(("text", "country"), [("2134", "US"), ("SW1A", "GB"), ("12345", "GB"), ("???", "FR")])
def test_postcodes_of_another_country(text: str, country: str) -> None:
    with pytest.raises(BadValue):
        values.postcode(text, country=country)


@pytest.mark.parametrize(
    ("text", "country", "stored"),
    [
        ("+44 20 7946 0123", "GB", "+442079460123"),
        ("(020) 7946 0123", "GB", "+442079460123"),
        ("0044 7700 900123", "FR", "+447700900123"),
        ("555-010-0199", "US", "+15550100199"),
        ("1 555 010 0199", "US", "+15550100199"),
    ],
)
def test_phones(text: str, country: str, stored: str) -> None:
    assert values.phone(text, country=country) == stored


@pytest.mark.parametrize(("text", "country"), [("020 7946 0123", "FR"), ("12", "GB"), ("call me", "GB"), ("", "GB")])
def test_phones_without_their_country(text: str, country: str) -> None:
    with pytest.raises(BadValue):
        values.phone(text, country=country)


def test_codes() -> None:
    assert values.country("uk") == "GB"
    assert values.currency("gbp") == "GBP"
    assert values.language("en_gb") == "en-GB"
    assert values.language("es") == "es"
    assert values.timezone("America/Chicago") == "America/Chicago"
    assert values.region("texas", country="US") == values.region("US-TX", country="US") == "TX"
    assert values.region("sct", country="GB") == values.region("Scotland", country="GB") == "Scotland"
    assert values.word("Energy") == "energy"
    for read, bad in (
        (values.country, "391"),
        (values.country, "ZZ"),
        (values.currency, "POUNDS"),
        (values.language, "english"),
        (values.timezone, "Mars/Base"),
        (values.timezone, "../../etc/passwd"),
        (values.word, "a;b"),
        (values.email, "a@b"),
        (values.email, "a b@c.example"),
        (values.yes_or_no, "perhaps"),
    ):
        with pytest.raises(BadValue):
            read(bad)


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_a_value_or_a_reason(text: str) -> None:
    readers = [
        lambda t: values.text(t, longest=50), values.ref, lambda t: values.amount(t, numbers=Numbers()),
        values.date_reader("YYYY-MM-DD"), values.yes_or_no, values.country, values.currency, values.language,
        values.timezone, values.email, lambda t: values.phone(t, country="GB"),
        lambda t: values.postcode(t, country="US"), lambda t: values.region(t, country="GB"), values.word,
    ]  # fmt: skip
    for read in readers:
        with contextlib.suppress(BadValue):
            read(text)


@given(st.text(max_size=200))
def test_a_reason_is_one_short_line(text: str) -> None:
    quoted = shown(text)
    assert len(quoted.splitlines()) == 1
    assert len(quoted) < 500
