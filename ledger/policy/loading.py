"""Reading policy files."""

import re
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from ledger.models import Creditor
from ledger.policy.marks import read_marked
from ledger.policy.model import Policy
from ledger.policy.problems import Problem, WrongPolicy, problems, twice
from runtime.errors import OperatorError
from runtime.settings import settings

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def load_policy(name: str) -> Policy:
    """The policy of this name from the policy folder, read again when the file has changed.

    Raises OperatorError when there is none, WrongPolicy when it is wrong.
    """
    path = settings().policy_dir / f"{name}.yml"
    try:
        if not _FILE.fullmatch(name):
            raise FileNotFoundError
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise OperatorError(f"There is no policy {name!r}: expected {name}.yml in {settings().policy_dir}") from None
    return read_policy(path, changed)


def policy_for(creditor: Creditor) -> Policy:
    """The policy of a creditor. Raises OperatorError."""
    return load_policy(creditor.policy)


def find_policy(given: str) -> Path:
    """The file at the path ``given``, or of that name, with or without its ending, in the policy folder.

    Raises OperatorError that lists those there are.
    """
    folder = settings().policy_dir
    path = Path(given)
    inside = [] if path.parent != Path(".") else [folder / path.name, folder / f"{path.name}.yml"]
    for candidate in (path, *inside):
        if candidate.is_file():
            return candidate
    there = ", ".join(sorted(file.stem for file in folder.glob("*.yml"))) or "none"
    raise OperatorError(f"There is no policy file {given}. In {folder} there are: {there}")


@lru_cache(maxsize=256)
def read_policy(path: Path, _changed: int = 0) -> Policy:
    """The policy in the file at ``path``. Raises WrongPolicy, which says everything that is wrong with it."""
    try:
        marked = read_marked(path.read_text(encoding="utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        why = " ".join(filter(None, (error.context, error.problem)))
        raise WrongPolicy(path.name, [Problem(line, "", f"is not valid YAML: {why}")]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongPolicy(path.name, [Problem(1, "", f"is not valid YAML: {' '.join(str(error).split())}")]) from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(marked.content, dict):
        raise WrongPolicy(path.name, [Problem(1, "", "a policy file holds fields and values, such as `title: Ours`")])
    wrong = twice(marked)
    if "name" in marked.content:
        wrong.append(Problem(marked.line(("name",)), "name", "leave it out: a policy is called like its file"))
    try:
        policy = Policy.model_validate(marked.content | {"name": path.stem})
    except ValidationError as error:
        raise WrongPolicy(path.name, [*wrong, *problems(error, marked, Policy)]) from None
    if wrong:
        raise WrongPolicy(path.name, wrong)
    return policy
