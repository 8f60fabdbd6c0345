"""XLSX: one sheet of a workbook, row by row. Formulas, merged cells and hidden sheets are not guessed at."""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from ledger.importing.problems import Problem, shown
from ledger.importing.source import Row, Wanted, checked_header, fitted
from ledger.importing.values import written
from runtime.errors import OperatorError

_MERGED = re.compile(rb'<mergeCell\s[^>]*ref="([A-Z0-9:]+)"')
_ZEROS = re.compile(r"0{2,40}")
_PIECE = 1024 * 1024


class XlsxFile:
    """A sheet whose first row that is not empty names the columns. Lines are the sheet's row numbers.

    Real dates are written as the mapping says its dates are, numbers as the fewest figures that name the stored one,
    numbers formatted with leading zeros keep them. A formula stays one, so that its cell is refused if it is needed.
    """

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.name = path.name
        self.notes: list[str] = []
        self.unused: list[str] = []
        self._wanted = wanted
        self._book = _workbook(path)
        try:
            self._begin(path, wanted)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def _begin(self, path: Path, wanted: Wanted) -> None:
        book = self._book
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
        self._sheet = _chosen(path.name, book, [sheet.title for sheet in visible], hidden, wanted.sheet)
        if left := [title for title in hidden if title != self._sheet.title]:
            self.notes.append(f"hidden sheets were not read: {', '.join(map(shown, left))}")
        if merged := _merged(path, self._sheet):
            raise OperatorError(
                f"{path.name}: the sheet {shown(self._sheet.title)} has merged cells ({merged}): what they say of each "
                "row cannot be told. Unmerge them and fill every cell"
            )
        self.size = int(self._sheet.max_row or 0)
        self._sheet.reset_dimensions()
        self._line = 0
        self._rows = enumerate(self._sheet.iter_rows(), 1)
        for line, cells in self._rows:
            header = [_plain(cell) for cell in cells]
            if any(cell.strip() for cell in header):
                self._line = line
                self.header = checked_header(header, self.name)
                break
        else:
            raise OperatorError(f"{self.name} is empty: the first row must name the columns")
        dates = wanted.dates or {}
        self._dates = [dates.get(column, "YYYY-MM-DD") for column in self.header]

    def position(self) -> int:
        """The row that was read last."""
        return min(self._line, self.size)

    def rows(self) -> Iterator[Row | Problem]:
        """The rows in order."""
        columns = len(self.header)
        try:
            for line, cells in self._rows:
                self._line = line
                texts = [self._text(cell, place) for place, cell in enumerate(cells)]
                if not any(text.strip() for text in texts):
                    continue
                texts += [""] * (columns - len(texts))
                yield fitted(self._line, texts, columns)
        except (zipfile.BadZipFile, ValueError, KeyError, SyntaxError) as error:  # XML errors are SyntaxErrors
            raise OperatorError(f"{self.name}, row {self._line + 1}: the file is damaged ({error})") from None

    def _text(self, cell: Any, place: int) -> str:
        value = cell.value
        if isinstance(value, datetime) and value.time() == time(0):
            value = value.date()
        if isinstance(value, date) and not isinstance(value, datetime):
            return written(value, self._dates[place] if place < len(self._dates) else "YYYY-MM-DD")
        if isinstance(value, float) and self._wanted.decimal != ".":
            return _plain(cell).replace(".", self._wanted.decimal)
        return _plain(cell)


def _workbook(path: Path) -> Any:
    try:
        with warnings.catch_warnings():  # of styles and extensions that are of no interest here
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError, TypeError) as error:
        raise OperatorError(f"{path.name} is no XLSX file, or is damaged ({str(error)[:100]})") from None


def _chosen(name: str, book: Any, visible: Sequence[str], hidden: Sequence[str], asked: str | None) -> Any:
    if asked is not None:
        if asked not in [*visible, *hidden]:
            there = ", ".join(map(shown, visible)) or "none"
            raise OperatorError(f"{name} has no sheet {shown(asked)}. It has {there}")
        return book[asked]
    if len(visible) != 1:
        raise OperatorError(
            f"{name} has several sheets: {', '.join(map(shown, visible))}. Say which one with --sheet"
            if visible else f"{name} has no visible sheet"
        )
    return book[visible[0]]


def _merged(path: Path, sheet: Any) -> str | None:
    """The first range of merged cells; the reading of rows one by one does not tell."""
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path.lstrip("/")) as content:
        before = b""
        while piece := content.read(_PIECE):
            if found := _MERGED.search(before + piece):
                return found[1].decode()
            before = piece[-200:]
    return None


def _plain(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        shape = cell.number_format
        return str(value).zfill(len(shape)) if shape and _ZEROS.fullmatch(shape) else str(value)
    return str(value)
