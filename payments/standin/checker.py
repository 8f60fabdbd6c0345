"""Checks a request against Stripe's own TypedDicts (``stripe.params``) and gives its values their types.

Stripe writes enumerations as ``Literal[...] | str``, so that a new value does not break type checkers. Here
only the literals count: a misspelt ``mode`` must fail as it fails at Stripe.
"""

import re
import types
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import typing_extensions
from stripe import StripeObject
from stripe._request_options import RequestOptions

from payments.standin.errors import StripeRefusal

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_ONLY_FOR_TYPE_CHECKERS = {"StripeContext": object, "Mapping": Mapping}  # names of RequestOptions' annotations


def check(form: Mapping[str, object], params: type) -> dict[str, Any]:
    """The request ``form`` (nested strings) with typed values.

    Raises StripeRefusal for an unknown parameter, a missing one or a value of the wrong kind.
    """
    return _typed_dict(dict(form), params, "")


@cache
def _fields(params: type) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(params, localns=_ONLY_FOR_TYPE_CHECKERS, include_extras=True)
    return {name: hint for name, hint in hints.items() if name not in RequestOptions.__annotations__}


def _typed_dict(value: object, params: type, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StripeRefusal("Invalid object", param=path)
    fields = _fields(params)
    for name in value:
        if name not in fields:
            raise StripeRefusal(f"Received unknown parameter: {_join(path, name)}", param=_join(path, name),
                                code="parameter_unknown")
    for name, hint in fields.items():
        if get_origin(hint) is not typing_extensions.NotRequired and name not in value:
            raise StripeRefusal(f"Missing required param: {_join(path, name)}.", param=_join(path, name),
                                code="parameter_missing")
    return {name: _value(inner, fields[name], _join(path, name)) for name, inner in value.items()}


def _value(value: object, hint: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin in (typing_extensions.NotRequired, typing_extensions.Required):
        return _value(value, get_args(hint)[0], path)
    if origin in (Union, types.UnionType):
        return _union(value, get_args(hint), path)
    if origin is Literal:
        return _literal(value, get_args(hint), path)
    if origin is list:
        return _list(value, get_args(hint)[0], path)
    if origin is dict:
        return _mapping(value, path)
    if typing_extensions.is_typeddict(hint):
        return _typed_dict(value, hint, path)
    return _plain(value, hint, path)


def _union(value: object, options: tuple[Any, ...], path: str) -> Any:
    kept = [o for o in options if not _is_stripe_object(o)]
    literals = [o for o in kept if get_origin(o) is Literal]
    if literals:
        kept = [o for o in kept if o is not str]
    refusals: list[StripeRefusal] = []
    for option in kept:
        try:
            return _value(value, option, path)
        except StripeRefusal as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _is_stripe_object(hint: Any) -> bool:
    origin = get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, StripeObject)


def _literal(value: object, allowed: tuple[Any, ...], path: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise StripeRefusal(f"Invalid {path}: must be one of {', '.join(map(str, allowed[:20]))}", param=path)
    return value


def _list(value: object, hint: Any, path: str) -> list[Any]:
    if not isinstance(value, dict) or sorted(value, key=_index) != [str(i) for i in range(len(value))]:
        raise StripeRefusal("Invalid array", param=path)
    return [_value(value[str(i)], hint, f"{path}[{i}]") for i in range(len(value))]


def _index(key: str) -> int:
    return int(key) if _INTEGER.match(key) else -1


def _mapping(value: object, path: str) -> dict[str, str]:
    """Metadata: at most 50 keys of 40 characters with values of 500 (docs.stripe.com/api/metadata)."""
    if not isinstance(value, dict) or any(not isinstance(inner, str) for inner in value.values()):
        raise StripeRefusal("Invalid hash", param=path)
    if len(value) > 50:
        raise StripeRefusal("You can have up to 50 keys of metadata", param=path)
    for key, inner in value.items():
        if len(key) > 40 or len(inner) > 500:
            raise StripeRefusal("Metadata keys have up to 40 and values up to 500 characters", param=f"{path}[{key}]")
    return dict(value)


def _plain(value: object, hint: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise StripeRefusal("Invalid string: a mapping was given", param=path)
    if value == "":
        raise StripeRefusal(f"You passed an empty string for '{path}'.", param=path, code="parameter_invalid_empty")
    if hint is str:
        return value
    if hint is bool and value in ("true", "false"):
        return value == "true"
    if hint is int and _INTEGER.match(value):
        return int(value)
    if hint is Decimal:
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise StripeRefusal(f"Invalid {getattr(hint, '__name__', 'value')}: {value}", param=path)


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
