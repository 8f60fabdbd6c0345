"""What may not be in a log: whatever opens something, and whatever says who somebody is.

Logs are for the operator's eyes and travel far: to collectors, backups, tickets of suppliers. So the last step before a
line is written takes out what has the shape of a secret or of an identity factor. It is the net below, not the rule:
nothing is meant to log such a thing in the first place.
"""

import re
from datetime import date

from runtime.cards import mask_cards

MASK = "[redacted]"
_SECRET = re.compile(
    r"(?:sk_(?:test|live)_|rk_(?:test|live)_|whsec_)[A-Za-z0-9]+|\b\d{6,12}:[A-Za-z0-9_-]{30,}|(?i:bearer )[\w.-]+"
    r"|(?<=/pay/)[\w-]{20,}|\b(?:\d[ -]?){13,19}\b"
    r"|\bgAAAA[\w-]{40,}={0,2}"  # what stands encrypted; beside a key that got out it would be plain
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a signed token (JWT)
    r"|(?<![\w-])(?=[\w-]*[0-9])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])"  # our own tokens: 256 random bits
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w£$€.,/+:-])(?:(?:\+|00)[1-9][0-9](?:[\s().-]{0,2}[0-9]){7,12}"
    r"|\(?0[1-9][0-9]{1,4}\)?(?:[\s.-]{0,2}[0-9]){5,9}"
    r"|(?:1[\s.-]?)?(?:\([2-9][0-9]{2}\)\s?|[2-9][0-9]{2}[.-])[0-9]{3}[.-]?[0-9]{4})(?![\w.-]*[0-9/:-])"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    r"(?<![\d.])(?:(?P<iso>\d{4})-\d{1,2}-\d{1,2}|\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)(?P<end>\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})[a-z]*\.?,?\s+(?P<named>\d{{4}}|\d{{2}})"
    rf"|(?:{_MONTHS})[a-z]*\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?P<american>\d{{4}}))(?![\d.]?\d)", re.IGNORECASE)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]?\s{0,2}[0-9][A-Z]{2}\b|\b[0-9]{5}(?:-[0-9]{4})?\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"(?<![\w/-])(?:[0-9]{4}-[A-Z]{5}|[A-Z]{2,5}-?[0-9]{3,10}(?:-[0-9A-Z]{2,10})*)(?![\w-])", re.IGNORECASE)
YOUNGEST = 15
"""A date whose year lies this far back is taken for somebody's birthday; the books know no such days."""

_known: set[str] = set()


def never_show(secret: str) -> None:
    """Take this very text out of every line from now on. Short ones are left: they would hit by chance."""
    for part in {secret, secret.strip()}:
        if len(part) >= 8:
            _known.add(part)


def redact(text: str, *, year: int | None = None) -> str:
    """``text`` without secrets, card numbers, addresses and telephone numbers; and where it names a date of birth,
    without that date, and the references and postcodes beside it. ``year`` is the present one."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    text = mask_cards(_SECRET.sub(MASK, text))
    text = _EMAIL.sub(MASK, text) if "@" in text else text
    text = _PHONE.sub(MASK, text)
    before, present = text, year or date.today().year
    text = _DATE.sub(lambda match: MASK if _long_ago(match, present) else match.group(), text)
    if text != before:
        text = _REFERENCE.sub(MASK, _POSTCODE.sub(MASK, text))
    return text


def _long_ago(match: re.Match[str], present: int) -> bool:
    written = match["iso"] or match["end"] or match["named"] or match["american"]
    year = int(written)
    if len(written) == 2:
        year += 1900 if year > present % 100 else 2000
    return 1900 <= year <= present - YOUNGEST
