"""One function per kind of cell: text in, typed value out, BadValue with a reason when it is neither.

Strict on purpose: a figure or date that can be read in two ways is refused, not guessed.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import list_currencies

from ledger.importing.native import GB_NATIONS, US_STATES
from ledger.importing.problems import BadValue, shown

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MMM": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})",
    "D": r"(?P<day>[0-9]{1,2})",
}
ISO_DATE = "YYYY-MM-DD"
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_REF = re.compile(r"[A-Z0-9][A-Z0-9._/-]{1,39}")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_GB_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
_US_ZIP = re.compile(r"([0-9]{5})(?:-?([0-9]{4}))?")
_BETWEEN, _NUMBER = re.compile(r"[\s().-]"), re.compile(r"\+?[0-9]{7,15}")
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


def text(value: str, *, longest: int) -> str:
    """Words on one line; runs of white space become one space. Spreadsheet formulas are refused."""
    words = " ".join(value.split())
    if len(words) > longest:
        raise BadValue(f"{shown(words)} is longer than {longest} characters")
    if words[:1] in ("=", "+", "-", "@"):
        raise BadValue(f"{shown(words)} starts like a spreadsheet formula; save the sheet's values, not its formulas")
    if not words.isprintable() and any(unicodedata.category(sign) in _INVISIBLE for sign in words):
        raise BadValue(f"{shown(words)} holds characters that cannot be seen")
    return words


def ref(value: str) -> str:
    """A reference in upper case: 2 to 40 of A-Z, 0-9 and ``. _ / -``, beginning with a letter or figure."""
    upper = value.upper()
    if "E+" in upper and re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+[0-9]+", upper):
        raise BadValue(f"{shown(value)} is a number shortened by a spreadsheet; format the column as text")
    if not _REF.fullmatch(upper):
        raise BadValue(f"{shown(value)} is no reference: 2 to 40 letters, figures and . _ / - are, with no spaces")
    return upper


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a file writes figures: its decimal sign, and the sign between thousands ('' for none)."""

    decimal: str = "."
    thousands: str = ""

    @property
    def example(self) -> str:
        """1234.56 in this way of writing."""
        return f"1{self.thousands}234{self.decimal}56"


@cache
def _figure(numbers: Numbers) -> re.Pattern[str]:
    comma = re.escape(numbers.thousands)
    whole = rf"[0-9]{{1,3}}(?:{comma}[0-9]{{3}})+|[0-9]{{1,12}}" if comma else r"[0-9]{1,12}"
    return re.compile(rf"(?P<whole>{whole})(?:{re.escape(numbers.decimal)}(?P<part>[0-9]{{1,8}}))?")


def figure(value: str, *, numbers: Numbers) -> tuple[str, str]:
    """The figures before and behind the decimal sign of an amount that is not below zero.

    Currency signs and brackets are refused.
    """
    found = _figure(numbers).fullmatch(value)
    if found:
        whole, part = found.groups()
        return whole.replace(numbers.thousands, "") if numbers.thousands else whole, part or ""
    if value.startswith(("-", "(", "−")):
        raise BadValue(f"{shown(value)} is below zero; a debt has no negative part")
    raise BadValue(f"{shown(value)} is not an amount like {numbers.example}")


def amount(value: str, *, numbers: Numbers) -> Decimal:
    """A figure of money that is not below zero. Currency signs and brackets are refused."""
    whole, part = figure(value, numbers=numbers)
    return Decimal(f"{whole}.{part}" if part else whole)


def rate(value: str, *, numbers: Numbers) -> Decimal:
    """Per cent a year, with or without its sign; below 1000 and not below zero."""
    found = amount(value.removesuffix("%").rstrip(), numbers=numbers)
    if found >= 1000:
        raise BadValue(f"{shown(value)} is no rate of interest in per cent a year")
    return found


def written(day: date, pattern: str) -> str:
    """``day`` as ``date_reader(pattern)`` reads it."""
    figures = {
        "YYYY": f"{day.year:04}", "MMM": MONTHS[day.month - 1].title(), "MM": f"{day.month:02}", "M": str(day.month),
        "DD": f"{day.day:02}", "D": str(day.day),
    }  # fmt: skip
    return "".join(figures.get(part, part) for part in re.split(r"(YYYY|MMM|MM|M|DD|D)", pattern))


@cache
def date_reader(pattern: str) -> Callable[[str], date]:
    """A reader of dates written like ``pattern``: YYYY, MMM (Jan), MM or M, DD or D, anything else literally.

    Raises ValueError when the pattern itself is not usable.
    """
    parts = re.split(r"(YYYY|MMM|MM|M|DD|D)", pattern)
    source = "".join(TOKENS.get(part, re.escape(part)) for part in parts)
    kinds = [part[0] for part in parts if part in TOKENS]
    if sorted(kinds) != ["D", "M", "Y"]:
        raise ValueError(f"{pattern!r} is no date format: it needs YYYY, one of M, MM and MMM, and one of D and DD")
    compiled = re.compile(source)

    @lru_cache(maxsize=20_000)
    def read(value: str) -> date:
        found = compiled.fullmatch(value)
        if not found:
            raise BadValue(f"{shown(value)} is not a date like {pattern}")
        groups = found.groupdict()
        if name := groups.get("name"):
            if name.lower() not in MONTHS:
                raise BadValue(f"{shown(value)}: {name!r} is no month; English names of three letters are read")
            month = MONTHS.index(name.lower()) + 1
        else:
            month = int(groups["month"])
        day = int(groups["day"])
        if month > 12 >= day:
            raise BadValue(f"{shown(value)} has no month {month}; are day and month the other way round?")
        try:
            return date(int(groups["year"]), month, day)
        except ValueError:
            raise BadValue(f"{shown(value)} is not a day of the calendar") from None

    return read


