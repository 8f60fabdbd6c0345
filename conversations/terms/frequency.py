"""How often: "a fortnight", "every 2 weeks", "p/m", "pcm", "each month", "al mes"."""
# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from dataclasses import dataclass
from typing import Literal

from conversations.terms.canvas import FREQUENCY, QUIET, Canvas
from conversations.terms.numbers import WORDS, in_words

Unit = Literal["week", "month"]


@dataclass(frozen=True)
class Rhythm:
    """Every ``every`` weeks or months."""

    every: int
    unit: Unit

    def json(self) -> dict[str, int | str]:
        """As the ``debtdesk terms`` contract writes it."""
        return {"every": self.every, "unit": self.unit}


_WEEK = r"(?:weeks?|wks?|wk's|semanas?)"
_MONTH = r"(?:calendar\s+)?(?:months?|mont|mths?|mnths?|mo|mos|meses|mes)"
_FORTNIGHT = r"(?:fortnights?|fort\s?nights?|fortnites?|fornights?|fortnigt|quincenas?|catorcenas?)"
_PER = r"(?:every\s+single|every|evry|evrey|each|per|cada|todos\s+los|todas\s+las|por|a\s+la|al|/)"
_COUNT = rf"(?P<count>\d{{1,2}}|{WORDS}|other|second|third|otro|otra)"
_DAY = r"(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:days?)?|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo"
# A figure, or a word for money, right before
_FIGURE = r"(?:(?<=\d)|(?<=\dk)|(?<=\dp)|(?<=[£$€]))"
_CURRENCY = (r"(?:(?<=quid)|(?<=pounds)|(?<=pound)|(?<=bucks)|(?<=dollars)|(?<=euros)|(?<=gbp)|(?<=usd)|(?<=tenner)|"
             r"(?<=fiver)|(?<=grand)|(?<=hundred)|(?<=d[oó]lares)|(?<=libras))")
_NOT_AGO = r"\b(?!\s+(?:ago|late|behind|left))"

_SOURCES: tuple[tuple[str, int, Unit | None], ...] = (
    # with a count: "every 2 weeks", "every other friday", "every 28 days", "each two months", "4 weekly"
    (rf"\b{_PER}\s+{_COUNT}\s+(?P<noun>{_WEEK}|{_MONTH}|{_FORTNIGHT}|days?|d[ií]as?|{_DAY})\b", 0, None),
    (r"(?<![£$€\d.,])\b(?P<count>[2-8]|two|three|four)[\s-]?(?P<noun>weekly|monthly)\b", 0, None),
    (rf"\bonce\s+(?:every|each|a)\s+(?P<noun>{_WEEK}|{_MONTH}|{_FORTNIGHT})\b", 1, None),
    # plain
    (rf"(?<![a-z]){_PER}\s*(?P<noun>{_WEEK}|{_MONTH}|{_FORTNIGHT}|quarter|trimestre|year|a[nñ]o)\b", 1, None),
    (r"\b(?P<noun>weekly|wkly|semanal(?:es|mente)?)\b", 1, "week"),
    (r"\b(?P<noun>fortnightly|fortnitely|bi-?\s?weekly|quincenal(?:es|mente)?)\b", 2, "week"),
    (r"\b(?P<noun>monthly|montly|monthy|mthly|mensual(?:es|mente)?)\b", 1, "month"),
    (r"\b(?P<noun>quarterly|trimestral(?:es|mente)?)\b", 3, "month"),
    (r"\b(?P<noun>pcm|p/m|p\.m\.(?=\s*(?:from|starting|until))|pmth|p/mth|p/month)\b", 1, "month"),
    (r"\b(?P<noun>p/w|pw|ppw|p/wk|p/week)\b", 1, "week"),
    (r"\b(?P<noun>p/f|p/fortnight|pf)\b", 2, "week"),
    # "pcm", "pm", "pw" written against the figure: "40pcm", "£40pm"
    (r"(?<=\d)\s?(?P<noun>pcm|p/m|p\.c\.m\.?|p/mth)\b", 1, "month"),
    (r"(?<=\d)(?P<noun>/m)\b", 1, "month"),
    (r"(?<=\d)(?P<noun>/w)\b", 1, "week"),
    (r"(?<=\d)\s?(?P<noun>p/w|pw|ppw|p/wk)\b", 1, "week"),
    # only after an amount: "20 a week", "forty a fortnight", "40 quid month", "£40 month"
    (rf"(?:{_FIGURE}|{_CURRENCY})\s*(?:a|an|ea|by\s+the)\s*(?P<noun>{_FORTNIGHT}|{_WEEK}|{_MONTH}){_NOT_AGO}", 1, None),
    (rf"(?P<words>\b{WORDS})\s+(?:a|an|by\s+the)\s+(?P<noun>{_FORTNIGHT}|{_WEEK}|{_MONTH}){_NOT_AGO}", 1, None),
    (rf"{_CURRENCY}\s*(?P<noun>fortnight|week|wk|month|mth){_NOT_AGO}", 1, None),
    (r"(?P<words>[£$€]\s?\d[\d,.]*)\s*(?P<noun>fortnight|week|wk|month|mth)\b", 1, None),
    (r"\b(?:every|each)\s+(?P<noun>the\s+)?(?=\d{1,2}(?:st|nd|rd|th)\b)", 1, "month"),
    (rf"(?<!in )\b(?:a|an)\s+(?P<noun>{_FORTNIGHT}){_NOT_AGO}(?!\s+(?:on|from|today))", 1, None),
    (rf"\b(?:every|each|cada)\s+(?P<noun>{_DAY})\b", 1, "week"),
    (r"\b(?:todos\s+los)\s+(?P<noun>lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bados?|domingos?)\b", 1, "week"),
)
_PATTERNS: tuple[tuple[re.Pattern[str], int, Unit | None], ...] = tuple(
    (re.compile(source), every, unit) for source, every, unit in _SOURCES
)
# "40 pm" is forty a month, "6 pm" is a time: only with a currency sign, or above 12
_PM = re.compile(r"(?P<sign>[£$€]\s?)?(?P<figure>\d{1,5}(?:[.,]\d{2})?)(?P<k>k)?(?:\s?(?:quid|pounds?|gbp))?\s?(?P<noun>pm|p\.m\.?|p m)(?![\w/])")
# Rhythms that exist but that no schedule of ours keeps
_TWICE = re.compile(r"\b(?:twice|2\s?x|two times|three times)\s+(?:a|per|each|every)\s+(?:week|month|fortnight)\b|\bsemi-?monthly\b|"
                    r"\b(?:dos|tres) veces (?:al|por) (?:mes|semana)\b|\bdaily\b|\b(?:every|each|per) day\b|\bbi-?monthly\b|"
                    r"\b(?:every|each) (?:pay\s?day|payday|paycheck|pay\s?check|time i(?:'m| am| get)? paid)\b")


