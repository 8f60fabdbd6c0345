"""Reading the files that law and operator write: strict, and every mistake with its line and what was expected."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ledger.policy.marks import Marked, read_marked
from ledger.policy.problems import Problem, problems, twice
from ledger.policy.section import Section
from runtime.errors import OperatorError

Whole = TypeVar("Whole", bound=BaseModel)


class Part(Section):
    """A part of a profile or of the operator file. Unknown fields are mistakes."""


class WrongFile(OperatorError):
    """A file that cannot be used: one line with everything that is wrong with it."""

    def __init__(self, file: str, found: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(set(found)))
        super().__init__(f"{file}: {'; '.join(map(str, self.problems))}")


def read(path: Path, model: type[Whole], *, change: Callable[[dict[str, Any]], dict[str, Any]] = dict,
         may_be_empty: bool = False) -> Whole:
    """The file at ``path`` as ``model``; ``change`` may alter the content before it is checked.

    Raises WrongFile, or OperatorError when the file cannot be read at all.
    """
    marked = content(path, may_be_empty=may_be_empty)
    wrong = twice(marked)
    try:
        found = model.model_validate(change(marked.content))
    except ValidationError as error:
        raise WrongFile(path.name, [*wrong, *problems(error, marked, model)]) from None
    if wrong:
        raise WrongFile(path.name, wrong)
    return found


def content(path: Path, *, may_be_empty: bool = False) -> Marked:
    """The fields and values of a YAML file, with their lines. Raises WrongFile or OperatorError."""
    try:
        marked = read_marked(path.read_text("utf-8-sig"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = " ".join(str(getattr(error, "problem", None) or error).split())
        raise WrongFile(path.name, [Problem(mark.line + 1 if mark else 1, "", f"is not valid YAML: {why}")]) from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} cannot be read: it is not UTF-8 text") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    if marked.content is None and may_be_empty:
        return Marked({})
    if not isinstance(marked.content, dict):
        raise WrongFile(path.name, [Problem(1, "", "holds no fields and values, such as `title: Ours`")])
    return marked


def schema(model: type[BaseModel], title: str, description: str) -> dict[str, Any]:
    """The JSON schema of a file, draft 2020-12, for editors and other programs."""
    found = model.model_json_schema()
    for described in (found, *found["$defs"].values()):
        if "description" in described:
            described["description"] = described["description"].replace("``", "")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "description": description,
    } | {name: part for name, part in found.items() if name not in ("title", "description")}
