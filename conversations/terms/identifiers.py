"""Shapes of identifiers: card and phone numbers, postcodes, references. Never amounts, never dates.

The terms grammar paints them over; ``compliance.factors`` masks them. All patterns expect the text of
``canvas.plain`` (lower case, ASCII digits, places kept).
"""

import re
from collections.abc import Iterator

from runtime.cards import cards, luhn

__all__ = ["cards", "luhn", "phones", "references"]

EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"\b(?:https?://|www\.)\S+")
UK_POSTCODE = re.compile(r"\b(gir\s?0aa|[a-pr-uwyz][a-hk-y]?[0-9][a-hjkmnp-y0-9]?\s{0,2}[0-9][abd-hjlnp-uw-z]{2})\b")
ZIP_PLUS_4 = re.compile(r"\b[0-9]{5}-[0-9]{4}\b")
_STATES = ("al|ak|az|ar|ca|co|ct|de|fl|ga|hi|id|il|in|ia|ks|ky|la|me|md|ma|mi|mn|ms|mo|mt|ne|nv|nh|nj|nm|ny|nc|nd|"
           "oh|ok|or|pa|ri|sc|sd|tn|tx|ut|vt|va|wa|wv|wi|wy|dc|texas|florida|california|ohio|new york")
ZIP_NAMED = re.compile(rf"(?:\bzip(?:\s?code)?(?:\s+is)?\s*[:=]?\s*|\b(?:{_STATES}),?\s+)([0-9]{{5}})\b(?![.,]?[0-9])")
ZIP_BARE = re.compile(r"(?<![\w£$€.,/-])([0-9]{5})(?:-[0-9]{4})?\b(?![.,][0-9]|\s*(?:quid|pounds?|dollars?|bucks))")
PHONE = re.compile(
    r"(?<![\w£$€.,/+-])(?:"
    r"(?:\+|00)[1-9][0-9](?:[\s().-]{0,2}[0-9]){7,12}"  # international
    r"|\(?0[1-9][0-9]{1,4}\)?(?:[\s.-]{0,2}[0-9]){5,9}"  # British
    r"|(?:1[\s.-]?)?(?:\([2-9][0-9]{2}\)\s?|[2-9][0-9]{2}[\s.-])[0-9]{3}[\s.-]?[0-9]{4}|"  # North American
    r"[2-9][0-9]{2}-[0-9]{4}"  # the same, local
    r")\b(?![/-][0-9])"
)
# DD-1042, dd1042, NG-2026-0007, 0379-NEVHP; a letter part and a digit part, at least one of them long enough
REFERENCE = re.compile(
    r"(?<![\w£$€.,/@-])(?:[0-9]{4}-[a-z]{5}|[a-z]{2,5}-[0-9]{2,10}(?:-[0-9a-z]{2,10})*|[a-z]{2,4}[0-9]{4,10})(?![\w@]|-\w)"
)
_AFTER_NAME = r"((?=[a-z-]{0,8}[0-9])[a-z0-9][a-z0-9-]{3,19})\b(?![.,/][0-9])"
REFERENCE_NAMED = re.compile(
    r"\b(?:ref(?:erence|\.)?|account|acct|acc|a/c|invoice|case|customer|policy|cuenta|referencia|factura)"
    r"(?P<mark>\s*(?:no|num|number|id|ref|reference|code|numero|número|#|:|=)\.?)?(?:\s+(?:is|es))?\s*[:#=]?\s*"
    + _AFTER_NAME
)
LONG_NUMBER = re.compile(r"(?<![\w£$€.,/-])[0-9]{7,}(?![\w.,/-]*[0-9])")
# Words of two to four letters that a number may follow without the two being a reference: "of 2026", "pay100"
_NOT_A_REFERENCE = re.compile(
    r"(?:gbp|usd|eur|jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|pay|owe|only|just|can|for|the|was|and|of|in|on|"
    r"at|by|to|is|do|all|year|from|till|next|last|covid|level|chap|step|day|max|min)-?[0-9]+"
)


def references(text: str) -> Iterator[tuple[int, int]]:
    """Where references stand: by their shape, or because the words before say so."""
    for match in REFERENCE.finditer(text):
        if not _NOT_A_REFERENCE.fullmatch(match.group()):
            yield match.span()
    for match in REFERENCE_NAMED.finditer(text):
        numeral = match[2]
        named = match["mark"] is not None or match.group().startswith("ref")
        if not numeral.isdigit() or len(numeral) >= 6 or named:  # "my account is 1200 down" names no reference
            yield match.span(2)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Where phone numbers stand."""
    for match in PHONE.finditer(text):
        yield match.span()
