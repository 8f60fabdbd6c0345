"""Texts a debtor reads: one file per language, filled with typed values, nothing composed elsewhere.

A text has one variant or several honest ones; which one is chosen depends on the seed only, so a turn that is
replayed says the same words again. Values are JSON, as actions send them:

* money ``{"minor": 4000, "currency": "GBP"}``  → filter ``money``
* a date ``{"date": "2026-12-03"}``             → filter ``day``
* an instant ``{"instant": "2026-12-03T10:00:00+00:00", "zone": "Europe/London"}`` → filter ``moment``
* plain text, whole numbers, truth values, and lists or mappings of these
"""

import re
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, get_currency_precision
from jinja2 import StrictUndefined, Template, TemplateError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).parent / "texts"


class TextError(Exception):
    """A text is missing or its values do not fit. A bug; the message names the text."""


def money(value: Mapping[str, Any], locale: str) -> str:
    """``£1,234.50``: the amount with its currency's sign and decimals, as the locale writes it."""
    currency = str(value["currency"])
    amount = Decimal(int(value["minor"])).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale.replace("-", "_"))


def day(value: Mapping[str, Any] | str, locale: str) -> str:
    """``3 December 2026``, as the locale writes it."""
    iso = value if isinstance(value, str) else str(value["date"])
    return format_date(date.fromisoformat(iso), format="long", locale=locale.replace("-", "_"))


def moment(value: Mapping[str, Any], locale: str) -> str:
    """``Monday 3 December at 10:00`` where the debtor or the office is."""
    instant = datetime.fromisoformat(str(value["instant"])).astimezone(ZoneInfo(str(value["zone"])))
    form = "EEEE d MMMM 'at' HH:mm" if locale.startswith("en-GB") else "EEEE, MMMM d 'at' h:mm a"
    if locale.startswith("es"):
        form = "EEEE d 'de' MMMM 'a las' HH:mm"
    return format_datetime(instant, form, locale=locale.replace("-", "_"))


_RULE = re.compile(r"(?P<last_working_day>last_working_day)|(?P<last>last_)?(?P<weekday>[a-z]+day)"
                   r"|(?P<day>\d+)_(?P<move>before|after)|(?P<one>\d+)_and_(?P<two>\d+)")


def _with_rule(words: Mapping[str, Any], often: str, rule: str) -> str:
    """A rhythm whose rule (``ledger.schedule.Frequency``) names the day, in the words of one language."""
    if (match := _RULE.fullmatch(rule)) is None:
        raise ValueError(f"no rule of a rhythm: {rule!r}")
    found = match.groupdict()
    if found["last_working_day"]:
        return str(words["last_working_day"]).format(often=often)
    if weekday := found["weekday"]:
        form = "last_weekday" if found["last"] else "weekday"
        return str(words[form]).format(often=often, weekday=words["weekdays"][weekday])

    def ordinal(day: str) -> str:
        return str(words["ordinals"].get(int(day), words["ordinals"]["other"])).format(day=day)

    if found["one"]:
        return str(words["twice"]).format(one=ordinal(found["one"]), two=ordinal(found["two"]))
    return str(words[found["move"]]).format(often=often, day=ordinal(found["day"]))


class Texts:
    """The texts of one language and locale."""

    def __init__(self, language: str, locale: str) -> None:
        path = FOLDER / f"{language}.yml"
        source = yaml.safe_load(path.read_text(encoding="utf-8"))
        self._environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._compiled: dict[str, Template] = {}
        self._environment.filters["money"] = lambda value: money(value, locale)
        self._environment.filters["day"] = lambda value: day(value, locale)
        self._environment.filters["moment"] = lambda value: moment(value, locale)
        self._texts: dict[str, list[str]] = {
            name: [text] if isinstance(text, str) else list(text) for name, text in source["texts"].items()
        }
        self._titles: dict[str, str] = source["titles"]
        rhythms: dict[str, dict[Any, str]] = source["rhythms"]

        @pass_context
        def rhythm(context: Context, every: int, unit: str) -> str:
            """With the ``rule`` among the values, where there is one."""
            named = rhythms[unit]
            often = named.get(every) or named["many"].format(n=every)
            rule = context.get("rule")
            return _with_rule(source["rhythm_rules"], often, str(rule)) if rule else often

        @pass_context
        def phrase(context: Context, name: str) -> str:
            return self._template(source["phrases"][name]).render(context.get_all()).strip()

        def sums(amounts: list[Mapping[str, Any]]) -> str:
            return f" {source['and']} ".join(money(amount, locale) for amount in amounts)

        self._environment.globals["rhythm"] = rhythm
        self._environment.globals["sums"] = sums
        self._environment.globals["phrase"] = phrase

    def _template(self, source: str) -> Template:
        if source not in self._compiled:
            self._compiled[source] = self._environment.from_string(source)
        return self._compiled[source]

    @property
    def names(self) -> frozenset[str]:
        """The names of all texts."""
        return frozenset(self._texts)

    @property
    def titles(self) -> frozenset[str]:
        """The names of all titles."""
        return frozenset(self._titles)

    def text(self, name: str, values: Mapping[str, Any], seed: str = "") -> str:
        """The text ``name`` filled with ``values``. Raises TextError when either does not fit."""
        variants = self._texts.get(name)
        if not variants:
            raise TextError(f"there is no text {name!r}")
        variant = variants[zlib.crc32(f"{name}{seed}".encode()) % len(variants)]
        return self._fill(name, variant, values)

    def title(self, name: str, values: Mapping[str, Any]) -> str:
        """A button's or card's title. Raises TextError when there is none of that name."""
        if name not in self._titles:
            raise TextError(f"there is no title {name!r}")
        return self._fill(name, self._titles[name], values)

    def _fill(self, name: str, template: str, values: Mapping[str, Any]) -> str:
        try:
            return " ".join(self._template(template).render(values).split())
        except (ArithmeticError, AttributeError, LookupError, TemplateError, TypeError, ValueError) as error:
            raise TextError(f"text {name!r}: {error}") from error


def known_locale(locale: str) -> str:
    """``locale`` where amounts and dates can be written as it wants, else British English's."""
    try:
        Locale.parse(locale.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return "en-GB"
    return locale


@lru_cache(maxsize=64)
def texts(language: str, locale: str) -> Texts:
    """The texts of a language, in British English where the language or locale is not known."""
    known = language if (FOLDER / f"{language}.yml").exists() else "en"
    return Texts(known, known_locale(locale))


def render(name: str, values: Mapping[str, Any], language: str, locale: str, seed: str = "") -> str:
    """The text ``name`` in the debtor's language."""
    return texts(language, locale).text(name, values, seed)
