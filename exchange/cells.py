"""Cells of CSV files that a spreadsheet opens without taking them for something else."""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TextIO

from ledger.money import Money

_DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
"""What a formula, or a DDE call, begins with; in full width too, which Japanese spreadsheets take alike."""

_BLANK = re.compile(r"^(?:[^\S\t\r\n]|[\ufeff\u200b\u2060])+")


def safe(value: object) -> str:
    """``value`` as a cell. Text that a spreadsheet would take for a formula begins with an apostrophe (CWE-1236)."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return format(value.decimal, "f")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(_DANGEROUS) or _BLANK.sub("", text).startswith(_DANGEROUS) else text


class Sheet:
    """Writes rows as CSV, every cell of them safe."""

    def __init__(self, file: TextIO, columns: Iterable[str]) -> None:
        self._writer: Any = csv.writer(file, lineterminator="\r\n")  # RFC 4180
        self._writer.writerow(columns)

    def row(self, *values: object) -> None:
        """Write one row."""
        self._writer.writerow([safe(value) for value in values])
