"""Files as people send them: every fault is one clear line, never a traceback."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.errors import OperatorError
from tests.importing.reading import Reading

HEADER = (
    "creditor_ref,debtor_ref,first_name,last_name,date_of_birth,country,postcode,debt_ref,currency,principal,opened_on"
)
GOOD = "NG,DD-1001,Ada,Quill,1981-05-17,GB,SW1A 1AA,NG-77,GBP,120.50,2025-11-03"

Write = Callable[..., Path]
Read = Callable[..., Reading]


def as_row(cells: list[str]) -> bytes:
    return ",".join(cells).encode("utf-8", "surrogatepass")


def reasons(reading: Reading) -> list[str]:
    return [str(problem) for problem in reading.problems]


def test_a_good_file(csv_file: Write, read: Read) -> None:
    reading = read(csv_file(HEADER, GOOD))
    assert reasons(reading) == []
    (record,) = reading.records
    assert (record.line, record.debt_ref, str(record.total)) == (2, "NG-77", "120.50 GBP")
    assert record.debtor.timezone == "Europe/London"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_utf8_with_and_without_mark_and_any_line_ending(csv_file: Write, read: Read, start: bytes, end: str) -> None:
    body = end.join([HEADER, GOOD.replace("Ada", "Zoë"), ""]).encode()
    reading = read(csv_file(raw=start + body))
    assert reasons(reading) == []
    assert reading.records[0].debtor.first_name == "Zoë"


def test_windows_1252_is_named_and_can_be_asked_for(csv_file: Write, read: Read) -> None:
    path = csv_file(raw="\n".join([HEADER, GOOD.replace("Ada", "Zoë")]).encode("cp1252"))
    with pytest.raises(OperatorError, match=r"line 2: byte 0xeb is not UTF-8\. It looks like Windows-1252.*--encoding"):
        read(path)
    assert read(path, encoding="cp1252").records[0].debtor.first_name == "Zoë"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        ((HEADER + "\n").encode("utf-16"), "UTF-16"),
        (b"a\x00b,c\n1,2\n", "null bytes"),
        (b"\x81\x8d\xff\xfe\x00", "not UTF-8"),
        (HEADER.replace(",", ";").encode(), "separated by a semicolon"),
        (HEADER.replace(",", "\t").encode(), "separated by a tab"),
        (HEADER.replace("postcode", "country").encode(), "names a column twice: 'country'"),
        (HEADER.replace("principal", "prinzipal").encode(), "did you mean principal"),
        (HEADER.replace("principal,", "").encode(), "has no column 'principal'"),
        (b"hello\nworld\n", "not a column of the native layout"),
    ],
)
def test_files_that_cannot_be_read(csv_file: Write, read: Read, raw: bytes, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        read(csv_file(raw=raw))


def test_no_file_and_a_folder(tmp_path: Path, read: Read) -> None:
    with pytest.raises(OperatorError, match="no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(OperatorError, match="folder"):
        read(tmp_path)


def test_a_header_alone_is_a_file_of_no_debts(csv_file: Write, read: Read) -> None:
    reading = read(csv_file(HEADER))
    assert (reading.rows, reading.records, reading.problems) == (0, [], [])


def test_every_bad_row_is_reported_with_every_reason(csv_file: Write, read: Read) -> None:
    reading = read(
        csv_file(
            HEADER,
            GOOD,
            "NG,DD-1002,Bo,Reed,17/05/1981,GB,SW1A,NG-78,GBP,-3,2025-11-03",
            "",
            "NG,DD-1003,Cy,Marsh,1981-05-17,GB,SW1A 1AA,NG-79,GBP,5",
            "NG,DD-1004,Di,\0Fenn,1981-05-17,GB,SW1A 1AA,NG-80,GBP,5,2025-11-03",
            ",DD-1005,Ed,Tarn,1981-05-17,GB,SW1A 1AA,NG-81,GBP,5,2030-01-01",
        )
    )
    assert [record.debt_ref for record in reading.records] == ["NG-77"]
    assert reasons(reading) == [
        "line 3: date_of_birth: '17/05/1981' is not a date like YYYY-MM-DD",
        "line 3: postcode: 'SW1A' is no British postcode such as SW1A 1AA",
        "line 3: principal: '-3' is below zero; a debt has no negative part",
        "line 5: has 10 cells where the header names 11 columns",
        "line 6: holds a null byte; the file may be damaged",
        "line 7: creditor_ref: is empty",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("120.50", "0"), "principal: the debt comes to nothing"),
        (("120.50", "120.505"), "principal: 120.505 has more than 2 decimals"),
        (("2025-11-03", "2026-04-16"), "opened_on: 2026-04-16 is in the future"),
        (("1981-05-17", "1881-05-17"), "cannot be a debtor's date of birth"),
        (("1981-05-17", "2025-12-01"), "cannot be a debtor's date of birth"),
        (("GBP", "JPY"), "has more than 0 decimals"),
        (("Ada", "=A1"), "formula"),
        (("Ada", "x" * 100_000), "is longer than 100 characters"),
        (("NG-77", "x" * 100_000), "100,000 characters"),
    ],
)
def test_one_wrong_cell(csv_file: Write, read: Read, change: tuple[str, str], reason: str) -> None:
    reading = read(csv_file(HEADER, GOOD.replace(*change)))
    assert reading.records == []
    assert reason in reasons(reading)[0]
    assert len(reasons(reading)[0]) < 300


def test_a_control_total_must_agree(csv_file: Write, read: Read) -> None:
    reading = read(csv_file(HEADER + ",interest,total", GOOD + ",9.50,130", GOOD.replace("NG-77", "NG-78") + ",9,130"))
    assert [record.debt_ref for record in reading.records] == ["NG-77"]
    assert reasons(reading) == ["line 3: total: says 130, but the amounts come to 129.50"]


def test_quotation_marks(csv_file: Write, read: Read) -> None:
    header = HEADER + ",description"
    good = GOOD + ',"Meter ""A"",\nflat 2"'
    reading = read(csv_file(header, good, GOOD.replace("NG-77", "NG-78") + ',"open', "more", "lines"))
    assert reading.records[0].description == 'Meter "A", flat 2'
    assert reasons(reading) == ["line 4: opens a quotation mark that is never closed, so 2 more lines are lost"]
    stray = read(csv_file(header, GOOD + ',"x"y', GOOD.replace("NG-77", "NG-78") + ",fine"))
    assert "behind a closing quotation mark" in reasons(stray)[0]
    assert [record.debt_ref for record in stray.records] == ["NG-78"]


def test_one_cell_of_many_megabytes(csv_file: Write, read: Read) -> None:
    reading = read(csv_file(HEADER, GOOD.replace("Ada", '"' + "x" * (9 * 1024 * 1024) + '"')))
    assert reasons(reading) == ["line 2: holds a cell of more than 8 MB; is a quotation mark missing?"]


def test_rows_may_not_contradict_each_other(csv_file: Write, read: Read) -> None:
    reading = read(
        csv_file(
            HEADER,
            GOOD,
            GOOD,
            GOOD.replace("NG-77", "NG-78").replace("1981", "1982"),
            GOOD.replace("NG-77", "NG-79").replace("1981-05-17", ""),
        )
    )
    assert reasons(reading) == [
        "line 3: debt NG-77 is already on line 2",
        "line 4: debtor DD-1001 has another date_of_birth on line 2",
    ]
    assert [record.debt_ref for record in reading.records] == ["NG-77", "NG-79"]


def test_an_unknown_policy_is_a_bad_row(csv_file: Write, read: Read) -> None:
    reading = read(
        csv_file(
            HEADER + ",policy",
            GOOD + ",harsh",
            GOOD.replace("NG-77", "NG-78").replace("NG,", "OC,") + ",../../etc",
            GOOD.replace("NG-77", "NG-79") + ",gentle",
        )
    )
    assert [problem.line for problem in reading.problems] == [2, 3]
    assert "There is no policy 'harsh'" in reasons(reading)[0]
    assert [record.creditor.policy for record in reading.records] == ["gentle"]


def test_status_and_dates_as_of_a_day(csv_file: Write, read: Read) -> None:
    header = HEADER + ",status,disputed,settled_on"
    path = csv_file(
        header,
        GOOD + ",settled,,2026-02-01",
        GOOD.replace("NG-77", "NG-78") + ",disputed,,",
        GOOD.replace("NG-77", "NG-79") + ",open,yes,",
        GOOD.replace("NG-77", "NG-80") + ",settled,,",
        GOOD.replace("NG-77", "NG-81") + ",lost,,",
        GOOD.replace("NG-77", "NG-82") + ",,,2026-05-01",
        GOOD.replace("NG-77", "NG-83") + ",,,2025-11-02",
    )
    now = read(path)
    state = {r.debt_ref: (r.disputed, r.settled_on) for r in now.records}
    assert state == {
        "NG-77": (False, date(2026, 2, 1)),
        "NG-78": (True, None),
        "NG-79": (True, None),
        "NG-80": (False, date(2026, 4, 15)),
    }
    assert [(p.line, p.reason.split(": ")[0]) for p in now.problems] == [
        (6, "status"), (7, "settled_on"), (8, "settled_on"),
    ]  # fmt: skip
    before = read(path, as_of=date(2026, 1, 1))
    assert {r.debt_ref: r.settled_on for r in before.records}["NG-77"] is None
    assert {r.debt_ref: r.settled_on for r in before.records}["NG-82"] is None
    long_before = read(path, as_of=date(2025, 1, 1))
    assert (long_before.records, long_before.later) == ([], 6)


def test_empty_cells_that_spreadsheets_leave_at_the_end(csv_file: Write, read: Read) -> None:
    reading = read(csv_file(HEADER + ",,", GOOD + ",,", GOOD.replace("NG-77", "NG-78"), ",,,,,,,,,,,,", GOOD + ",,x"))
    assert [record.debt_ref for record in reading.records] == ["NG-77", "NG-78"]
    assert reasons(reading) == ["line 5: has 13 cells where the header names 11 columns"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.lists(st.text(max_size=30), max_size=14).map(as_row)))
def test_no_bytes_end_in_anything_but_a_reading_or_one_clear_line(csv_file: Write, read: Read, raw: bytes) -> None:
    for content in (raw, (HEADER + "\n").encode() + raw):
        try:
            reading = read(csv_file(raw=content))
        except OperatorError as error:
            assert len(str(error)) < 5000  # noqa: PT017
        else:
            assert all(len(str(problem)) < 1000 for problem in reading.problems)
