"""Stripe's form encoding, ``line_items[0][price_data][currency]=gbp``, as nested mappings."""

import re
from itertools import pairwise
from urllib.parse import parse_qsl

from payments.standin.errors import StripeRefusal

_KEY = re.compile(r"([A-Za-z0-9_]+)((?:\[[A-Za-z0-9_ .:-]*\])*)\Z")
_MAXIMUM_FIELDS = 500


def parse_form(encoded: str) -> "dict[str, object]":
    """The nested mapping behind a form body or query string; lists stay mappings of their indexes.

    Raises StripeRefusal when a key is malformed, given twice, or both a value and a mapping.
    """
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=_MAXIMUM_FIELDS)
    except ValueError:
        raise StripeRefusal("Invalid request body: it is not form-encoded UTF-8") from None
    form: dict[str, object] = {}
    for key, value in pairs:
        _put(form, key, value)
    return form


def _put(form: dict[str, object], key: str, value: str) -> None:
    matched = _KEY.match(key)
    if not matched:
        raise StripeRefusal(f"Invalid parameter name: {key}", param=key)
    steps = [matched[1], *re.findall(r"\[([^\]]*)\]", matched[2])]
    place = form
    for step, following in pairwise(steps):
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            raise StripeRefusal(f"Invalid object: {following} given for a plain value", param=key)
        place = inner
    last = steps[-1] or str(len(place))
    if last in place:
        raise StripeRefusal(f"Parameter given twice: {key}", param=key)
    place[last] = value
