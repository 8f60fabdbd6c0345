"""CSV: encoding, delimiter and quotation marks are settled here, with one clear line for each thing that goes wrong."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from ledger.importing.problems import Problem
from ledger.importing.source import Row, Wanted, checked_header, fitted
from runtime.errors import OperatorError

LARGEST_CELL = 8 * 1024 * 1024
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
READ_AT_ONCE = 1024 * 1024


class CsvFile:
    """A CSV file with a header line.

    Blank lines are passed over. A row with too few or too many cells, a stray quotation mark or a null byte becomes
    a problem.
    """

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.name = path.name
        self.size = path.stat().st_size
        self.notes: list[str] = []
        self.unused: list[str] = []
        self._path, self._encoding, self._delimiter = path, wanted.encoding, wanted.delimiter
        self._raw = _opened(path, wanted.encoding)
        self._problems: list[Problem] = []
        self._records = self._read()
        try:
            self.header = self._header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._records.close()
        self._raw.close()

    def _header(self) -> list[str]:
        first = next((cells for _, cells in self._records if any(cell.strip() for cell in cells)), None)
        if first is None:
            raise OperatorError(f"{self.name} is empty: the first line must name the columns")
        header = checked_header(first, self.name)
        if len(header) == 1:
            _check_delimiter(header[0], self.name, self._delimiter)
        return header

    def position(self) -> int:
        """How many bytes were read."""
        return self.size if self._raw.closed else self._raw.tell()

    def rows(self) -> Iterator[Row | Problem]:
        """The rows in order, and a Problem for each that is no row."""
        columns = len(self.header)
        for line, cells in self._records:
            yield from self._noted()
            if len(cells) == columns and cells[0]:  # the usual case, with the least work
                if "\0" not in "".join(cells):
                    yield Row(line, cells)
                    continue
            elif not any(cell.strip() for cell in cells):
                continue
            if any("\0" in cell for cell in cells):
                yield Problem(line, "holds a null byte; the file may be damaged")
            else:
                yield fitted(line, cells, columns)
        yield from self._noted()

    def _noted(self) -> Iterator[Problem]:
        if self._problems:
            noted, self._problems = self._problems, []
            yield from noted

    def _read(self) -> Generator[tuple[int, list[str]], None, None]:
        limit = csv.field_size_limit(LARGEST_CELL)
        try:
            with self._raw, io.TextIOWrapper(self._raw, encoding=_codec(self._encoding), newline="") as text:
                reader = csv.reader(text, delimiter=self._delimiter, strict=True)
                while True:
                    line = reader.line_num + 1
                    try:
                        for cells in reader:
                            yield line, cells
                            line = reader.line_num + 1
                        return
                    except csv.Error as error:
                        self._problems.append(Problem(line, _csv_reason(str(error), reader.line_num - line)))
        except UnicodeError:
            raise _undecodable(self._path, self._encoding) from None
        finally:
            csv.field_size_limit(limit)


def _opened(path: Path, encoding: str) -> BinaryIO:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise OperatorError(f"{encoding!r} is no encoding; use utf-8 or cp1252") from None
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise OperatorError(f"{path.name} is a spreadsheet, not a CSV file: name it .xlsx, or save it as 'CSV UTF-8'")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) and encoding == "utf-8":
        raise OperatorError(f"{path.name} is in UTF-16: save it as 'CSV UTF-8', or say --encoding utf-16")
    return path.open("rb", buffering=READ_AT_ONCE)


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding


def _undecodable(path: Path, encoding: str) -> OperatorError:
    """Where the first byte is that is none of ``encoding``, and what to do about it."""
    decoder = codecs.getincrementaldecoder(_codec(encoding))()
    lines = 1
    with path.open("rb") as file:
        while piece := file.read(READ_AT_ONCE):
            kept = decoder.getstate()[0]
            try:
                decoder.decode(piece)
            except UnicodeError as error:
                raw = getattr(error, "object", kept + piece)
                place = getattr(error, "start", 0)
                line = lines + raw.count(b"\n", 0, place)
                what = f"{path.name}, line {line}: byte 0x{raw[place]:02x} is not {encoding.upper()}"
                return OperatorError(f"{what}. {_encoding_advice(path, encoding)}")
            lines += piece.count(b"\n")
    what = f"{path.name}, line {lines}: the file ends in the middle of a character"
    return OperatorError(f"{what}. {_encoding_advice(path, encoding)}")


def _encoding_advice(path: Path, encoding: str) -> str:
    other = "utf-8" if encoding.lower().replace("-", "") not in ("utf8",) else "cp1252"
    try:
        with path.open(encoding=other, newline="") as text:
            while text.read(READ_AT_ONCE):
                pass
    except UnicodeError:
        return "Save the file as 'CSV UTF-8'."
    known = {"cp1252": "Windows-1252 (as older spreadsheets save)", "utf-8": "UTF-8"}[other]
    return f"It looks like {known}: save it as 'CSV UTF-8', or say --encoding {other}."


def _csv_reason(error: str, lines: int) -> str:
    if "unexpected end of data" in error:
        return "opens a quotation mark that is never closed" + (f", so {lines} more lines are lost" if lines else "")
    if "expected after" in error:
        return 'has text behind a closing quotation mark; write "" for a quotation mark inside a cell'
    if "field larger" in error:
        return "holds a cell of more than 8 MB; is a quotation mark missing?"
    return f"cannot be read: {error}"


def _check_delimiter(only: str, name: str, delimiter: str) -> None:
    for other, word in DELIMITERS.items():
        if other != delimiter and other in only:
            raise OperatorError(
                f"{name}: the columns seem to be separated by {word}, not {DELIMITERS.get(delimiter, delimiter)}. "
                f"Save it with commas, or use a mapping file with `delimiter: {other!r}`"
            )
