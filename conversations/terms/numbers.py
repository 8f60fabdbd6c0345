"""Numbers in words, English and Spanish: "forty", "a hundred and twenty", "ciento veinte"."""

import re

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "uno": 1, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
    "nueve": 9, "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciséis": 16,
    "dieciseis": 16, "diecisiete": 17, "dieciocho": 18, "diecinueve": 19, "veinticinco": 25,
}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70,
    "ochenta": 80, "noventa": 90,
}
_ES_HUNDREDS = {"cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200, "trescientos": 300,
                "cuatrocientos": 400, "quinientos": 500, "seiscientos": 600}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "mil": 1000}
_VALUES = {**_UNITS, **_TENS, **_ES_HUNDREDS}

_WORD = "|".join(sorted([*_VALUES, *_SCALES], key=len, reverse=True))
WORDS = rf"(?:(?:a|half a)\s+(?:hundred|thousand|grand)|(?:{_WORD}))(?:(?:\s+and\s+|\s+y\s+|[\s-]+)(?:{_WORD}))*"
_NUMBER = re.compile(rf"\b{WORDS}\b")


def in_words(text: str) -> int | None:
    """The value of a number written in words, or None when the words do not make one ("five five")."""
    words = [word for word in re.split(r"[\s-]+", text.strip()) if word not in ("and", "y", "of")]
    if words[:2] == ["half", "a"] and len(words) == 3 and words[2] in _SCALES:
        return _SCALES[words[2]] // 2
    total, current, smallest = 0, 0, 10_000
    for place, word in enumerate(words):
        if word == "a" and place == 0 and len(words) > 1:
            current = 1
        elif word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                if current >= 100:
                    return None
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * 1000, 0
            smallest = scale
        elif word in _VALUES:
            value = _VALUES[word]
            size = 100 if value >= 100 else 10 if value >= 20 else 1
            if smallest <= size < 100:
                return None  # "five five", "twenty thirty"
            if (0 < current < 10 and size == 10) or (10 <= value < 20 and current % 100):
                return None  # "one fifty", "twenty thirteen"
            current += value
            smallest = size
        else:
            return None
    return total + current


def small_number(text: str) -> int | None:
    """``text`` as a whole number, in digits or words: "2", "two"."""
    return int(text) if text.isdigit() else in_words(text)