@lru_cache(maxsize=1000)
def yes_or_no(value: str) -> bool:
    """yes/no, y/n, true/false, 1/0."""
    if value.lower() in _YES:
        return True
    if value.lower() in _NO:
        return False
    raise BadValue(f"{shown(value)} is neither yes nor no")


@cache
def _countries() -> frozenset[str]:
    names = Locale("en").territories
    return frozenset(str(code) for code in names if re.fullmatch("[A-Z]{2}", str(code))) - {"EU", "EZ", "UN", "ZZ"}


@lru_cache(maxsize=1000)
def country(value: str) -> str:
    """An ISO 3166 code of two letters; UK is read as GB."""
    code = {"UK": "GB"}.get(value.upper(), value.upper())
    if code not in _countries():
        raise BadValue(f"{shown(value)} is no country code of two letters such as GB or US")
    return code


@lru_cache(maxsize=1000)
def currency(value: str) -> str:
    """An ISO 4217 code in upper case."""
    if value.upper() not in _currencies():
        raise BadValue(f"{shown(value)} is no currency code such as GBP or USD")
    return value.upper()


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


@cache
def _languages() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages if re.fullmatch("[a-z]{2,3}", str(code)))


@lru_cache(maxsize=1000)
def language(value: str) -> str:
    """A language code such as ``en`` or ``es``, optionally with a country: ``en-GB``."""
    first, _, rest = value.replace("_", "-").partition("-")
    if first.lower() not in _languages() or (rest and not re.fullmatch("[A-Za-z]{2}", rest)):
        raise BadValue(f"{shown(value)} is no language code such as en, es or en-GB")
    return first.lower() + (f"-{rest.upper()}" if rest else "")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1000)
def timezone(value: str) -> str:
    """An IANA time zone such as ``Europe/London``."""
    if value not in _zones() or ("/" not in value and value != "UTC"):
        raise BadValue(f"{shown(value)} is no time zone such as Europe/London or America/Chicago")
    return value


def email(value: str) -> str:
    """An e-mail address, as written."""
    if len(value) > 254 or not _EMAIL.fullmatch(value) or not value.isprintable():
        raise BadValue(f"{shown(value)} is no e-mail address")
    return value


def phone(value: str, *, country: str | None) -> str:
    """A number in international form (``+44…``). National numbers are completed in GB and the US only."""
    digits = value if value[1:].isdigit() else _BETWEEN.sub("", value)
    if not _NUMBER.fullmatch(digits):
        raise BadValue(f"{shown(value)} is no telephone number")
    if digits.startswith("+"):
        return digits
    if digits.startswith("00"):
        return "+" + digits[2:]
    if country == "GB" and digits.startswith("0") and 10 <= len(digits) <= 11:
        return "+44" + digits[1:]
    if country == "US" and len(digits.removeprefix("1")) == 10:
        return "+1" + digits.removeprefix("1")
    raise BadValue(f"{shown(value)} is no number with its country in front, such as +44 20 7946 0123")


def postcode(value: str, *, country: str | None) -> str:
    """A postcode as its country writes it, in upper case."""
    joined = "".join(value.upper().split())
    if country == "GB":
        if not (found := _GB_POSTCODE.fullmatch(joined)):
            raise BadValue(f"{shown(value)} is no British postcode such as SW1A 1AA")
        return f"{found[1]} {found[2]}"
    if country == "US":
        if not (found := _US_ZIP.fullmatch(joined)):
            raise BadValue(f"{shown(value)} is no ZIP code of five figures; a spreadsheet may have dropped a zero")
        return "-".join(part for part in found.groups() if part)
    spaced = " ".join(value.upper().split())
    if not re.fullmatch(r"[A-Z0-9 -]{2,12}", spaced):
        raise BadValue(f"{shown(value)} is no postcode")
    return spaced


def region(value: str, *, country: str | None) -> str:
    """A state of the US as its code (TX), a nation of GB by name (Scotland); elsewhere as written."""
    plain = value.lower().removeprefix(f"{country}-".lower())
    if country == "US":
        code = US_STATES.get(plain, plain.upper())
        if code not in US_STATES.values():
            raise BadValue(f"{shown(value)} is no state such as TX or Texas")
        return code
    if country == "GB":
        if plain not in GB_NATIONS:
            raise BadValue(f"{shown(value)} is none of England, Scotland, Wales and Northern Ireland")
        return GB_NATIONS[plain]
    return text(value, longest=50)


@lru_cache(maxsize=1000)
def word(value: str) -> str:
    """One word in lower case; white space becomes an underscore."""
    found = "_".join(value.lower().split())
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,49}", found):
        raise BadValue(f"{shown(value)} is no plain word such as energy or card")
    return found
