"""When: "the 1st", "15 march", "next friday", "end of month", "in two weeks", 31/12 or 12/31 by locale."""
# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from conversations.terms.canvas import DATE, FREQUENCY, QUIET, Canvas
from conversations.terms.numbers import WORDS, small_number
from conversations.terms.written_dates import MONTH_ALONE, MONTHS, written_dates

_ORDINALS = {
    word: place for place, words in enumerate((
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
        "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
        "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth",
        "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first"), start=1)
    for word in {words, words.replace(" ", "-")}
}
_ORDINAL_WORD = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_WEEKDAYS: dict[str, int] = {}
for _place, _names in enumerate((
    "monday mon lunes", "tuesday tues tue martes", "wednesday wed weds wednsday wensday miércoles miercoles",
    "thursday thurs thur thu jueves", "friday fri firday frida viernes", "saturday sat sábado sabado", "sunday sun domingo",
)):
    _WEEKDAYS.update(dict.fromkeys(_names.split(), _place))
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_FULL_WEEKDAY = "|".join(sorted((name for name in _WEEKDAYS if name not in ("sun", "sat", "mon", "wed", "thu", "fri", "martes")),
                                key=len, reverse=True))
_MONTH = "|".join(MONTH_ALONE)
_OF_MONTH = (r"(?:\s+(?:of|in)\s+(?:the\s+|this\s+|each\s+|every\s+|a\s+)?(?:next\s+|following\s+|coming\s+)?(?:month|mth)\b|"
             r"\s+(?:of\s+)?(?:next|following|this|the)\s+month\b|"
             r"\s+(?:de|del)\s+(?:cada\s+|este\s+|pr[oó]ximo\s+)?mes\b(?:\s+(?:que viene|pr[oó]ximo))?)")
_OF_RHYTHM = rf"(?=\s+(?:of|in|de)\s+[{FREQUENCY}])"
_FOLLOWING = re.compile(r"\b(?:next|following|coming|pr[oó]ximo|que viene)\b")

_DAYS_AHEAD: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\b(?:the\s+)?day after tomorrow\b|\bpasado mañana\b"), 2),
    (re.compile(r"\b(?:(?:a|one) week|week) (?:from )?tomorrow\b|\btomorrow week\b"), 8),
    (re.compile(r"\b(?:(?:a|one) week|week) (?:from )?(?:today|now)\b|\btoday week\b"), 7),
    (re.compile(r"\b(?:a|one) fortnight (?:from )?(?:today|now)\b"), 14),
    (re.compile(r"\b(?:tomorrow|tomorow|tommorow|tommorrow|tomoz|tmrw|tmr|tmw|2moro|2morrow)\b|(?<!la )(?<!pasado )\bmañana\b(?! (?:por|en) la)"), 1),
    (re.compile(r"\b(?:today|tonight|2day|hoy)\b"), 0),
    (re.compile(r"\b(?:yesterday|ayer|last night)\b"), -1),
)
_NUMBER = rf"(?P<n>\d{{1,3}}|an?|{WORDS})"
_IN = re.compile(rf"\b(?:(?:in|within|dentro de|en)\s+(?:about\s+|like\s+|another\s+)?{_NUMBER}|{_NUMBER.replace('<n>', '<m>')}(?=\s+\w+\s+(?:from now|from today|time\b)))\s+"
                 r"(?P<unit>days?|d[ií]as?|weeks?|wks?|semanas?|fortnights?|months?|mths?|mes(?:es)?)'?s?(?:\s+(?:from now|from today|time))?\b")
