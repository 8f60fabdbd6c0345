"""What every section of a policy file has in common."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, get_origin

from babel.numbers import format_currency
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, WithJsonSchema, field_validator

Loc = tuple[str | int, ...]


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('write it in quotes, as in "25.00", so that it stays exact')
    return value


Exact = Annotated[
    Decimal, BeforeValidator(_exact),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?$"}, {"type": "integer", "minimum": 0}]}),
]
"""A decimal that stays exact: in quotes, or a whole number."""


class Section(BaseModel):
    """Fields that are not known are refused; what was read is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_figure(cls, value: object, info: ValidationInfo) -> object:
        annotation = cls.model_fields[str(info.field_name)].annotation
        if annotation is not bool:
            for each in value.values() if isinstance(value, dict) and get_origin(annotation) is dict else (value,):
                if isinstance(each, bool):
                    raise ValueError("yes, no, true and false are not a value here; quote them if they are text")
        return value

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """The amounts of money in this section that must be more than nothing, in major units."""
        return ()

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """The amounts of money in this section that may be nothing."""
        return ()

    def explain(self, _currency: str) -> list[str]:
        """The section in sentences a collections manager would sign: by default each field with its description."""
        return self.described(type(self).model_fields)

    def described(self, names: Iterable[str]) -> list[str]:
        """A plain line for each of the fields ``names`` that is set: its description and its value."""
        fields = type(self).model_fields
        lines = []
        for name in names:
            value = getattr(self, name)
            if value in (None, (), {}, ""):
                continue
            what = (fields[name].description or name.replace("_", " ")).split("\n")[0].rstrip(".").replace("``", "")
            lines.append(f"{what[:1].upper()}{what[1:]}: {_plain(value)}.".replace("_", " "))
        return lines

    def place_of(self, value: Decimal) -> Loc | None:
        """Where in this section that very ``value`` is."""
        return next((loc for loc, found in _leaves(self) if found is value), None)


def _leaves(value: object) -> Iterator[tuple[Loc, object]]:
    if isinstance(value, BaseModel):
        children: list[tuple[str | int, object]] = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list | tuple):
        children = list(enumerate(value))
    else:
        yield (), value
        return
    for step, child in children:
        yield from (((step, *loc), leaf) for loc, leaf in _leaves(child))


def _plain(value: object) -> str:
    if isinstance(value, BaseModel):
        return _plain({name: getattr(value, name) for name in type(value).model_fields})
    if isinstance(value, dict):
        return ", ".join(f"{str(key).replace('_', ' ')} {_plain(each)}" for key, each in value.items()
                         if each not in (None, (), {}, ""))
    if isinstance(value, list | tuple):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value).replace("_", " ")


def money(amount: Decimal, currency: str) -> str:
    """``amount`` in major units as a person writes it: "£25.00"."""
    return format_currency(amount, currency, locale="en")


def percent(value: Decimal) -> str:
    """A percentage without needless zeros: "70 %"."""
    return f"{value.normalize():f} %"


def days(count: int) -> str:
    """"1 day", "14 days"."""
    return f"{count} day" if count == 1 else f"{count} days"


def listed(words: list[str], last: str = "and") -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