def _of(noun: str, count: int) -> Rhythm | None:
    if re.fullmatch(_FORTNIGHT, noun):
        return Rhythm(2 * count, "week")
    if re.fullmatch(rf"{_WEEK}|weekly|wkly", noun):
        return Rhythm(count, "week")
    if re.fullmatch(rf"{_MONTH}|monthly", noun):
        return Rhythm(count, "month")
    if noun in ("quarter", "trimestre"):
        return Rhythm(3 * count, "month")
    if noun in ("year", "ano", "año"):
        return Rhythm(12 * count, "month")
    if re.fullmatch(r"days?|d[ií]as?", noun):
        if count % 7 == 0 and count:
            return Rhythm(count // 7, "week")
        return {15: Rhythm(2, "week"), 30: Rhythm(1, "month"), 31: Rhythm(1, "month")}.get(count)
    if re.fullmatch(_DAY, noun):
        return Rhythm(count, "week")
    return None


def _count(word: str) -> int:
    if word in ("other", "second", "otro", "otra"):
        return 2
    if word == "third":
        return 3
    return int(word) if word.isdigit() else in_words(word) or 0


def find_rhythm(canvas: Canvas) -> tuple[Rhythm | None, bool]:
    """The rhythm the text names, and whether it is in doubt (two of them, or one we cannot keep). Paints them."""
    found: list[Rhythm] = []
    unsure = False
    for match in canvas.take(_TWICE):
        unsure = True
        canvas.paint(*match.span(), QUIET)
    for match in canvas.take(_PM):
        if match["sign"] or match["k"] or int(re.split("[.,]", match["figure"])[0]) > 12:
            found.append(Rhythm(1, "month"))
            canvas.paint(*match.span("noun"), FREQUENCY)
    for pattern, every, unit in _PATTERNS:
        for match in canvas.take(pattern):
            groups = match.groupdict()
            noun = re.sub(r"\s+", " ", groups["noun"] or "")
            count = _count(groups["count"]) if groups.get("count") else 1
            rhythm = Rhythm(every, unit) if unit and every else _of(noun, count)
            if rhythm is None or not 1 <= rhythm.every <= 52:
                unsure = True
                continue
            if "catorcena" not in noun and ("quincena" in noun or (noun.startswith(("d", "bi")) and count == 15)):
                unsure = True  # half a month, strictly: two weeks is the nearest we can keep
            found.append(rhythm)
            # a weekday stays readable for the dates; counted words before "a week" stay readable for the amounts
            start = match.end("words") if groups.get("words") else match.start()
            end = match.start("noun") if re.fullmatch(_DAY, noun) else match.end()
            canvas.paint(start, max(end, start + 1), FREQUENCY)
    kinds = set(found)
    return (found[-1] if found else None), unsure or len(kinds) > 1