_AGO = re.compile(rf"\b{_NUMBER}\s+(?P<unit>days?|weeks?|months?)\s+ago\b|\bhace\s+(?P<m>\d{{1,3}}|un|una|{WORDS})\s+(?P<unit2>d[ií]as?|semanas?|mes(?:es)?)\b")
_MONTH_END = re.compile(
    rf"\b(?:(?:the\s+)?(?:very\s+)?(?:end|last day|back end)\s+(?:of\s+)?(?:the\s+|this\s+|each\s+|every\s+)?(?:(?P<next>next|following)\s+)?(?:month|mth)\b|"
    rf"(?:the\s+)?(?:end|last day)\s+(?:of\s+)?[{FREQUENCY}]+|"
    rf"(?:the\s+)?(?:end|last day|late)\s+(?:of\s+|in\s+)?(?P<month>{_MONTH})\b|"
    r"month'?s?[\s-]end|eom\b|(?:a\s+)?(?:fin|finales|final|último día|ultimo dia)\s+(?:de|del)\s+(?:este\s+)?(?:(?P<next2>próximo|proximo)\s+)?mes(?:\s+(?P<next3>que viene|próximo|proximo))?|"
    r"(?:a\s+)?(?:fin|finales)\s+de\s+(?P<month2>enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre))")
_PART_OF_MONTH = re.compile(
    rf"\b(?:the\s+)?(?P<part>beginning|start|middle|mid|halfway through|principios?|mediados)[\s-]+(?:of\s+|de\s+|del\s+)?(?:the\s+|this\s+|each\s+|every\s+)?"
    rf"(?:(?P<next>next|following|coming)\s+)?(?P<month>month|mth|mes|[{FREQUENCY}]+|{_MONTH})(?![a-z])")
_FIRST_OF_MONTH = re.compile(rf"\b(?:early|in|by|during|from|starting|around|en|para|late)\s+(?P<month>{_MONTH}|may|mayo|jan|dec|sep)\b(?!\s+\d)")
_NEXT_MONTH = re.compile(r"\b(?:next|following) month\b|\b(?:el )?(?:mes que viene|próximo mes|proximo mes)\b")
_NEXT_WEEK = re.compile(r"\b(?:next|following) (?:week|wk)\b(?! on)|\b(?:la )?(?:semana que viene|próxima semana|proxima semana)\b")
_WEEK_END = re.compile(r"\b(?:the\s+)?end of (?:the|this) week\b|\bfin de semana\b|\b(?:the|this|at the) weekend\b")
_ORDINAL = re.compile(rf"(?<![\w.,/:£$€-])(?:the\s+|el\s+(?:d[ií]a\s+)?)?(?P<day>0?[1-9]|[12]\d|3[01])\s?(?:st|nd|rd|th)\b(?:{_OF_MONTH})?"
                      r"(?!\s+(?:payment|instal|install|time|letter|call|floor|street|debt|one|bill))")
_THE_DAY = re.compile(rf"(?:\bel\s+(?:d[ií]a\s+)?|\b(?:on\s+the|by\s+the|from\s+the|the)\s+)(?P<day>0?[1-9]|[12]\d|3[01])(?![\w£$€%]|[.,/:-]\d|\s*(?:quid|pounds?|dollars|bucks|euros|d[oó]lares|libras|%|debts?|payments?|k\b|people|accounts?|letters?|bills?|instal))(?:{_OF_MONTH})?")
_BARE_DAY_OF_MONTH = re.compile(rf"(?<![\w.,/:£$€-])(?P<day>0?[1-9]|[12]\d|3[01])(?:{_OF_MONTH}|{_OF_RHYTHM})")
_ORDINAL_WORDS = re.compile(
    rf"\b(?:the\s+|on\s+)(?P<word>{_ORDINAL_WORD})\b(?:{_OF_MONTH}|{_OF_RHYTHM}|"
    rf"(?=\s*(?:$|[.,;!?)]|and\b|or\b|then\b|please\b|if\b|ok\b|is\b|works\b|[{FREQUENCY}])))|"
    rf"\b(?P<word2>{_ORDINAL_WORD})(?:{_OF_MONTH}|{_OF_RHYTHM})")
