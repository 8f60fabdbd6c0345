"""From the bytes of a file to rows of cells with their line numbers, a few at a time, whatever the format.

What the cells mean is decided elsewhere.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ledger.importing.problems import Problem, shown
from runtime.errors import OperatorError


class Row(NamedTuple):
    """The cells of one record, and the line of the file on which it begins."""

    line: int
    cells: Sequence[str]


class Source(Protocol):
    """A file that is read from its start to its end, once."""

    name: str
    header: list[str]
    """The names of the columns."""
    size: int
    """How much there is to read, in units of ``position``."""
    notes: list[str]
    """What whoever sends the file should know of how it was read."""
    unused: list[str]
    """Fields that nothing is made of, when they are known only after reading."""

    def position(self) -> int:
        """How far it was read."""

    def rows(self) -> Iterator[Row | Problem]:
        """The rows in order, and a Problem for each that is no row. Raises OperatorError."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader needs to know beforehand: columns asked for, how they write dates and figures, and the rest."""

    columns: tuple[str, ...] = ()
    strict: bool = True
    """Whether a column that is not asked for is a fault of the file."""
    dates: dict[str, str] | None = None
    """The date format of each column that holds dates, for formats that have real ones."""
    decimal: str = "."
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None


def open_source(path: Path, wanted: Wanted) -> Source:
    """The reader of the file at ``path``, by its ending: ``.xlsx``, ``.jsonl`` or ``.ndjson``, else CSV.

    Raises OperatorError for a file that cannot be read at all.
    """
    from ledger.importing.csvfile import CsvFile
    from ledger.importing.jsonlines import JsonLines
    from ledger.importing.xlsxfile import XlsxFile

    readable(path)
    kinds: dict[str, Callable[[Path, Wanted], Source]] = {
        ".xlsx": XlsxFile, ".xlsm": XlsxFile, ".jsonl": JsonLines, ".ndjson": JsonLines,
    }  # fmt: skip
    kind = kinds.get(path.suffix.lower(), CsvFile)
    if wanted.sheet is not None and kind is not XlsxFile:
        raise OperatorError(f"{path.name} has no sheets: --sheet goes with an XLSX file")
    return kind(path, wanted)


def readable(path: Path) -> None:
    """Raises OperatorError when there is no file at ``path`` that could be read."""
    if path.is_dir():
        raise OperatorError(f"{path} is a folder, not a file")
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise OperatorError(f"There is no file {path}") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None


def trimmed(cells: list[str], least: int) -> list[str]:
    """``cells`` without the empty ones that spreadsheets leave at the end, but no fewer than ``least``."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def checked_header(cells: list[str], name: str) -> list[str]:
    """The column names in the first row. Raises OperatorError when one stands there twice."""
    header = trimmed([cell.strip() for cell in cells], 0)
    if any("\0" in cell for cell in header):
        raise OperatorError(f"{name} holds null bytes: it is not a CSV file in UTF-8")
    twice = sorted({cell for cell in header if cell and header.count(cell) > 1})
    if twice:
        raise OperatorError(f"{name} names a column twice: {', '.join(map(shown, twice))}")
    return header


def fitted(line: int, cells: list[str], columns: int) -> Row | Problem:
    """The row, when it has as many cells as there are columns, empty ones at its end aside."""
    if len(cells) != columns and len(trimmed(cells, columns)) != columns:
        return Problem(line, f"has {len(cells)} cells where the header names {columns} columns")
    return Row(line, cells)
