"""Every text and title that the code names exists, and nothing typed or stored is ever taken for a template."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, meta

from conversations.texts import FOLDER, TextError, day, known_locale, moment, money, render, texts
from runtime.settings import ROOT

ROOMS = ("actions", "bot", "compliance", "console", "outreach", "payments")
WORDS = texts("en", "en-GB")
SOURCE = yaml.safe_load((FOLDER / "en.yml").read_text(encoding="utf-8"))
POUNDS = {"minor": 123450, "currency": "GBP"}


def _calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    yield path, node, name


def _named(node: ast.expr) -> Iterator[str]:
    """The names an expression may come to: a string, or either of "a" if … else "b"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _named(node.body)
        yield from _named(node.orelse)


def _used(*functions: str) -> set[tuple[str, str]]:
    return {(name, f"{path.relative_to(ROOT)}:{call.lineno}") for path, call, function in _calls()
            if function in functions and call.args for name in _named(call.args[0])}


def test_every_text_that_is_said_is_there() -> None:
    used = _used("Say", "DebtorError", "render", "_refuse")
    used |= {(response["custom"]["say"], f"domain.yml {name}")
             for name, responses in yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"].items()
             for response in responses}
    assert len(used) > 60
    assert sorted(one for one in used if one[0] not in WORDS.names) == []


def test_every_title_that_is_shown_is_there() -> None:
    cards = {(value.value, f"{path.relative_to(ROOT)}:{node.lineno}")
             for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Dict)
             for key, value in zip(node.keys, node.values, strict=True)
             if isinstance(key, ast.Constant) and key.value == "title" and isinstance(value, ast.Constant)}
    used = _used("Choice") | cards
    assert len(used) > 30
    assert sorted(one for one in used if one[0] not in WORDS.titles) == []


def _needed(name: str) -> set[str]:
    """The values that a text's variants ask for."""
    environment = Environment(autoescape=True)
    environment.filters |= {"money": money, "day": day, "moment": moment}
    variants = SOURCE["texts"][name]
    return set().union(*(meta.find_undeclared_variables(environment.parse(variant)) - {"rhythm", "sums", "phrase"}
                         for variant in ([variants] if isinstance(variants, str) else variants)))


@pytest.mark.parametrize("name", sorted(SOURCE["texts"]))
def test_every_text_is_a_template(name: str) -> None:
    if not _needed(name):
        assert render(name, {}, "en", "en-GB").strip()


def test_every_text_is_given_the_values_it_asks_for() -> None:
    checked, missing = 0, []
    for path, call, function in _calls():
        if function != "Say" or not call.args:
            continue
        given = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
        if isinstance(given, ast.Dict) and all(isinstance(key, ast.Constant) for key in given.keys):
            keys = {key.value for key in given.keys if isinstance(key, ast.Constant)}
            for name in _named(call.args[0]):
                checked += 1
                if lacking := _needed(name) - keys:
                    missing.append((f"{path.relative_to(ROOT)}:{call.lineno}", name, sorted(lacking)))
    assert checked > 60
    assert missing == []


def test_titles_fit_on_a_button() -> None:
    for name, title in SOURCE["titles"].items():
        if "{" not in title:
            assert 0 < len(WORDS.title(name, {})) <= 64, name


def test_the_same_seed_says_the_same_words() -> None:
    several = [name for name, variants in SOURCE["texts"].items() if isinstance(variants, list) and len(variants) > 1]
    assert several
    for name in several:
        values = {"name": "Sam", "operator": "Desk"}
        try:
            said = {seed: render(name, values, "en", "en-GB", seed) for seed in map(str, range(20))}
        except TextError:
            continue  # it needs more than a name
        assert said == {seed: render(name, values, "en", "en-GB", seed) for seed in said}
        assert len(set(said.values())) > 1


@pytest.mark.parametrize("values", [
    {}, {"totals": None}, {"totals": [{}]}, {"totals": [{"minor": "x", "currency": "GBP"}]},
    {"totals": [{"minor": 1, "currency": "NOPE"}], "name": "x", "debts": []}, {"totals": "much", "name": object()}])
