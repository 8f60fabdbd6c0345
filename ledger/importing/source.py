"""From the bytes of a file to rows of cells with their line numbers.

Encoding, delimiter and quotation marks are settled here, with one clear line for each thing that
goes wrong. What the cells mean is decided elsewhere.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ledger.importing.problems import Problem, shown
from runtime.errors import OperatorError

LARGEST_FILE = 256 * 1024 * 1024
LARGEST_CELL = 8 * 1024 * 1024
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record, and the line of the file on which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its column names, its rows, and the rows that are no rows."""

    name: str
    header: list[str]
    rows: list[Row]
    problems: list[Problem] = field(default_factory=list)


def read_source(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> Source:
    """The rows of the CSV file at ``path``.

    Blank lines are passed over. A row with too few or too many cells, a stray quotation mark or a null
    byte becomes a problem. Raises OperatorError for a file that cannot be read at all.
    """
    text = _decoded(_bytes(path), path.name, encoding)
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] | None = None
    for line, cells in _records(text, delimiter, problems):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, path.name, delimiter)
        elif any("\0" in cell for cell in cells):
            problems.append(Problem(line, "holds a null byte; the file may be damaged"))
        elif len(_trimmed(cells, len(header))) != len(header):
            problems.append(Problem(line, f"has {len(cells)} cells where the header names {len(header)} columns"))
        else:
            rows.append(Row(line, cells[: len(header)]))
    if header is None:
        raise OperatorError(f"{path.name} is empty: the first line must name the columns")
    return Source(path.name, header, rows, problems)


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise OperatorError(f"{path} is a folder, not a CSV file")
        if path.stat().st_size > LARGEST_FILE:
            raise OperatorError(f"{path.name} is larger than {LARGEST_FILE // 1024**2} MB: split it into several files")
        return path.read_bytes()
    except FileNotFoundError:
        raise OperatorError(f"There is no file {path}") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None


def _decoded(raw: bytes, name: str, encoding: str) -> str:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise OperatorError(f"{name} is a spreadsheet, not a CSV file: save it as 'CSV UTF-8'")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and encoding == "utf-8":
        raise OperatorError(f"{name} is in UTF-16: save it as 'CSV UTF-8', or say --encoding utf-16")
    try:
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError:
        raise OperatorError(f"{encoding!r} is no encoding; use utf-8 or cp1252") from None
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        line = raw.count(b"\n", 0, place) + 1
        what = f"{name}, line {line}: byte 0x{raw[place]:02x} is not {encoding.upper()}"
        raise OperatorError(f"{what}. {_encoding_advice(raw, encoding)}") from None


def _encoding_advice(raw: bytes, encoding: str) -> str:
    other = "utf-8" if encoding.lower().replace("-", "") not in ("utf8",) else "cp1252"
    try:
        raw.decode(other)
    except UnicodeError:
        return "Save the file as 'CSV UTF-8'."
    known = {"cp1252": "Windows-1252 (as older spreadsheets save)", "utf-8": "UTF-8"}[other]
    return f"It looks like {known}: save it as 'CSV UTF-8', or say --encoding {other}."


def _records(text: str, delimiter: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    limit = csv.field_size_limit(LARGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                yield line, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problems.append(Problem(line, _csv_reason(str(error), reader.line_num - line)))
    finally:
        csv.field_size_limit(limit)


def _csv_reason(error: str, lines: int) -> str:
    if "unexpected end of data" in error:
        return "opens a quotation mark that is never closed" + (f", so {lines} more lines are lost" if lines else "")
    if "expected after" in error:
        return 'has text behind a closing quotation mark; write "" for a quotation mark inside a cell'
    if "field larger" in error:
        return "holds a cell of more than 8 MB; is a quotation mark missing?"
    return f"cannot be read: {error}"


def _trimmed(cells: list[str], least: int) -> list[str]:
    """``cells`` without the empty ones that spreadsheets leave at the end, but no fewer than ``least``."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _header(cells: list[str], name: str, delimiter: str) -> list[str]:
    header = _trimmed([cell.strip() for cell in cells], 0)
    if any("\0" in cell for cell in header):
        raise OperatorError(f"{name} holds null bytes: it is not a CSV file in UTF-8")
    if len(header) == 1:
        for other, word in DELIMITERS.items():
            if other != delimiter and other in header[0]:
                raise OperatorError(
                    f"{name}: the columns seem to be separated by {word}, not {DELIMITERS.get(delimiter, delimiter)}. "
                    f"Save it with commas, or use a mapping file with `delimiter: {other!r}`"
                )
    twice = sorted({cell for cell in header if cell and header.count(cell) > 1})
    if twice:
        raise OperatorError(f"{name} names a column twice: {', '.join(map(shown, twice))}")
    return header
