"""From the columns of a file to the facts of a mapping."""

from collections.abc import Callable, Mapping, Sequence

from ledger.importing.mapping import NATIVE, PLACE, FieldSource, MappingFile
from ledger.importing.native import FIELDS
from ledger.importing.problems import BadValue, shown
from ledger.spelling import did_you_mean
from runtime.errors import OperatorError

Cells = Sequence[str]
NAMED = 12
"""How many columns a message names."""


def readers(mapping: MappingFile, header: list[str], file: str) -> dict[str, Callable[[Cells], str]]:
    """For every fact, a function from the cells of a row to its text, '' when the row does not say.

    Raises OperatorError when the file lacks a column that is needed or, in the native layout, has one
    that is not known.
    """
    place = {column: index for index, column in enumerate(header)}
    native = mapping == NATIVE
    sources = mapping.sources
    if native:
        if strange := [column for column in header if column not in FIELDS]:
            hints = ", ".join(shown(column) + did_you_mean(column, FIELDS) for column in strange[:NAMED])
            hints += f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
            raise OperatorError(
                f"{file}: not a column of the native layout: {hints}. "
                "See docs/import.md, or give a mapping file with --mapping"
            )
        sources = {name: source for name, source in sources.items() if name in place or FIELDS[name].required}
    wanted = {column for source in sources.values() for column in source.columns}
    wanted |= {rule.column for rule in mapping.leave_out}
    if missing := sorted(wanted - set(place)):
        hints = ", ".join(shown(column) + did_you_mean(column, place) for column in missing)
        there = ", ".join(map(shown, header[:NAMED])) + (", …" if len(header) > NAMED else "")
        raise OperatorError(f"{file} has no column {hints}. It has {there}")
    return {name: _reader(source, place) for name, source in sources.items()}


def plain_columns(mapping: MappingFile, header: list[str]) -> dict[str, int]:
    """The facts that are a column as it is, and the place of that column."""
    place = {column: index for index, column in enumerate(header)}
    return {
        name: place[source.column] for name, source in mapping.sources.items()
        if source.column in place and source.part is None and not source.values and not source.default
    }


def left_out(mapping: MappingFile, header: list[str]) -> Callable[[Cells], bool]:
    """Whether a row is one of those the mapping leaves out."""
    rules = [(header.index(rule.column), frozenset(rule.values)) for rule in mapping.leave_out]
    return lambda cells: any(cells[index].strip() in values for index, values in rules)


def unused_columns(mapping: MappingFile, header: list[str]) -> list[str]:
    """Columns of the file that nothing is made of."""
    used = {column for source in mapping.sources.values() for column in source.columns}
    used |= {rule.column for rule in mapping.leave_out}
    return [column for column in header if column and column not in used]


def date_formats(mapping: MappingFile, file: str) -> dict[str, str]:
    """The date format of each column that dates are read from. Raises OperatorError for a column with two."""
    found: dict[str, str] = {}
    for name, source in mapping.sources.items():
        if FIELDS[name].kind == "date" and source.column is not None:
            pattern = mapping.dates_of(name)
            if found.setdefault(source.column, pattern) != pattern:
                raise OperatorError(f"{file}: the mapping reads column {shown(source.column)} as dates of two kinds")
    return found


def asked_for(mapping: MappingFile) -> list[str]:
    """Every column that the mapping names; all of the layout for the native one."""
    found = {column: None for source in mapping.sources.values() for column in source.columns}
    return [*found, *(rule.column for rule in mapping.leave_out if rule.column not in found)]


def _reader(source: FieldSource, place: Mapping[str, int]) -> Callable[[Cells], str]:
    if source.constant is not None:
        constant = source.constant
        return lambda cells: constant
    raw = _template(source.template or "", place) if source.column is None else _cell(place[source.column])
    if source.part is None and not source.values and not source.default:
        return raw
    return lambda cells: _made(source, raw(cells))


def _cell(index: int) -> Callable[[Cells], str]:
    return lambda cells: cells[index].strip()


def _template(template: str, place: Mapping[str, int]) -> Callable[[Cells], str]:
    pieces = PLACE.split(template)

    def fill(cells: Cells) -> str:
        filled = [cells[place[piece]].strip() if odd % 2 else piece for odd, piece in enumerate(pieces)]
        return "".join(filled) if all(filled[1::2]) else ""

    return fill


def _made(source: FieldSource, value: str) -> str:
    words = value.split()
    if source.part == "first word":
        value = words[0] if words else ""
    elif source.part == "last word":
        value = words[-1] if words else ""
    elif source.part == "rest":
        value = " ".join(words[1:])
    if not value:
        return source.default
    if source.values:
        if value in source.values:
            return source.values[value]
        if source.otherwise is None:
            raise BadValue(f"{shown(value)} is not one of {', '.join(source.values)}")
        return source.otherwise
    return value
