"""How much: "£40", "forty quid", "1.2k", "50.00", a bare "40" where nothing else is counted."""
# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from decimal import Decimal
from itertools import pairwise

from conversations.terms.canvas import AMOUNT, DATE, FREQUENCY, IDENTIFIER, QUIET, Canvas
from conversations.terms.numbers import WORDS, in_words
from ledger.money import Money, MoneyError

_SIGNS = {"£": "GBP", "$": "USD", "€": "EUR", "us$": "USD"}
_NAMES = {
    "quid": "GBP", "squid": "GBP", "pound": "GBP", "pounds": "GBP", "punds": "GBP", "pounds sterling": "GBP", "gbp": "GBP",
    "sterling": "GBP", "libras": "GBP", "libra": "GBP",
    "bucks": "USD", "buck": "USD", "dollar": "USD", "dollars": "USD", "dolars": "USD", "usd": "USD", "dólares": "USD",
    "dolares": "USD", "dólar": "USD", "dolar": "USD", "euro": "EUR", "euros": "EUR", "eur": "EUR",
}
_PENCE = {"p": "GBP", "pence": "GBP", "cents": "USD", "cent": "USD", "centavos": "USD"}
_NAME = "|".join(sorted(_NAMES, key=len, reverse=True))
_FIGURE = r"(?P<figure>\d{1,3}(?:[, ]\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d+)?)"
_EURO_FIGURE = r"(?P<figure>\d{1,3}(?:[. ]\d{3})+(?:,\d{1,2})?|\d+(?:[.,]\d+)?)"
_SCALE = r"(?:\s?(?P<scale>k|grand|thousand|mil|hundred)\b)?"
_STANDS = r"(?<![\w.,/:+#£$€-])"
_EXACT = r"(?![\d%]|[.,:/]\d|\s?%)"

_SIGNED = re.compile(rf"(?P<sign>us\$|£|\$|€)\s?{_FIGURE}{_SCALE}(?:\s?(?:{_NAME})\b)?(?![\d%]|[.,]\d)")
_AFTER_SIGN = re.compile(rf"{_STANDS}{_FIGURE}{_SCALE}\s?(?P<sign>£|\$|€)(?!\d)")
_NAMED = re.compile(rf"{_STANDS}(?:(?P<name1>gbp|usd|eur)\s?)?{_FIGURE}{_SCALE}\s?(?P<name>{_NAME})\b")
_CODED = re.compile(rf"\b(?P<name>gbp|usd|eur)\s?{_FIGURE}{_SCALE}{_EXACT}")
_PENNIES = re.compile(r"(?<![\w.,/:+#£$€-])(?P<figure>\d{1,4})\s?(?P<name>pence|cents?|centavos|p)(?![\w/.])")
_WORDS_NAMED = re.compile(rf"\b(?P<words>{WORDS})\s+(?P<name>{_NAME})\b")
_NOTES = re.compile(r"\b(?:a |an )?(?P<note>tenner|fiver|ton|half a grand|a grand|grand)\b(?!\s?(?:total|son|daughter|mother|father|parents?|ma|dad))")
_NOTE_VALUES = {"tenner": 10, "fiver": 5, "ton": 100, "half a grand": 500, "a grand": 1000, "grand": 1000}
_COUPLE = re.compile(r"\b(?:a\s+)?(?:couple|few)\s+(?:of\s+)?(?P<scale>hundred|thousand|grand|quid|bucks|pounds|dollars)\b")
_SCALED = re.compile(rf"{_STANDS}{_FIGURE}\s?(?P<scale>k|grand|hundred|thousand|mil)\b")
_DECIMAL = re.compile(rf"{_STANDS}(?P<figure>\d{{1,3}}(?:,\d{{3}})*\.\d{{2}}|\d+[.,]\d{{2}}){_EXACT}(?!\s?(?:am|pm)\b)")
_THOUSANDS = re.compile(rf"{_STANDS}(?P<figure>\d{{1,3}}(?:,\d{{3}})+){_EXACT}")
_BARE = re.compile(rf"{_STANDS}(?P<figure>\d{{1,6}}){_EXACT}(?![a-z])")
_BARE_WORDS = re.compile(rf"\b(?P<words>{WORDS})\b")
_RANGE = re.compile(rf"{_STANDS}(?P<low>\d{{1,5}})\s?(?:-|to|or|o|a)\s?(?P<high>\d{{1,5}}){_EXACT}(?![a-z])")
_CORRECTED = re.compile(r"[\s,.;-]*(?:no|sorry|actually|i mean|i meant|wait|make (?:that|it)|perd[oó]n)[\s,]*(?:wait|sorry|i mean|actually)?[\s,]*")
_NOT = re.compile(r"(?:\bnot|\binstead of|\brather than)\s*(?:the\s+|just\s+)?$")

