"""Reading policy files."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ledger.models import Creditor
from ledger.policy.model import Policy
from runtime.errors import OperatorError
from runtime.settings import settings

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def load_policy(name: str) -> Policy:
    """The policy of this name from the policy folder, read again when the file has changed.

    Raises OperatorError with one clear line when there is none or it is wrong.
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


@lru_cache(maxsize=256)
def read_policy(path: Path, _changed: int = 0) -> Policy:
    """The policy in the file at ``path``. Raises OperatorError with one clear line."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(loaded, dict):
            raise OperatorError(f"{path.name}: a policy file holds fields and values")
        return Policy.model_validate(loaded | {"name": path.stem})
    except ValidationError as error:
        problems = "; ".join(_problem(dict(e)) for e in error.errors())
        raise OperatorError(f"{path.name}: {problems}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None


def _problem(error: dict[str, Any]) -> str:
    return f"{'.'.join(map(str, error['loc'])) or 'policy'}: {error['msg'].removeprefix('Value error, ')}"
