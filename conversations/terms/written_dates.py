"""Dates written out in figures or with a month's name, in day-month or month-day order by locale."""
# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MONTHS: dict[str, int] = {}
for _place, _names in enumerate((
    "january jan enero ene janurary", "february feb febrero febuary", "march mar marzo", "april apr abril abr",
    "may mayo", "june jun junio", "july jul julio", "august aug agosto ago",
    "september sept sep septiembre setiembre set", "october oct octubre",
    "november nov noviembre", "december dec diciembre dic decemeber",
), start=1):
    MONTHS.update(dict.fromkeys(_names.split(), _place))
# too like other words to stand without a day beside them: the modal "may", the verb "march", "set", "ago", "mar"
MONTH_ALONE = sorted((name for name in MONTHS if name not in ("set", "ago", "sep", "mar", "jan", "dec", "abr", "ene")),
                     key=len, reverse=True)
_MONTH = "|".join(sorted((name for name in MONTHS if name not in ("ago", "set")), key=len, reverse=True))
_MONTH_ES = "|".join(sorted((*MONTHS,), key=len, reverse=True))
_DAY = r"(?P<day>0?[1-9]|[12][0-9]|3[01])(?:\s?(?:st|nd|rd|th))?"
_ENDS = r"(?![\w:%]|[.,][0-9])"
# "15 march 40" may be a year or an amount: two figures are a year only where they are tied to the month
_TAIL = (rf"(?:(?:[\s,./-]*(?:of\s+|de\s+|del\s+)?(?P<year>(?:19|20)[0-9]{{2}})|(?:\s*[/'.-]\s*|(?<=[a-z]))(?P<short>[0-9]{{2}}))"
         rf"{_ENDS})?")
_LOOSE_TAIL = rf"[\s,./'-]*(?:of\s+|de\s+|del\s+)?(?P<year>(?:19|20)[0-9]{{2}}|[0-9]{{2}}){_ENDS}"

_ISO = re.compile(r"(?<![\w£$€.,/-])(?P<year>(?:19|20)[0-9]{2})[-/.](?P<month>0?[1-9]|1[0-2])[-/.](?P<day>0?[1-9]|[12][0-9]|3[01])(?![\w/-])")
_FIGURES = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>0?[1-9]|[12][0-9]|3[01])(?P<sep>\s?[/-]\s?|[.])(?P<b>0?[1-9]|[12][0-9]|3[01])(?P=sep)"
                      r"(?P<year>(?:19|20)[0-9]{2}|[0-9]{2})(?![\w/%-]|[.,][0-9])")
_SPACED = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>0?[1-9]|[12][0-9]|3[01])\s(?P<b>0?[1-9]|[12][0-9]|3[01])\s(?P<year>(?:19|20)[0-9]{2})"
                     r"(?![\w/%-]|[.,][0-9])")
_LOOSE_SPACED = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>0?[1-9]|[12][0-9]|3[01])\s(?P<b>0?[1-9]|[12][0-9]|3[01])\s(?P<year>[0-9]{2})"
                           r"(?![\w/%-]|[.,][0-9])")