# a number before one of these counts something else
_COUNTED = re.compile(
    r"(?:st|nd|rd|th)\b|(?:more\s+)?(?:%|percent|per cent|por ciento|x\b|days?|weeks?|wks?|fortnights?|months?|mnths?|mths?|"
    r"mos?\b|years?|yrs?|yo\b|hours?|hrs?|mins?|minutes?|secs?|times?|kids?|children|child|people|persons?|payments?|"
    r"instal\w*|install\w*|debts?|accounts?|bills?|letters?|calls?|emails?|texts?|messages?|jobs?|o'?clock|am\b|a\.m|pm\b|p\.m|"
    r"percent|rd\b|street|st\b|road|avenue|ave\b|bed\w*|beds?|of\s+(?:them|you|us|my|the|these|those)|people|bits|parts|"
    r"días?|dias?|semanas?|meses|mes\b|años?|anos?|veces|pagos?|hijos?|cuotas?|plazos?|deudas?|horas?|de\s+(?:ellos|ellas))"
)
_BEFORE_NOT = re.compile(
    r"(?:\b(?:i'?m|i am|im|aged?|age of|chapter|ch|section|number|no\.|num|box|in|flat|apartment|apt|unit|step|option|page|"
    r"line|part|article|room|house|suite|floor|level|tengo|edad|after|before|past|since|until|til|till|around|at|by|from|"
    r"call(?: me)?|ring(?: me)?|form|covid|years?|calle|número|numero|a las|las|capítulo|capitulo|opción|opcion|i have|got|"
    r"i've got|have|top|highway|route|#|debt|account|invoice|plan|first|last|next|(?:son|daughter|kid|child|baby|boy|girl|wife|husband|mother|mum|mom|he|she|who)(?:'s| is))\s*$)"
)
_CUE = re.compile(
    r"\b(?:pay|paying|payed|paid|afford|manage|do|doing|offer|offering|send|sending|give|giving|take|spare|put|just|only|"
    r"about|around|roughly|maybe|say|up to|max|maximum|min|minimum|least|most|like|than|not|make it|be|of|owe|and|or|"
    r"reduce|lower|drop|raise|increase|change|want|instead|another|extra|need|pagar|pago|puedo|unos|unas|solo|sólo|hasta|"
    r"como|dar|abonar|máximo|maximo|no|i'd say|say|is|it's|its|starting at|starting with|call it|go|for|with|to|settle for|close it for)"
    r"(?:\s+(?:it|u|you|them|off|only|just|about|like|maybe|the|a|is|be))?\s*[,:]?\s*$"
)
_FOLLOWS = re.compile(
    rf"$|[.,;!?)\n]|[{FREQUENCY}{DATE}{QUIET}]|(?:now|today|tomorrow|tonight|on|by|from|starting|start|a|an|per|each|every|and|or|then|"
    r"is|would|will|wd|max|maximum|min|minimum|tops|ok|okay|please|pls|plz|if|till|until|but|for|this|next|in|instead|not|to|"
    r"of it|of that|over|towards|toward|off|straight|maybe|asap|when|as|works|sounds|at|only|total|altogether|upfront|up|down|with|so|that's|"
    r"thats|because|cos|it|i|can|could|right|via|against|before|after|ahora|hoy|mañana|el|al|cada|por|y|o|pero|si|desde|"
    r"hasta|como|máximo|maximo|está|esta|es|sería|seria|ya|deal|done|best|all|more|less|here|there|thanks|ty|cheers)\b"
)


def _decimal(figure: str, scale: str | None, locale: str) -> Decimal | None:
    figure = figure.replace(" ", "")
    european = locale.lower().startswith(("es-es", "de", "fr", "it", "nl"))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", figure):
        figure = figure.replace(",", "")
    elif european and re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", figure):
        figure = figure.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", figure):
        figure = figure.replace(",", ".")
    if not re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", figure):
        return None
    value = Decimal(figure)
    factor = {"k": 1000, "grand": 1000, "thousand": 1000, "mil": 1000, "hundred": 100}.get(scale or "", 1)
    return value * factor