def test_values_that_do_not_fit_are_one_kind_of_error(values: dict[str, object]) -> None:
    with pytest.raises(TextError, match="balance"):
        render("balance", values, "en", "en-GB")


def test_a_text_or_title_nobody_wrote() -> None:
    for name in ("", "nope", "__class__", "../en"):
        with pytest.raises(TextError):
            render(name, {}, "en", "en-GB")
        with pytest.raises(TextError):
            WORDS.title(name, {})


@pytest.mark.parametrize("odd", ["{{ 7*7 }}", "{% raw %}", "{{ self }}", "{# x #}", "<b>x</b>", "${x}",
                                 "\u202ex"])
def test_a_name_is_never_a_template(odd: str) -> None:
    assert odd in render("hello_name", {"name": odd}, "en", "en-GB")


@pytest.mark.parametrize("locale", ["en-GB", "en-US", "es-ES", "zz-ZZ", "en-AQ", "", "x", "../../etc/passwd"])
@pytest.mark.parametrize("language", ["en", "es", "xx", "", "..", "/e"])
def test_any_locale_and_language_gives_words(language: str, locale: str) -> None:
    assert render("thanks", {}, language, locale)
    assert "1" in money(POUNDS, known_locale(locale))
    assert day({"date": "2026-12-03"}, known_locale(locale))
    assert moment({"instant": "2026-12-03T10:00:00+00:00", "zone": "Europe/London"}, known_locale(locale))


def test_amounts_and_days_are_written_as_the_country_does() -> None:
    assert [money(POUNDS, "en-GB"), money({"minor": 500, "currency": "JPY"}, "en-GB")] == ["£1,234.50", "JP¥500"]
    assert (day("2026-12-03", "en-GB"), day("2026-12-03", "en-US")) == ("3 December 2026", "December 3, 2026")


@pytest.mark.parametrize(("values", "words"), [
    ({"every": 2, "unit": "week"}, "£40.00 every two weeks"),
    ({"every": 2, "unit": "week", "rule": "friday"}, "£40.00 every two weeks, on Friday"),
    ({"every": 1, "unit": "month", "rule": "last_working_day"}, "£40.00 a month, on the last working day"),
    ({"every": 1, "unit": "month", "rule": "last_friday"}, "£40.00 a month, on the last Friday"),
    ({"every": 1, "unit": "month", "rule": "28_before"}, "£40.00 a month, on the 28th or the working day before"),
    ({"every": 1, "unit": "month", "rule": "1_and_15"}, "£40.00 twice a month, on the 1st and the 15th"),
    ({"every": 1, "unit": "month", "rule": "15_and_31"}, "£40.00 twice a month, on the 15th and the last day"),
])
def test_a_rhythm_is_said_with_its_day(values: dict[str, object], words: str) -> None:
    assert WORDS.title("offer", {"instalment": {"minor": 4_000, "currency": "GBP"}, **values}) == words


@pytest.mark.parametrize(("dues", "words"), [
    ([9_000], "one payment of £90.00"), ([4_000, 4_000], "2 payments of £40.00 a month"),
    ([4_000, 4_000, 1_000], "2 payments of £40.00 a month, then a last one of £10.00"),
    ([5_000, 4_000], "£50.00 first, then 1 payment of £40.00 a month"),
    ([5_000, 4_000, 4_000, 1_000], "£50.00 first, then 2 payments of £40.00 a month, then a last one of £10.00"),
    ([5_000, 4_300], "£50.00 first, then a last one of £43.00"),
])
def test_a_plan_is_told_as_it_is(dues: list[int], words: str) -> None:
    instalment = dues[0] if len(dues) == 1 else 4_000
    first, last = (len(dues) > 1 and due != instalment for due in (dues[0], dues[-1]))
    said = WORDS.text("plan_confirm", {
        "creditor": "Northern Gas", "instalment": {"minor": instalment, "currency": "GBP"}, "every": 1, "unit": "month",
        "rule": "", "count": len(dues), "first": {"minor": dues[0], "currency": "GBP"}, "first_differs": first,
        "last": {"minor": dues[-1], "currency": "GBP"}, "last_differs": last, "regular": len(dues) - first - last,
        "first_on": {"date": "2026-05-01"}})
    assert f"Northern Gas: {words}, from 1 May 2026." in said
