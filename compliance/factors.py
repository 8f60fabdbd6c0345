"""Identity factors in what people write, in any order and format, and the masked text that may travel on.

"Jane Roe 12/3/81 SW1A 2AA ref DD-1042" gives a name, a date of birth, a postcode and a reference. What goes to the
engine carries masks in their place: ``[reference] [date_of_birth] [postcode] [name] [card] [phone] [email] [code]``.
The tracker is append-only: what must be erasable must never enter it.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, cast

from compliance.plain_words import SHORT, as_sentence, is_name_too, is_plain, meant
from conversations.terms.canvas import plain
from conversations.terms.identifiers import (
    EMAIL,
    LONG_NUMBER,
    UK_POSTCODE,
    ZIP_BARE,
    ZIP_NAMED,
    ZIP_PLUS_4,
    phones,
    references,
)
from conversations.terms.written_dates import born, written_dates
from runtime.cards import mask_cards

__all__ = ["Found", "find_factors", "mask_cards"]

Mask = Literal["reference", "date_of_birth", "postcode", "name", "card", "phone", "email", "code", "answer"]
ANSWER = "[answer]"
"""What stands for an answer to "who are you" in which nothing could be read."""

LONGEST = 4000
_MASKED = re.compile(r"\[(reference|date_of_birth|postcode|name|card|phone|email|code|answer)\]")
_BORN = re.compile(r"\b(?:born(?: on)?|d\.?o\.?b\.?|date of birth|birthday|birth ?date|birth|b\.|"
                   r"nac[ií](?:do|da)?(?: el)?|fecha de nacimiento|cumplea[nñ]os)\b[\s:=,]*(?:is|es|was|on)?[\s:=]*$")
_CODE = re.compile(r"(?<![\w.,/-])([0-9]{6})(?![\w/-]|[.,][0-9])")
_CODE_NAMED = re.compile(r"\b(?:code|c[oó]digo|otp|passcode)(?:\s+(?:is|es|was))?\s*[:=]?\s*([0-9]{6})\b")
_NOT_A_ZIP = re.compile(r"\b(?:owe|owed|owing|pay|paid|paying|for|of|about|over|debt|only|just|debo|deuda|pago)\s*$")
_NAME_CUE = re.compile(
    r"\b(?:my (?:full |last |first |sur|family |whole )?name(?:'s| is| was)?|surname(?: is)?|last name(?: is)?|"
    r"first name(?: is)?|full name(?: is)?|name\s*[:=]|name is|i'?m called|the name'?s|"
    r"(?:i am|nobody|no one|noone|person|someone|somebody|woman|man|lady|guy|girl) called|"
    r"mr\.?|mrs\.?|ms\.?|miss|mx\.?|me llamo|mi nombre es|mi apellido es|apellido(?: es)?|nombre\s*[:=]|se[nñ]ora?)"
    r"\s*[:=]?\s*$")
_OTHERS = re.compile(r"(?:m(?:r|rs|s|x)\b|miss\b|se[nñ]or|(?:nobody|no one|noone|person|some|woman|man|lady|guy|girl))")
"""Cues that name somebody, not necessarily the writer."""
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?:['-][^\W\d_]+)*")
_NAME_JOINERS = frozenset({"de", "da", "di", "del", "la", "las", "los", "van", "von", "der", "den", "mc", "mac", "al",
                           "bin", "ben", "st", "y", "e"})
MOST_NAMES = 5


@dataclass(frozen=True)
class Found:
    """Factors by kind, and the texts that may travel.

    ``factors``: ``references`` (upper case), ``dates_of_birth`` (ISO; of the last date written, in every reading that
    the order of day and month allows, the locale's first), ``postcodes``, ``names`` (words that may be a name) and
    ``codes``. ``masked`` is what the engine gets. ``rest`` is what was said besides, in everyday words only, while an
    identity question is open ("[reference] but i can't pay": the second half).
    """

    factors: dict[str, list[str]]
    masked: str
    rest: str = ""


@dataclass
class _Reading:
    """The text with the places that were understood."""

    text: str
    low: str
    spans: list[tuple[int, int, Mask]] = field(default_factory=list)

    def free(self, start: int, end: int) -> bool:
        return all(end <= other_start or other_end <= start for other_start, other_end, _ in self.spans)

    def take(self, start: int, end: int, mask: Mask) -> bool:
        if start < end and self.free(start, end):
            self.spans.append((start, end, mask))
            return True
        return False

    def words(self, mask: Mask) -> list[str]:
        return [self.text[start:end] for start, end, kind in sorted(self.spans)
                if kind == mask and self.text[start] != "["]


def find_factors(text: str, *, locale: str, identity_open: bool, today: date | None = None) -> Found:
    """The identity factors of ``text`` and its masked form.

    While ``identity_open``, formats are read that would be too bold elsewhere ("12 3 81", a bare ZIP, a lone name), and
    nothing travels on but masks, or a sentence that is made of everyday words throughout. Otherwise references, cards,
    postcodes, telephone numbers, e-mail addresses, named names and dates that look like a date of birth are masked;
    amounts and payment dates never are.
    """
    if len(text) > LONGEST:
        text = " ".join(text[:LONGEST].split(" ")[:-1])
    text = mask_cards(text)
    reading = _Reading(text, plain(text))
    for match in _MASKED.finditer(reading.low):
        reading.take(*match.span(), cast(Mask, match[1]))
    found_born = _find(reading, locale=locale, today=today or date.today(), asked=identity_open)
    own, others = _named(reading)
    names = own if identity_open else own + others
    if not identity_open and _speaks_of_itself(reading):
        names += _lone_names(reading)
    rest = ""
    if identity_open:
        rest, guessed = _rest(reading)
        if rest and _speaks_of_itself(reading):  # "[reference] [date_of_birth] okafor but i can't pay"
            guessed = _strange(reading)
        if len(rest.split()) < SHORT:  # "mrs okafor" is an answer, "mr callahan is no longer with us" is not
            names += others
        names += guessed
    codes = reading.words("code")
    factors = {
        "references": list(dict.fromkeys("".join(word.split()).upper() for word in reading.words("reference"))),
        "dates_of_birth": [day.isoformat() for day in found_born],
        "postcodes": [word.upper() for word in reading.words("postcode")][-1:],
        "names": list(dict.fromkeys(names))[:MOST_NAMES],
        "codes": codes[-1:],
    }
    if not identity_open:
        return Found(factors, _mask(reading, text))
    masks = " ".join(dict.fromkeys(_masks(reading)))
    if any(factors.values()):
        return Found(factors, masks or ANSWER, rest)
    return Found(factors, " ".join(part for part in (rest, masks) if part) or ANSWER, rest)


def _find(reading: _Reading, *, locale: str, today: date, asked: bool) -> tuple[date, ...]:
    """Mark everything with a shape of its own; the readings of the last date of birth come back."""
    low = reading.low
    for match in EMAIL.finditer(low):
        reading.take(*match.span(), "email")
    for match in _CODE_NAMED.finditer(low):
        reading.take(*match.span(1), "code")
    for match in UK_POSTCODE.finditer(low):
        reading.take(*match.span(), "postcode")
    for start, end in references(low):
        reading.take(start, end, "reference")
    found_born: tuple[date, ...] = ()
    loose = asked or bool(reading.words("reference")) or bool(re.search(r"\b(?:born|dob|birth|nacimiento)\b", low))
    for written in sorted(written_dates(low, locale=locale, loose=loose), key=lambda one: one.start):
        cued = bool(_BORN.search(low[max(0, written.start - 40):written.start]))
        bare_run = low[written.start:written.end].isdigit() and written.end - written.start == 6
        if bare_run and not cued:
            continue  # six figures may be a code as well: see below
        days = born(written.readings, today=today, asked=asked or cued)
        if days and reading.take(written.start, written.end, "date_of_birth"):
            found_born = days
    for start, end in phones(low):
        reading.take(start, end, "phone")
    for pattern in (ZIP_PLUS_4, ZIP_NAMED):
        for match in pattern.finditer(low):
            reading.take(*match.span(match.re.groups), "postcode")
    if asked:
        for match in _CODE.finditer(low):
            if reading.take(*match.span(1), "code") and not found_born:
                readings = [w for w in written_dates(match[1], locale=locale, loose=True) if w.end == 6]
                found_born = born(readings[0].readings, today=today, asked=True) if readings else ()
        for match in ZIP_BARE.finditer(low):
            if not _NOT_A_ZIP.search(low[max(0, match.start() - 20):match.start()]):
                reading.take(*match.span(1), "postcode")
    for match in LONG_NUMBER.finditer(low):
        if asked or len(match.group()) >= 8:
            reading.take(*match.span(), "reference")
    return found_born


def _named(reading: _Reading) -> tuple[list[str], list[str]]:
    """Names that the words before them announce: the writer's ("my name is Jane Roe") and anybody's ("Mrs Roe")."""
    own: list[str] = []
    others: list[str] = []
    words = [match for match in _WORD.finditer(reading.low) if reading.free(*match.span())]
    for place, word in enumerate(words):
        cue = _NAME_CUE.search(reading.low[max(0, word.start() - 40):word.start()])
        if cue is None or not reading.free(*word.span()):
            continue
        run: list[re.Match[str]] = []
        for follower in words[place:place + 4]:
            between = reading.low[run[-1].end():follower.start()] if run else ""
            plain_word = is_plain(follower.group()) and follower.group() not in _NAME_JOINERS
            if between.strip(" .'-") or (plain_word and not is_name_too(follower.group())):
                break
            run.append(follower)
        if run and any(one.group() not in _NAME_JOINERS for one in run):
            reading.take(run[0].start(), run[-1].end(), "name")
            found = others if _OTHERS.match(cue.group()) else own
            found += [reading.text[one.start():one.end()] for one in run]
    return own, others


def _speaks_of_itself(reading: _Reading) -> bool:
    """Whether the message says who writes it, unasked: a date of birth, or two kinds of factor in one message."""
    kinds = {mask for _, _, mask in reading.spans} & {"reference", "date_of_birth", "postcode"}
    return "date_of_birth" in kinds or len(kinds) >= 2


def _lone_names(reading: _Reading) -> list[str]:
    """In a message that says who writes it, every word that is not an everyday one, masked as a name."""
    found: list[str] = []
    beside = -2
    for match in [one for one in _WORD.finditer(reading.low) if reading.free(*one.span())]:
        word = reading.text[match.start():match.end()]
        also = is_name_too(match.group()) and (word[0].isupper() or match.start() - beside == 1)
        if not is_plain(match.group()) or also:
            reading.take(*match.span(), "name")
            found.append(word)
            beside = match.end()
    return found


def _rest(reading: _Reading) -> tuple[str, list[str]]:
    """What was said besides the factors: a sentence of everyday words, or words that may be a name."""
    words = [match for match in _WORD.finditer(reading.low) if reading.free(*match.span())]
    tokens = [match.group() for match in words]
    sentence = as_sentence(tokens)
    figures = [match for match in re.finditer(r"\d+", reading.low) if reading.free(*match.span())]
    if chapter := re.search(r"\bchapter\s+(?:7|11|12|13)\b", reading.low):
        sentence = (sentence or "chapter").replace("chapter", chapter.group())
    if sentence is not None and (not figures or len(tokens) > 1 or chapter):
        return sentence, []  # figures stay here: they may be a date in a form we do not know
    odd = [not is_plain(match.group()) or is_name_too(match.group()) for match in words]
    unknown = [match for place, match in enumerate(words)
               if odd[place] or (match.group() in _NAME_JOINERS and any(odd[place + 1:place + 2]))]
    if len(unknown) > MOST_NAMES:
        return "", []
    return "", [reading.text[match.start():match.end()] for match in unknown]


def _strange(reading: _Reading) -> list[str]:
    """The words that are neither everyday ones nor a slip of one: in a message that says who writes it, the name."""
    return [reading.text[match.start():match.end()] for match in _WORD.finditer(reading.low)
            if reading.free(*match.span()) and meant(match.group()) is None]


def _masks(reading: _Reading) -> list[str]:
    return [f"[{mask}]" for _, _, mask in sorted(reading.spans)]


def _mask(reading: _Reading, text: str) -> str:
    out, at = [], 0
    for start, end, mask in sorted(reading.spans):
        out += [text[at:start], f"[{mask}]"]
        at = end
    return "".join(out) + text[at:]
