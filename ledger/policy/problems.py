"""What is wrong with a policy file: where, what was found, what is expected."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ledger.policy.marks import Marked
from ledger.policy.model import WrongAmounts
from ledger.policy.section import Loc
from ledger.spelling import closest, did_you_mean
from runtime.errors import OperatorError

_SHOWN = 60
_EXPECTED = {
    "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
    "bool_type": "true or false", "bool_parsing": "true or false",
    "string_type": "text", "decimal_type": 'a number in quotes, as in "25.00"',
    "decimal_parsing": 'a number in quotes, as in "25.00"', "finite_number": 'a number in quotes, as in "25.00"',
    "model_type": "fields and values", "dict_type": "fields and values", "model_attributes_type": "fields and values",
    "tuple_type": "a list", "list_type": "a list",
}
_BOUND = {"greater_than_equal": ("ge", "or more"), "less_than_equal": ("le", "or less"),
          "greater_than": ("gt", None), "less_than": ("lt", None)}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong on ``line``; ``path`` is the field's, as in ``plans.minimum_instalment.monthly``."""

    line: int
    path: str
    said: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path + ': ' if self.path else ''}{self.said}"


class WrongPolicy(OperatorError):
    """A policy file that cannot be used, with everything that is wrong with it."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(set(problems)))
        lines = [str(problem) for problem in self.problems]
        many = f"{file} has {len(lines)} problems:\n" + "\n".join(f"  {line}" for line in lines)
        super().__init__(f"{file}, {lines[0]}" if len(lines) == 1 else many)


def twice(marked: Marked) -> list[Problem]:
    """Keys that are in the file more than once: YAML itself would silently take the last."""
    return [Problem(marked.line(loc), _path(loc), "is given twice; only one of them would count")
            for loc in marked.twice]


def problems(error: ValidationError, marked: Marked, model: type[BaseModel]) -> list[Problem]:
    """Everything pydantic complained of, in words, with the lines of the file."""
    found: list[Problem] = []
    errors = error.errors(include_url=False)
    misspelt = {(*each["loc"][:-1], closest(str(each["loc"][-1]), _fields_at(model, each["loc"][:-1])))
                for each in errors if each["type"] == "extra_forbidden"}
    for each in errors:
        if each["type"] == "missing" and each["loc"] in misspelt:
            continue  # the misspelt one is told of
        cause = (each.get("ctx") or {}).get("error")
        if isinstance(cause, WrongAmounts):
            found += [Problem(marked.line(loc), _path(loc), said) for loc, said in cause.places]
            continue
        loc = tuple(step for step in each["loc"] if not str(step).startswith("["))  # steps that are not in the file
        if each["type"] == "value_error":
            loc = _named(loc, str(each["msg"]), marked)
        found.append(Problem(marked.line(loc), _path(loc), _said(dict(each), loc, marked, model)))
    return found


def _named(loc: Loc, message: str, marked: Marked) -> Loc:
    """The field of a section that a message about the section begins with ("minimum_instalment lacks weekly")."""
    first = re.match(r"[a-z_]+(?:\.[a-z_]+)*", message.removeprefix("Value error, "))
    inner = (*loc, *first.group().split(".")) if first else loc
    return inner if inner in marked.lines else loc


def _path(loc: Loc) -> str:
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "fields and values" if value else "nothing"
    if isinstance(value, list):
        return "a list"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _said(error: Mapping[str, Any], loc: Loc, marked: Marked, model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "extra_forbidden":
        known = _fields_at(model, loc[:-1])
        hint = did_you_mean(str(loc[-1]), known) or (f"; there are {', '.join(sorted(known))}" if known else "")
        return f"there is no such field{hint}"
    if kind == "missing":
        return f"is missing; expected {_described(model, loc)}"
    found = f"found {_shown(error['input'])}"
    if kind in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return f"{found}, expected {_one_of(choices)}{did_you_mean(str(error['input']), choices)}"
    if kind in _BOUND:
        name, after = _BOUND[kind]
        limit = context[name]
        words = f"{limit} {after}" if after else f"{'more' if name == 'gt' else 'less'} than {limit}"
        return f"{found}, expected {words}"
    if kind == "too_short":
        return f"{found}, expected at least {context['min_length']}"
    if kind == "string_pattern_mismatch":
        return f"{found}, expected {_described(model, loc)}"
    if kind in _EXPECTED:
        return f"{found}, expected {_EXPECTED[kind]}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message if isinstance(error["input"], dict) else f"{found}: {message}"


def _one_of(choices: list[str]) -> str:
    return " or ".join((", ".join(choices[:-1]), choices[-1])) if len(choices) > 1 else "".join(choices)


def _schema_at(model: type[BaseModel], loc: Loc) -> dict[str, Any]:
    """The part of the published schema that describes ``loc``."""
    whole = model.model_json_schema()
    part: dict[str, Any] = whole

    def followed(schema: dict[str, Any]) -> dict[str, Any]:
        if "anyOf" in schema:
            schema = schema | next((s for s in schema["anyOf"] if s.get("type") != "null"), {})
        return schema | whole["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    for step in loc:
        part = followed(part)
        if isinstance(step, int):
            part = part.get("items", {})
        else:
            part = part.get("properties", {}).get(step) or part.get("additionalProperties") or {}
            part = part if isinstance(part, dict) else {}
    return followed(part) | {"description": part.get("description", followed(part).get("description", ""))}


def _fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    return list(_schema_at(model, loc).get("properties", {}))


_KINDS = {"integer": "a whole number", "string": "text", "array": "a list", "object": "fields and values",
          "boolean": "true or false"}


def _described(model: type[BaseModel], loc: Loc) -> str:
    """What belongs at ``loc``: the first sentence of its description; for a section its fields."""
    schema = _schema_at(model, loc)
    if properties := schema.get("properties"):
        return f"a section with {_one_of(list(properties)).replace(' or ', ' and ')}"
    words = re.split(r"\. |\n", str(schema["description"]))[0].strip().rstrip(".")
    return (words[:1].lower() + words[1:]) or _KINDS.get(str(schema.get("type")), "a value")