_LAST_DAY = re.compile(rf"\b(?:last|past)\s+(?P<day>{_WEEKDAY})\b|\b(?:el\s+)?(?P<day2>{_FULL_WEEKDAY})\s+pasado\b")
_WEEK_ON = re.compile(rf"\b(?:(?:a |one )?week (?:on|from|next)|(?:next|following) (?:week|wk) on)\s+(?P<day>{_WEEKDAY})\b|\b(?P<day2>{_WEEKDAY})\s+week\b|\b(?P<day3>{_WEEKDAY})\s+(?:of\s+)?next\s+week\b|\bnext\s+week\s+(?P<day4>{_WEEKDAY})\b")
_NEXT_DAY = re.compile(rf"\b(?:next|following|nxt|próximo|proximo)\s+(?P<day>{_WEEKDAY})\b(?!'s)|\bel\s+(?P<day2>{_FULL_WEEKDAY})\s+que\s+viene\b")
_THIS_DAY = re.compile(rf"\b(?:this|this coming|coming|este)\s+(?P<day>{_WEEKDAY})\b(?!'s)")
_ON_DAY = re.compile(rf"\b(?:(?:on|by|from|til|till|until|before|every|each|el|los|todos los|starting)\s+(?P<day>{_WEEKDAY}|fridays|mondays|tuesdays|wednesdays|thursdays|saturdays|sundays)|(?P<day2>{_FULL_WEEKDAY}))\b(?!'s|s\b)")
_AFTER_RHYTHM_DAY = re.compile(rf"(?<=[{FREQUENCY}])\s*(?:on\s+)?(?P<day>{_WEEKDAY})\b")
_AFTER_RHYTHM = re.compile(rf"(?<=[{FREQUENCY}])\s*(?:on|el)\s+(?:the\s+)?(?P<day>0?[1-9]|[12]\d|3[01])(?![\w£$€%]|[.,/:-]\d)")
# "i paid it on the 3rd": the one that was, not the one to come
_PAST = re.compile(r"\b(?:(?:i|we|i've|ive|it|he|she|already|you|u|they)\s+(?:have\s+|had\s+|was\s+|were\s+)?(?:already\s+)?"
                   r"(?:paid|sent|rang|called|phoned|made|transferred|missed|took|bounced|emailed|wrote|spoke)|pagué|pague|envié|mandé)\b"
                   r"(?![^.;,]*\b(?:will|can|could|i'll|ill|pay|going|but|so|and then)\b)[^.;,]*$")
_HOLIDAYS = (
    (re.compile(r"\b(?:christmas|xmas|navidad)(?: day)?\b(?! (?:eve|card|tree|shopping|present))"), 12, 25),
    (re.compile(r"\b(?:christmas|xmas) eve\b|\bnochebuena\b"), 12, 24),
    (re.compile(r"\bnew year'?s? eve\b|\bnochevieja\b"), 12, 31),
    (re.compile(r"\b(?:the )?new year(?:'?s)?(?: day)?\b|\baño nuevo\b"), 1, 1),
)
_VAGUE = re.compile(
    r"\b(?:pay\s?day|payday|pay\s?check|when (?:i|we)(?:'m| am| get| 've)?\s*(?:get |been )?(?:paid|wages)|when (?:i|we) get (?:my|our) (?:wages|money|pay|benefits?|pension|check|cheque)|"
    r"once (?:i'm|i am|i get|im) paid|when my (?:wages|benefits?|pension|uc|giro|check|cheque) (?:comes?|goes|is|lands?)|"
    r"soon|later|sometime|some time|some day|one day|at some point|asap|when i can|as soon as i can|"
    r"cuando (?:cobre|me paguen)|día de pago|dia de pago|pronto|más tarde|luego)\b")
_HALF = re.compile(r"\b(?:half|a half|a third|a quarter|1/2|mitad|la mitad|some|part|a bit|a little)(?:\s+of\s+(?:it|that|this))?\s+(?:now|today|in|on|next|then|up\s?front|ahora|hoy|en)\b")


_NOT_DATES = re.compile(r"(?<![\d/])(?:1/2(?=\s+(?:now|today|of|the|then))|24/7(?![\d/])|9/11(?![\d/]))")


