"""Mapping files: where in somebody else's CSV each fact of the native layout is found.

A mapping is YAML, read with every scalar as text (so that ``Yes``, ``NO`` and ``007`` stay what they
are), checked with pydantic, and explained in ``docs/import.md``.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from ledger.importing.native import FIELDS, LAYOUT, REQUIRED
from ledger.importing.textyaml import load_text_yaml
from ledger.importing.values import ISO_DATE, Numbers, date_reader
from ledger.spelling import did_you_mean
from runtime.errors import OperatorError
from runtime.settings import ROOT

SHIPPED = ROOT / "mappings"
PLACE = re.compile(r"\{([^{}]+)\}")


def _checked_dates(pattern: str) -> str:
    date_reader(pattern)
    return pattern


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSource(_Part):
    """Where one fact comes from: a column, a constant, or a template over columns; then what is made of it."""

    column: str | None = None
    constant: str | None = None
    template: str | None = None
    """Text with {Column} in it; empty when one of its cells is empty."""
    part: Literal["first word", "rest", "last word"] | None = None
    values: dict[str, str] = Field(default_factory=dict)
    """What each value of the file stands for."""
    otherwise: str | None = None
    """What stands for values not listed; without it they are an error."""
    default: str = ""
    """What stands for an empty cell."""
    dates: str | None = None

    @field_validator("dates")
    @classmethod
    def _dates(cls, pattern: str | None) -> str | None:
        return None if pattern is None else _checked_dates(pattern)

    @model_validator(mode="after")
    def _one_origin(self) -> "FieldSource":
        if sum(origin is not None for origin in (self.column, self.constant, self.template)) != 1:
            raise ValueError("give one of column, constant and template")
        if self.template is not None and not PLACE.search(self.template):
            raise ValueError("a template names columns in curly brackets; for fixed text use constant")
        if self.otherwise is not None and not self.values:
            raise ValueError("otherwise goes with values")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns of the file this fact needs."""
        return [self.column] if self.column is not None else PLACE.findall(self.template or "")


class Creditor(_Part):
    """The creditor of every row, when the file has no columns for it."""

    ref: str
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    policy: str | None = None
    own_collector: Literal["yes", "no"] | None = None


class LeaveOut(_Part):
    """Rows that are not imported: those whose ``column`` holds one of ``values``."""

    column: str
    values: list[str] = Field(min_length=1)


class NumberStyle(_Part):
    """How figures are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _distinct(self) -> "NumberStyle":
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same sign")
        return self


def _named_delimiter(value: Any) -> Any:
    return {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(str(value), value)


def _column_or_source(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class MappingFile(_Part):
    """A whole mapping file."""

    description: str = ""
    encoding: str = "utf-8"
    delimiter: Annotated[Literal[",", ";", "\t", "|"], BeforeValidator(_named_delimiter)] = ","
    dates: str = ISO_DATE
    numbers: NumberStyle = NumberStyle()
    creditor: Creditor | None = None
    fields: dict[str, Annotated[FieldSource, BeforeValidator(_column_or_source)]]
    leave_out: list[LeaveOut] = Field(default_factory=list)

    @field_validator("dates")
    @classmethod
    def _dates(cls, pattern: str) -> str:
        return _checked_dates(pattern)

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, FieldSource]) -> dict[str, FieldSource]:
        for name in fields:
            if name not in FIELDS:
                raise ValueError(f"{name!r} is no field of the native layout{did_you_mean(name, FIELDS)}")
        return fields

    @model_validator(mode="after")
    def _complete(self) -> "MappingFile":
        given = set(self.fields) | set(self._of_creditor())
        if missing := [name for name in REQUIRED if name not in given]:
            raise ValueError(f"fields lacks {', '.join(missing)}")
        if both := sorted(set(self.fields) & set(self._of_creditor())):
            raise ValueError(f"{', '.join(both)}: given under creditor and under fields")
        return self

    def _of_creditor(self) -> dict[str, str]:
        if self.creditor is None:
            return {}
        facts = {
            "creditor_ref": self.creditor.ref,
            "creditor_name": self.creditor.name,
            "creditor_country": self.creditor.country,
            "currency": self.creditor.currency,
            "policy": self.creditor.policy,
            "own_collector": self.creditor.own_collector,
        }
        return {name: value for name, value in facts.items() if value is not None}

    @property
    def sources(self) -> dict[str, FieldSource]:
        """The origin of every fact this file gives, those of its creditor among them."""
        fixed = {name: FieldSource(constant=value) for name, value in self._of_creditor().items()}
        return {**fixed, **self.fields}

    @property
    def figures(self) -> Numbers:
        """How figures are written."""
        return Numbers(self.numbers.decimal, self.numbers.thousands)

    def dates_of(self, name: str) -> str:
        """The date format of field ``name``."""
        source = self.fields.get(name)
        return (source.dates if source else None) or self.dates


NATIVE = MappingFile.model_construct(
    fields={field.name: FieldSource(column=field.name) for field in LAYOUT}, description="The native layout"
)


def load_mapping(given: str | Path) -> MappingFile:
    """The mapping at ``given``: a path, or the name of a file in ``mappings/`` with or without its ending.

    Raises OperatorError that names each wrong setting.
    """
    path = _found(given)
    try:
        content = load_text_yaml(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise OperatorError(f"{path} is not UTF-8") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise OperatorError(f"{path} is no mapping file: it should begin with settings such as `fields:`")
    try:
        return MappingFile.model_validate(content)
    except ValidationError as error:
        reasons = "\n".join(f"  {_explained(e['loc'], e['type'], e['msg'])}" for e in error.errors())
        raise OperatorError(f"{path} cannot be used:\n{reasons}") from None


def _found(given: str | Path) -> Path:
    path = Path(given)
    for candidate in (path, SHIPPED / path.name, SHIPPED / f"{path.name}.yml"):
        if candidate.is_file() and (candidate == path or path.parent == Path(".")):
            return candidate
    shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yml")))
    raise OperatorError(f"There is no mapping file {given}. Shipped ones: {shipped or 'none'}")


def _explained(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    place = ".".join(str(step) for step in loc if step != "function-before[_column_or_source(), FieldSource]")
    if kind == "extra_forbidden":
        known = {**MappingFile.model_fields, **FieldSource.model_fields, **Creditor.model_fields}
        return f"{place}: unknown setting{did_you_mean(str(loc[-1]), known)}"
    if kind == "missing":
        return f"{place}: is missing"
    message = message.removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