_SHORT_RUN = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>[0-3][0-9])(?P<b>[0-3][0-9])(?P<year>[0-9]{2})(?![\w/%-]|[.,][0-9])")
_TWO_FIGURES = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>0?[1-9]|[12][0-9]|3[01])/(?P<b>0?[1-9]|[12][0-9]|3[01])(?![\w/%-]|[.,][0-9])")
_RUN = re.compile(r"(?<![\w£$€.,/:+-])(?P<a>[0-3][0-9])(?P<b>[0-3][0-9])(?P<year>(?:19|20)[0-9]{2})(?![\w/%-]|[.,][0-9])")
_DAY_MONTH = re.compile(rf"(?<![\w£$€.,/:+-]){_DAY}(?:\s+(?:of|de|in)\s+|[\s,./-]*)(?:the\s+)?(?P<month>{_MONTH})(?![a-zñ]){_TAIL}")
_DAY_MONTH_ES = re.compile(rf"(?<![\w£$€.,/:+-]){_DAY}\s+de\s+(?P<month>{_MONTH_ES})(?![a-zñ]){_TAIL}")
_MONTH_DAY = re.compile(rf"(?<![a-zñ])(?P<month>{_MONTH})[\s,./-]*(?:the\s+)?{_DAY}{_ENDS}{_TAIL}")
_LOOSE_DAY_MONTH = re.compile(rf"(?<![\w£$€.,/:+-]){_DAY}(?:\s+(?:of|de)\s+|[\s,./-]*)(?P<month>{_MONTH})(?![a-zñ]){_LOOSE_TAIL}")
_LOOSE_MONTH_DAY = re.compile(rf"(?<![a-zñ])(?P<month>{_MONTH})[\s,./-]*(?:the\s+)?{_DAY}{_ENDS}{_LOOSE_TAIL}")


@dataclass(frozen=True)
class Written:
    """A date found at ``start:end``. ``readings`` has the locale's reading first; without a year it is None."""

    start: int
    end: int
    readings: tuple[tuple[int, int, int | None], ...]  # day, month, year as written (two digits stay two)


def month_first(locale: str) -> bool:
    """Whether figures mean month/day: in the United States."""
    return locale.replace("_", "-").lower().endswith("-us")


def _valid(day: int, month: int, year: int | None) -> bool:
    full = 2000 if year is None else year if year >= 100 else 2000 + year
    try:
        date(full, month, day)
    except ValueError:
        return False
    return True


def _figures(match: re.Match[str], locale: str) -> tuple[tuple[int, int, int | None], ...]:
    a, b = int(match["a"]), int(match["b"])
    year = int(match["year"]) if "year" in match.groupdict() else None
    pairs = [(b, a), (a, b)] if month_first(locale) else [(a, b), (b, a)]
    return tuple(dict.fromkeys((day, month, year) for day, month in pairs if _valid(day, month, year)))


def written_dates(text: str, *, locale: str, loose: bool = False) -> Iterator[Written]:
    """Written dates of ``text`` (as ``canvas.plain`` gives it), not overlapping.

    ``loose`` also reads what is only a date where one was asked for: "12 3 81", "12 mar 81", "120381".
    """
    taken: list[tuple[int, int]] = []
    strict = (_ISO, _FIGURES, _SPACED, _RUN, _DAY_MONTH, _DAY_MONTH_ES, _MONTH_DAY, _TWO_FIGURES)
    eager = (_LOOSE_DAY_MONTH, _LOOSE_MONTH_DAY, _LOOSE_SPACED, _SHORT_RUN)
    for pattern in (*eager[:2], *strict, *eager[2:]) if loose else strict:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            groups = match.groupdict()
            if "a" in groups:
                readings = _figures(match, locale)
            else:
                day = int(groups["day"])
                month = int(groups["month"]) if groups["month"].isdigit() else MONTHS[groups["month"]]
                written = groups.get("year") or groups.get("short")
                year = int(written) if written else None
                readings = ((day, month, year),) if _valid(day, month, year) else ()
            if readings:
                taken.append((start, end))
                yield Written(start, end, readings)


def born(readings: tuple[tuple[int, int, int | None], ...], *, today: date, asked: bool) -> tuple[date, ...]:
    """The readings as dates of birth of people between 10 and 115 years old.

    Where no date of birth was ``asked`` for, two figures that may be a year of the next fifteen are none: a payment
    on 1/5/30 must stay a payment.
    """
    found = []
    for day, month, year in readings:
        if year is None:
            continue
        if year < 100:
            this_century = year + today.year - today.year % 100
            if not asked and today.year - 10 < this_century <= today.year + 15:
                continue
            year = this_century if this_century <= today.year - 10 else this_century - 100
        if today.year - 115 <= year <= today.year - 10 and _valid(day, month, year):
            found.append(date(year, month, day))
    return tuple(dict.fromkeys(found))