def _roll(day: int, *, today: date, months: int = 0) -> date:
    """The next ``day`` of a month, today counting, ``months`` months on; months without that day are passed over."""
    first = today.replace(day=1) + relativedelta(months=months)
    for step in range(14):
        month = first + relativedelta(months=step)
        try:
            found = month.replace(day=day)
        except ValueError:
            continue
        if months or found >= today:
            return found
    raise AssertionError("every day from 1 to 31 comes within a year")


def _roll_back(day: int, *, today: date) -> date:
    """The latest ``day`` of a month that was, today counting."""
    return next(today - timedelta(days=days) for days in range(93) if (today - timedelta(days=days)).day == day)


def _year(day: int, month: int, year: int | None, today: date) -> date:
    """A date of which the year may be missing: the next one that is not past; 29 February waits for its year."""
    if year is not None:
        return date(year if year >= 100 else 2000 + year, month, day)
    for candidate in range(today.year, today.year + 9):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise AssertionError("29 February comes within eight years")


def _weekday(name: str, today: date, *, today_counts: bool = False) -> date:
    ahead = (_WEEKDAYS[name] - today.weekday()) % 7
    return today + timedelta(days=ahead if ahead or today_counts else 7)


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _step(number: str, unit: str, today: date, sign: int = 1) -> date:
    count = sign * (1 if number in ("a", "an", "un", "una") else small_number(number) or 0)
    if unit.startswith(("month", "mth", "mes")):
        return today + relativedelta(months=count)
    days = 14 if unit.startswith("fortnight") else 7 if unit.startswith(("week", "wk", "semana")) else 1
    return today + timedelta(days=days * count)


def _first(match: re.Match[str], *names: str) -> str | None:
    return next((match[name] for name in names if match.groupdict().get(name)), None)


