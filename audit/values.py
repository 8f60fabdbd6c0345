"""Typed values of a message, as JSON gives them: the amounts and dates in them, wherever they stand."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ledger.money import Money


def amounts(value: Any, path: str = "") -> Iterator[tuple[str, Money]]:
    """Every amount within ``value``, with where it stands (``plans.0.next.amount``)."""
    if isinstance(value, dict):
        if "minor" in value and "currency" in value:
            yield path, Money(int(value["minor"]), str(value["currency"]))
            return
        for name, part in value.items():
            yield from amounts(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from amounts(part, f"{path}.{place}")


def dates(value: Any, path: str = "") -> Iterator[tuple[str, date]]:
    """Every date within ``value``, with where it stands."""
    if isinstance(value, dict):
        if set(value) == {"date"}:
            yield path, date.fromisoformat(str(value["date"]))
            return
        for name, part in value.items():
            yield from dates(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from dates(part, f"{path}.{place}")


def words(value: Any) -> Iterator[str]:
    """Every text within ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from words(part)
    elif isinstance(value, list):
        for part in value:
            yield from words(part)


def dictionaries(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping within ``value``, itself first."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from dictionaries(part)
    elif isinstance(value, list):
        for part in value:
            yield from dictionaries(part)
