"""A whole file read at once, as no program does it: for looking at what came of its rows."""

from dataclasses import dataclass, field

from ledger.importing.checking import Chunk, End, Good, Request, check_rows
from ledger.importing.problems import Problem
from ledger.importing.records import Record, unpacked


@dataclass
class Reading:
    """What a file says."""

    request: Request
    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    later: int = 0
    left_out: int = 0
    unused_columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_file(request: Request) -> Reading:
    """Everything ``check_rows`` says of a file."""
    reading = Reading(request)
    for part in check_rows(request):
        if isinstance(part, Chunk):
            reading.records += [unpacked(Good(*row).record) for row in part.good]
            reading.problems += [Problem(*problem) for problem in part.problems]
            reading.rows += part.rows
            reading.later += part.later
            reading.left_out += part.left_out
        elif isinstance(part, End):
            reading.unused_columns, reading.notes = part.unused_columns, part.notes
    reading.problems.sort()
    return reading
