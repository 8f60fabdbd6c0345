"""The map of personal data: every column of every table, placed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from sqlalchemy import Column, Table

from migrations.tables import import_tables
from runtime.database import Base, EncryptedJSON, EncryptedText

FILE = Path(__file__).with_name("personal_data.yml")
Erasure = Literal["delete", "clear", "keep"]
KEPT = {
    "debt": "three years after the last activity",
    "books": "as long as the ledger",
    "short": "days, by the retention job",
    "staff": "while the account is needed",
    "technical": "as long as it is of use",
}
ERASED = {"delete": "the row is deleted", "clear": "emptied", "keep": "stays"}


@dataclass(frozen=True)
class Place:
    """One table: whose its rows are, what in them is personal, how long it is kept and what erasure does."""

    table: str
    of: tuple[str, ...]
    kept: str
    erasure: Erasure
    personal: Mapping[str, str]
    hidden: frozenset[str]
    other: frozenset[str]
    protected: str | None = None

    @property
    def of_debtors(self) -> bool:
        """Whether its rows are about debtors."""
        return not {"none", "staff"} & set(self.of)


@cache
def places() -> dict[str, Place]:
    """The map, by table."""
    read: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))
    return {
        table: Place(
            table, tuple(entry["of"]), entry["kept"], entry["erasure"], entry.get("personal", {}),
            frozenset(entry.get("hidden", "").split()), frozenset(entry.get("other", "").split()),
            entry.get("protected"))
        for table, entry in read.items()
    }


def tables() -> dict[str, Table]:
    """Every table of every room."""
    import_tables()
    return dict(Base.metadata.tables)


def problems() -> list[str]:
    """What the map and the models say otherwise of each other."""
    known, found = tables(), list[str]()
    for name, table in sorted(known.items()):
        place = places().get(name)
        if place is None:
            columns = " ".join(column.name for column in table.columns)
            found.append(f"{name}: the table is not in {FILE.name}: {columns}")
            continue
        placed, there = set(place.personal) | place.other, {column.name for column in table.columns}
        found += [f"{name}.{column}: the column is not in {FILE.name}" for column in sorted(there - placed)]
        found += [f"{name}.{column}: there is no such column" for column in sorted((placed | place.hidden) - there)]
        found += [f"{name}.{column}: placed twice" for column in sorted(set(place.personal) & place.other)]
        if place.kept not in KEPT or place.erasure not in ERASED:
            found.append(f"{name}: unknown word in {place.kept!r} or {place.erasure!r}")
        for way in place.of:
            column, _, target = way.partition("=")
            if target and (column not in there or target.partition(".")[0] not in known):
                found.append(f"{name}: nothing is reached by {way}")
            if not target and way not in (*there, "debtor", "conversation", "staff", "none"):
                found.append(f"{name}: nothing is reached by {way}")
        found += [f"{name}.{column.name}: encrypted, but said to be about nobody"
                  for column in table.columns if is_encrypted(column) and column.name in place.other]
    return found + [f"{name}: there is no such table" for name in sorted(places().keys() - known.keys())]


def is_encrypted(column: "Column[Any]") -> bool:
    """Whether the column stands encrypted."""
    return isinstance(column.type, EncryptedText | EncryptedJSON)


def protection(place: Place, column: "Column[Any]") -> str:
    """How a column is protected, in words."""
    if place.protected:
        return place.protected
    if is_encrypted(column):
        return "encrypted"
    return "hash" if column.name.endswith("_hash") else "plain"


def as_markdown() -> str:
    """The map as the table in docs/privacy.md."""
    lines = ["| table | column | what, and what for | protected | kept | on erasure |", "|---|---|---|---|---|---|"]
    for name, table in sorted(tables().items()):
        place = places()[name]
        for column in table.columns:
            if what := place.personal.get(column.name):
                erased = "another number" if (name, column.name) == ("debtor", "ref") else ERASED[place.erasure]
                lines.append(f"| {name} | {column.name} | {what} | {protection(place, column)} | {KEPT[place.kept]} | "
                             f"{erased} |")
    return "\n".join(lines)