class DateFinder:
    """Collects the dates of one text, with their places, and what is doubtful about them."""

    def __init__(self, canvas: Canvas, *, locale: str, today: date) -> None:
        self._canvas = canvas
        self._locale = locale
        self._today = today
        self._found: list[tuple[int, date]] = []
        self.unsure = False

    def _add(self, match: re.Match[str], found: date, *, unsure: bool = False) -> None:
        self._found.append((match.start(), found))
        self._canvas.paint(*match.span(), DATE)
        self.unsure = self.unsure or unsure

    def find(self) -> None:
        """Every date, the more explicit readings first."""
        canvas, today = self._canvas, self._today
        for _ in canvas.take(_HALF):
            self.unsure = True
            break
        for half in canvas.take(_NOT_DATES):
            canvas.paint(*half.span(), QUIET)
        for written in list(written_dates(canvas.text, locale=self._locale)):
            day, month, year = written.readings[0]
            found = _year(day, month, year, today)
            if year is None and _PAST.search(canvas.text[:written.start]):
                found -= relativedelta(years=1) if found > today else relativedelta()
            self._found.append((written.start, found))
            canvas.paint(written.start, written.end, DATE)
        for pattern, days in _DAYS_AHEAD:
            for match in canvas.take(pattern):
                self._add(match, today + timedelta(days=days))
        self._month_parts()
        self._steps()
        self._weekdays()
        self._days_of_month()
        for pattern, month, day in _HOLIDAYS:
            for match in canvas.take(pattern):
                self._add(match, _year(day, month, None, today))
        for match in canvas.take(_FIRST_OF_MONTH):
            self._add(match, _year(1, MONTHS[match["month"]], None, today), unsure=True)
        for match in canvas.take(_VAGUE):
            if not self._found:
                self.unsure = True
            canvas.paint(*match.span(), QUIET)

    def _month_parts(self) -> None:
        canvas, today = self._canvas, self._today
        for match in canvas.take(_MONTH_END):
            if name := _first(match, "month", "month2"):
                first = _year(1, MONTHS[name], None, today.replace(day=1))
            else:
                first = today.replace(day=1) + relativedelta(months=1 if _first(match, "next", "next2", "next3") else 0)
            self._add(match, first + relativedelta(months=1) - timedelta(days=1), unsure="late" in match.group().split())
        for match in canvas.take(_PART_OF_MONTH):
            middle = match["part"].startswith(("mid", "med", "half"))
            day = 15 if middle else 1
            name = match["month"]
            if name in MONTHS:
                found = _year(day, MONTHS[name], None, today)
            else:
                found = _roll(day, today=today, months=1 if match["next"] else 0)
            start = match.start()
            self._found.append((start, found))
            canvas.paint(start, match.end(), FREQUENCY if name.startswith(FREQUENCY) else DATE)
            self.unsure = self.unsure or middle
        for match in canvas.take(_WEEK_END):
            days = 6 if "weekend" in match.group() or "semana" in match.group() else 4
            ahead = (days - 1 if days == 6 else days) - today.weekday()
            self._add(match, today + timedelta(days=ahead % 7), unsure=True)

    def _steps(self) -> None:
        canvas, today = self._canvas, self._today
        for match in canvas.take(_AGO):
            number, unit = _first(match, "n", "m"), _first(match, "unit", "unit2")
            if number and unit:
                self._add(match, _step(number, unit, today, -1))
        for match in canvas.take(_IN):
            number = _first(match, "n", "m")
            if number:
                self._add(match, _step(number, match["unit"], today))

    def _weekdays(self) -> None:
        canvas, today = self._canvas, self._today
        for match in canvas.take(_LAST_DAY):
            name = _first(match, "day", "day2") or ""
            self._add(match, today - timedelta(days=(today.weekday() - _WEEKDAYS[name] - 1) % 7 + 1))
        for match in canvas.take(_WEEK_ON):
            name = _first(match, "day", "day2", "day3", "day4") or ""
            if "next" in match.group() or "following" in match.group():
                self._add(match, _next_monday(today) + timedelta(days=_WEEKDAYS[name]))
            else:
                self._add(match, _weekday(name, today) + timedelta(days=7))
        for match in canvas.take(_NEXT_DAY):
            name = _first(match, "day", "day2") or ""
            coming, later = _weekday(name, today), _next_monday(today) + timedelta(days=_WEEKDAYS[name])
            self._add(match, later, unsure=coming != later)
        for match in canvas.take(_THIS_DAY):
            self._add(match, _weekday(match["day"], today, today_counts=True))
        for match in canvas.take(_AFTER_RHYTHM_DAY):
            self._add(match, _weekday(match["day"], today))
        for match in canvas.take(_ON_DAY):
            name = _first(match, "day", "day2") or ""
            self._add(match, _weekday(name if name in _WEEKDAYS else name.removesuffix("s"), today))
        for match in canvas.take(_NEXT_WEEK):
            self._add(match, _next_monday(today), unsure=True)

    def _days_of_month(self) -> None:
        canvas, today = self._canvas, self._today
        for pattern in (_ORDINAL, _THE_DAY, _BARE_DAY_OF_MONTH, _AFTER_RHYTHM):
            for match in canvas.take(pattern):
                self._day(match, int(match["day"]))
        for match in canvas.take(_ORDINAL_WORDS):
            word = match["word"] or match["word2"]
            self._day(match, _ORDINALS[word])
        for match in canvas.take(_NEXT_MONTH):
            self._add(match, today.replace(day=1) + relativedelta(months=1), unsure=True)

    def _day(self, match: re.Match[str], day: int) -> None:
        if _PAST.search(self._canvas.text[:match.start()]) and not _FOLLOWING.search(match.group()):
            self._add(match, _roll_back(day, today=self._today))
        else:
            self._add(match, _roll(day, today=self._today, months=1 if _FOLLOWING.search(match.group()) else 0))

    def result(self) -> tuple[date, ...]:
        """The dates in the order of the text, each once."""
        return tuple(dict.fromkeys(found for _, found in sorted(self._found, key=lambda item: item[0])))


