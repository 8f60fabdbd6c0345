"""The same debts as CSV, XLSX and JSON lines; and what only one of the formats can do wrong."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ledger.importing.mapping import load_mapping
from ledger.importing.values import date_reader, written
from runtime.errors import OperatorError
from tests.importing.reading import Reading

Write = Callable[..., Path]
Read = Callable[..., Reading]
HEADER = ["creditor_ref", "debtor_ref", "first_name", "date_of_birth", "country", "debt_ref", "currency", "principal",
          "interest", "opened_on", "disputed"]
ROWS: list[list[Any]] = [
    ["NG", "DD-1", "Ada", date(1981, 5, 17), "GB", "NG-1", "GBP", 120.5, None, datetime(2025, 11, 3), True],
    ["NG", 1002, "Bo", None, "GB", 77, "GBP", 1.1, 3, date(2025, 12, 3), False],
]
MAPPING = """
dates: DD.MM.YYYY
numbers: {decimal: ","}
fields:
  creditor_ref: {constant: TB}
  debtor_ref: Customer
  debt_ref: No
  country: {constant: GB}
  currency: {constant: GBP}
  principal: Amount
  opened_on: Date
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Writes a workbook with one sheet, which ``change`` may change."""

    def write(rows: list[list[Any]], change: Callable[[Any], None] | None = None) -> Path:
        book = openpyxl.Workbook()
        page = book.active
        page.title = "Debts"
        for row in rows:
            page.append(row)
        if change:
            change(book)
        path = tmp_path / "debts.xlsx"
        book.save(path)
        return path

    return write


def as_json(rows: list[list[Any]], header: list[str] = HEADER) -> str:
    plain = [[str(c)[:10] if isinstance(c, date) else c for c in row] for row in rows]
    return "\n".join(json.dumps({k: v for k, v in zip(header, row, strict=True) if v is not None}) for row in plain)


def said(reading: Reading) -> list[tuple[Any, ...]]:
    return [
        (r.debtor.ref, r.debtor.date_of_birth, r.debt_ref, r.minor, r.opened_on, r.disputed) for r in reading.records
    ]


def test_the_same_from_every_format(sheet: Callable[..., Path], csv_file: Write, read: Read) -> None:
    wanted = [
        ("DD-1", date(1981, 5, 17), "NG-1", (12050, 0, 0, 0), date(2025, 11, 3), True),
        ("1002", None, "77", (110, 300, 0, 0), date(2025, 12, 3), False),
    ]
    for path in (sheet([HEADER, *ROWS]), csv_file(as_json(ROWS), name="debts.jsonl")):
        reading = read(path)
        assert (reading.problems, said(reading)) == ([], wanted)
    assert [record.line for record in read(sheet([[], HEADER, [], *ROWS])).records] == [4, 5]


def test_a_mapping_reads_real_dates_and_figures(
    sheet: Callable[..., Path], csv_file: Write, read: Read, tmp_path: Path
) -> None:
    (tmp_path / "m.yml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "m.yml")
    header = ["Customer", "No", "Amount", "Date", "Colour"]

    def padded(book: Any) -> None:
        book.active["B2"].number_format = "00000"

    typed = [["C-1", 42, 7.25, date(2026, 2, 3), "red"], ["C-2", "N-2", "8,50", "03.02.2026", None]]
    first = sheet([header, *typed], padded)
    second = csv_file(
        '{"Customer": "C-1", "No": "00042", "Amount": 7.25, "Date": "03.02.2026", "Colour": 1}',
        '{"Customer": "C-2", "No": "N-2", "Amount": "8,50", "Date": "03.02.2026"}', name="debts.ndjson",
    )  # fmt: skip
    for path in (first, second):
        reading = read(path, mapping)
        assert (reading.problems, reading.unused_columns) == ([], ["Colour"])
        assert [(r.debt_ref, r.minor[0], r.opened_on) for r in reading.records] == [
            ("00042", 725, date(2026, 2, 3)), ("N-2", 850, date(2026, 2, 3)),
        ]  # fmt: skip


def test_formulas_and_their_errors_are_refused_where_they_matter(sheet: Callable[..., Path], read: Read) -> None:
    def formulas(book: Any) -> None:
        book.active["H2"], book.active["I3"], book.active["L2"] = "=H3*2", "#REF!", None

    reading = read(sheet([HEADER, *ROWS], formulas))
    assert [str(problem) for problem in reading.problems] == [
        "line 2: principal: '=H3*2' starts like a spreadsheet formula; save the sheet's values, not its formulas",
        "line 3: interest: #REF! is an error that a spreadsheet's formula gave",
    ]


def test_sheets_are_chosen_and_hidden_ones_named(sheet: Callable[..., Path], read: Read) -> None:
    def hidden(book: Any) -> None:
        book.create_sheet("Notes").sheet_state = "hidden"

    reading = read(sheet([HEADER, *ROWS], hidden))
    assert (len(reading.records), reading.notes) == (2, ["hidden sheets were not read: 'Notes'"])
    path = sheet([HEADER, *ROWS], lambda book: book.create_sheet("More"))
    with pytest.raises(OperatorError, match="several sheets: 'Debts', 'More'"):
        read(path)
    assert len(read(path, sheet="Debts").records) == 2
    with pytest.raises(OperatorError, match="no sheet 'Depts'"):
        read(path, sheet="Depts")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda book: book.active.merge_cells("A2:A3"), "merged cells (A2:A3)"),
        (lambda book: book.active.delete_rows(1, 9), "is empty"),
        (lambda book: book.active.__setitem__("B1", "creditor_ref"), "names a column twice"),
    ],
)
def test_sheets_that_cannot_be_read(
    sheet: Callable[..., Path], read: Read, change: Callable[[Any], None], says: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        read(sheet([HEADER, *ROWS], change))
    assert says in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04rest", b"no workbook"])
def test_what_is_no_workbook(csv_file: Write, read: Read, raw: bytes) -> None:
    with pytest.raises(OperatorError, match="no XLSX file"):
        read(csv_file(raw=raw, name="debts.xlsx"))


def test_a_sheet_is_only_for_a_workbook(csv_file: Write, read: Read) -> None:
    with pytest.raises(OperatorError, match="has no sheets"):
        read(csv_file("a"), sheet="Debts")


def test_each_bad_line_of_json_says_why(csv_file: Write, read: Read) -> None:
    good = json.loads(as_json(ROWS[:1]))
    lines = [
        json.dumps({**good, "principle": 1}), "[1]", "{", json.dumps(good)[:-1] + ', "debt_ref": "X"}',
        json.dumps({**good, "principal": {"a": 1}}), json.dumps(good).replace("120.5", "NaN"), "",
        json.dumps(good).replace("120.5", "120.505"), json.dumps(good).replace("120.5", "1e3"),
        json.dumps(good).replace("120.5", "0.10000000000000000001").replace("NG-1", "NG-9"), "[" * 100_000,
    ]  # fmt: skip
    reading = read(csv_file(*lines, name="debts.jsonl"))
    assert [str(problem)[:76] for problem in reading.problems] == [
        "line 1: 'principle' is no field of the native layout (did you mean principal?)"[:76],
        "line 2: is no object in curly brackets",
        "line 3: is no JSON object: Expecting property name enclosed in double quotes"[:76],
        "line 4: names 'debt_ref' twice",
        "line 5: principal: is a list or an object where one value belongs",
        "line 6: holds NaN, which is no figure",
        "line 8: principal: 120.505 has more than 2 decimals, too many for GBP",
        "line 10: principal: '0.10000000000000000001' is not an amount like 1234.56",
        "line 11: is nested too deeply",
    ]
    assert [record.minor[0] for record in reading.records] == [100_000]
    with pytest.raises(OperatorError, match="is empty"):
        read(csv_file(raw=b"", name="debts.jsonl"))


@pytest.mark.parametrize("pattern", ["YYYY-MM-DD", "D/M/YYYY", "DD MMM YYYY", "M.D.YYYY"])
def test_a_written_date_is_read_again(pattern: str) -> None:
    for day in (date(2026, 2, 3), date(1999, 12, 31)):
        assert date_reader(pattern)(written(day, pattern)) == day


def test_a_rate_of_interest_from_every_format(sheet: Callable[..., Path], csv_file: Write, read: Read) -> None:
    header, rows = [*HEADER, "interest_rate"], [[*ROWS[0], 7.5], [*ROWS[1], None]]
    plain = ["" if c is None else str(c)[:10] if isinstance(c, date) else c for c in rows[0]]
    plain[HEADER.index("disputed")] = "yes"
    mapped = MAPPING + "  interest_rate: Zins\n"
    for reading in (
        read(csv_file(",".join(header), ",".join(map(str, plain)))), read(sheet([header, *rows])),
        read(csv_file(as_json(rows, header), name="debts.jsonl")),
        read(csv_file("No,Customer,Amount,Date,Zins", 'N-1,C-2,"10,00",03.11.2025,"7,50 %"'),
             load_mapping(csv_file(mapped, name="m.yml"))),
    ):
        assert not reading.problems
        assert reading.records[0].interest_rate == Decimal("7.5")
