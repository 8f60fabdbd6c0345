"""JSON lines: one object per line. Numbers keep the figures they are written with."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from ledger.importing.problems import Problem, shown
from ledger.importing.source import Row, Wanted
from ledger.spelling import did_you_mean
from runtime.errors import OperatorError

LONGEST_LINE = 8 * 1024 * 1024


class JsonLines:
    """A file of objects whose fields are named like columns. A field that is left out or null is an empty cell."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.name = path.name
        self.size = path.stat().st_size
        self.header = list(wanted.columns)
        self.notes: list[str] = []
        self.unused: list[str] = []
        self._wanted = wanted
        self._place = {name: place for place, name in enumerate(self.header)}
        self._raw = path.open("rb", buffering=1024 * 1024)

    def position(self) -> int:
        """How many bytes were read."""
        return self.size if self._raw.closed else self._raw.tell()

    def close(self) -> None:
        """Let go of the file."""
        self._raw.close()

    def rows(self) -> Iterator[Row | Problem]:
        """The objects in order as rows, and a Problem for each line that is none."""
        line = 0
        with self._raw:
            while raw := self._raw.readline(LONGEST_LINE):
                line += 1
                if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                    yield Problem(line, "is longer than 8 MB")
                    while raw and not raw.endswith(b"\n"):
                        raw = self._raw.readline(LONGEST_LINE)
                    continue
                if line == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.strip():
                    yield self._row(line, raw)
        if line == 0:
            raise OperatorError(f"{self.name} is empty: each line should hold an object such as " + '{"debt_ref": …}')

    def _row(self, line: int, raw: bytes) -> Row | Problem:
        try:
            found = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_constant,
                               object_pairs_hook=_object)
            if not isinstance(found, dict):
                raise _Wrong("is no object in curly brackets")
            return Row(line, self._cells(found))
        except _Wrong as wrong:
            return Problem(line, str(wrong))
        except UnicodeDecodeError as error:
            return Problem(line, f"byte 0x{error.object[error.start]:02x} is not UTF-8")
        except RecursionError:
            return Problem(line, "is nested too deeply")
        except ValueError as error:
            return Problem(line, f"is no JSON object: {str(error)[:100]}")

    def _cells(self, found: dict[str, Any]) -> list[str]:
        cells = [""] * len(self.header)
        for name, value in found.items():
            place = self._place.get(name)
            if place is not None:
                cells[place] = self._text(name, value)
            elif self._wanted.strict:
                known = dict.fromkeys(self.header)
                raise _Wrong(f"{shown(name)} is no field of the native layout{did_you_mean(name, known)}")
            elif name not in self.unused and len(self.unused) < 100:
                self.unused.append(name)
        return cells

    def _text(self, name: str, value: object) -> str:
        match value:
            case None:
                return ""
            case str():
                return value
            case bool():
                return "yes" if value else "no"
            case int():
                return str(value)
            case Decimal():
                return f"{value:f}".replace(".", self._wanted.decimal) if value.adjusted() < 30 else str(value)
            case _:
                raise _Wrong(f"{name}: is a list or an object where one value belongs")


class _Wrong(Exception):
    """Why a line cannot be used."""


def _no_constant(word: str) -> object:
    raise _Wrong(f"holds {word}, which is no figure")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Wrong(f"names {shown(twice)} twice")
    return found