class AmountFinder:
    """Collects the amounts of one text, with their places, and what is doubtful about them."""

    def __init__(self, canvas: Canvas, *, locale: str, currency: str) -> None:
        self._canvas = canvas
        self._locale = locale
        self._currency = currency
        self._found: list[tuple[int, int, Money]] = []
        self.unsure = False

    def _add(self, start: int, end: int, value: Decimal | None, currency: str | None) -> None:
        if value is None or value <= 0:
            self._canvas.paint(start, end, QUIET)
            self.unsure = self.unsure or value is None
            return
        try:
            money = Money.from_decimal(value, currency or self._currency)
        except MoneyError:
            self.unsure = True
            self._canvas.paint(start, end, QUIET)
            return
        if currency and currency != self._currency:
            self.unsure = True
        self._found.append((start, end, money))
        self._canvas.paint(start, end, AMOUNT)

    def find_marked(self) -> None:
        """Amounts that say what they are: a sign, a currency's name, "k", two decimals."""
        canvas = self._canvas
        for pattern in (_SIGNED, _AFTER_SIGN, _CODED, _NAMED):
            for match in canvas.take(pattern):
                groups = match.groupdict()
                currency = _SIGNS.get(groups.get("sign") or "") or _NAMES.get(groups.get("name") or "")
                if currency == "GBP" and groups.get("name") in ("pound", "pounds") and self._currency == "USD":
                    self.unsure = True
                self._add(*match.span(), _decimal(groups["figure"], groups["scale"], self._locale), currency)
        for match in canvas.take(_WORDS_NAMED):
            words = in_words(match["words"])
            self._add(*match.span(), None if words is None else Decimal(words), _NAMES[match["name"]])
        for match in canvas.take(_COUPLE):
            self.unsure = True
            factor = {"hundred": 100, "thousand": 1000, "grand": 1000}.get(match["scale"])
            if factor and "couple" in match.group():
                self._add(*match.span(), Decimal(2 * factor), None)
            else:
                canvas.paint(*match.span(), QUIET)
        for match in canvas.take(_PENNIES):
            currency = self._currency if match["name"] == "p" else _PENCE[match["name"]]
            self._add(*match.span(), Decimal(match["figure"]) / 100, currency)
        for pattern in (_SCALED, _DECIMAL):
            for match in canvas.take(pattern):
                scale = match.groupdict().get("scale")
                self._add(*match.span(), _decimal(match["figure"], scale, self._locale), None)
        for match in canvas.take(_NOTES):
            self._add(*match.span(), Decimal(_NOTE_VALUES[match["note"]]), None)

    def find_bare(self) -> None:
        """Figures and words that only their company makes an amount. Call it after dates were painted."""
        for match in self._canvas.take(_RANGE):
            before, after = self._canvas.before(match.start()), self._canvas.after(match.end())
            rhythm = re.match(rf"[{FREQUENCY}]", after)
            if int(match["low"]) < int(match["high"]) and (rhythm or (_CUE.search(before) and not _COUNTED.match(after))):
                self.unsure = True
                for name in ("low", "high"):
                    self._add(*match.span(name), Decimal(match[name]), None)
        for pattern in (_THOUSANDS, _BARE, _BARE_WORDS):
            for match in self._canvas.take(pattern):
                groups = match.groupdict()
                if words := groups.get("words"):
                    number = in_words(words)
                    value = None if number is None else Decimal(number)
                else:
                    value = _decimal(groups["figure"], None, self._locale)
                if value and self._is_amount(match.start(), match.end(), value, in_words=bool(words)):
                    self._add(*match.span(), value, None)

    def _is_amount(self, start: int, end: int, value: Decimal, *, in_words: bool) -> bool:
        before, after = self._canvas.before(start), self._canvas.after(end)
        if re.match(rf"[{FREQUENCY}]", after):
            return True
        if self._joined(before, after):
            return True
        if _COUNTED.match(after) or before.endswith(IDENTIFIER) or after.startswith(IDENTIFIER):
            return False
        if (not in_words and 1900 <= value <= 2099 and re.search(r"\b(?:in|since|year|of|from|to|until|till|before|after)$|^$", before)
                and "," not in self._canvas.text[start:end]):
            return False
        cued = bool(_CUE.search(before)) or (in_words and value >= 10 and bool(re.search(r"(?:^|\s)an?$", before)))
        if _BEFORE_NOT.search(before) and not re.search(r"\b(?:pay|paying|afford|manage|do|offer) (?:about|around|from)$", before):
            return False
        if value < (5 if in_words else 2):
            return False
        if in_words and value < 10 and not cued:
            return False
        alone = not before.strip(" .,!?") or before[-1:] in ".,;!?\n:(" or before[-1:] in (FREQUENCY, DATE, AMOUNT)
        if _FOLLOWS.match(after) and (cued or alone or not in_words):
            return True
        return cued and not re.match(r"[a-z]", after)

    def _joined(self, before: str, after: str) -> bool:
        """Whether a range or a correction ties the number to an amount: "40-£50", "not 14"."""
        return bool(re.search(rf"{AMOUNT}\s*(?:-|to|or|not|a|o)\s*$", before) or re.match(rf"(?:-|to|or|not)\s*{AMOUNT}", after))

    def beside(self, follows: re.Pattern[str]) -> Money | None:
        """The first amount that ``follows`` matches after."""
        for _, end, money in sorted(self._found, key=lambda item: item[0]):
            if follows.match(self._canvas.text, end):
                return money
        return None

    def result(self) -> tuple[Money, ...]:
        """The amounts in the order of the text, without those taken back ("40 not 14"); ranges are in doubt."""
        found = sorted(self._found, key=lambda item: item[0])
        text = self._canvas.text
        kept = [item for item in found if not (len(found) > 1 and _NOT.search(text[max(0, item[0] - 20):item[0]]))]
        kept = [item for place, item in enumerate(kept)
                if place + 1 == len(kept) or not _CORRECTED.fullmatch(text[item[1]:kept[place + 1][0]])]
        for (_, end, _), (start, _, _) in pairwise(kept):
            between = text[end:start]
            either = re.fullmatch(rf"[{QUIET}{FREQUENCY}\s]*(?:-|to|or|o|a|maybe|or maybe|or even)[\s]*", between)
            if either or (between.strip() in ("and", "y") and re.search(r"\b(?:between|entre)\b", text[:end])):
                self.unsure = True
        return tuple(dict.fromkeys(money for _, _, money in kept))
