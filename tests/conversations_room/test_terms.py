"""The terms grammar: a table anyone can extend, and what must hold for any text at all."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.terms import Rhythm, Terms, find_terms
from ledger.money import Money

TODAY = date(2026, 11, 18)
TABLE = Path(__file__).with_name("terms.tsv")
CURRENCY = {"en-GB": "GBP", "en-US": "USD", "es-US": "USD"}


def _rows() -> list[tuple[str, ...]]:
    rows = []
    for number, line in enumerate(TABLE.read_text("utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            cells = tuple(line.split("\t"))
            assert len(cells) == 6, f"terms.tsv line {number}: six columns separated by tabs are needed"
            rows.append(cells)
    return rows


def _amounts(cell: str) -> tuple[Money, ...]:
    if cell == "-":
        return ()
    pairs = (part.split() for part in cell.split(","))
    return tuple(Money.from_decimal(Decimal(figure), currency) for figure, currency in pairs)


def _frequency(cell: str) -> Rhythm | None:
    if cell == "-":
        return None
    _, every, unit = cell.split()
    assert unit in ("week", "month")
    return Rhythm(int(every), unit)


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[1])
def test_the_table(row: tuple[str, ...]) -> None:
    locale, text, amounts, dates, frequency, sure = row
    found = find_terms(text, locale=locale, currency=CURRENCY[locale], today=TODAY)
    expected = Terms(
        _amounts(amounts),
        () if dates == "-" else tuple(date.fromisoformat(day) for day in dates.split()),
        _frequency(frequency),
        sure == "unsure",
    )
    assert (found.amounts, found.dates, found.frequency, found.unsure) == (
        expected.amounts, expected.dates, expected.frequency, expected.unsure)


def test_the_contract_of_debtdesk_terms() -> None:
    found = find_terms("£40 a fortnight from 3 december", locale="en-GB", currency="GBP", today=TODAY)
    assert found.json() == {
        "amounts": [{"minor": 4000, "currency": "GBP"}], "dates": ["2026-12-03"],
        "frequency": {"every": 2, "unit": "week"}, "unsure": False,
    }
    assert Terms.from_json(found.json()).json() == found.json()
    assert found.instalment == Money(4000, "GBP")


def test_the_instalment_is_the_amount_beside_the_rhythm() -> None:
    found = find_terms("i owe 500 but could do 40 a month", locale="en-GB", currency="GBP", today=TODAY)
    assert found.instalment == Money(4000, "GBP")


@pytest.mark.parametrize(("today", "expected"), [
    (date(2026, 1, 31), date(2026, 1, 31)),
    (date(2026, 2, 1), date(2026, 3, 31)),
    (date(2026, 4, 1), date(2026, 5, 31)),
])
def test_the_31st_waits_for_a_month_that_has_one(today: date, expected: date) -> None:
    assert find_terms("the 31st", locale="en-GB", currency="GBP", today=today).dates == (expected,)


def test_29_february_waits_for_its_year() -> None:
    assert find_terms("29 feb", locale="en-GB", currency="GBP", today=TODAY).dates == (date(2028, 2, 29),)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    found = find_terms(text, locale="en-GB", currency="GBP", today=TODAY)
    assert all(amount.minor > 0 for amount in found.amounts)


@given(st.integers(1, 99999), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_signed_amount_is_read_to_the_penny(pounds: int, pence: int) -> None:
    for text in (f"£{pounds}.{pence:02d} a month", f"can i do £{pounds:,}.{pence:02d} on the 1st?"):
        found = find_terms(text, locale="en-GB", currency="GBP", today=TODAY)
        assert found.amounts == (Money(pounds * 100 + pence, "GBP"),)


@given(st.dates(date(2026, 11, 18), date(2030, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_a_written_date_is_read_in_every_form(day: date) -> None:
    for text, locale in (
        (f"{day:%d/%m/%Y}", "en-GB"), (f"{day:%m/%d/%Y}", "en-US"), (f"{day:%d %B %Y}", "en-GB"),
        (f"{day:%B %d, %Y}", "en-US"), (day.isoformat(), "en-GB"), (f"on {day:%d.%m.%Y} i will", "en-GB"),
    ):
        assert find_terms(text, locale=locale, currency="GBP", today=TODAY).dates == (day,), text


@given(st.from_regex(r"\A(DD|NG|PC|TEX)-[0-9]{3,6}\Z") | st.from_regex(r"\A[0-9]{4}-[A-Z]{5}\Z")
       | st.from_regex(r"\A07700 900[0-9]{3}\Z") | st.from_regex(r"\A\(202\) 555-01[0-9]{2}\Z")
       | st.from_regex(r"\A[A-Z]{1,2}[1-9] [0-9][A-Z]{2}\Z").filter(lambda code: not set(code[-2:]) & set("CIKMOV"))
       | st.dates(date(1930, 1, 1), date(2010, 12, 31)).map(lambda day: f"{day:%d/%m/%Y}"))
@settings(max_examples=150, deadline=None)
def test_identifiers_are_never_terms(identifier: str) -> None:
    for text in (identifier, f"it's {identifier} thanks", f"{identifier} jane roe"):
        found = find_terms(text, locale="en-GB", currency="GBP", today=TODAY)
        assert not found.amounts
        assert not found.dates


def test_a_hundred_kilobytes_take_no_time() -> None:
    assert find_terms("40 " * 35_000, locale="en-GB", currency="GBP", today=TODAY).amounts == (Money(4000, "GBP"),)
