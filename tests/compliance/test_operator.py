"""The operator file: read, checked in one line, explained, and what it knows of licences and office hours."""

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml

from cli.main import app
from cli.operator_file import operator_schema
from compliance import operator as room
from compliance.operator import Operator, crisis_for, operator, read_operator
from compliance.operator_words import explain, warnings
from compliance.profile import load_profile
from runtime.errors import OperatorError
from runtime.settings import ROOT

FILE = ROOT / "operator.yml"


@pytest.fixture
def demo() -> Operator:
    return Operator.model_validate(yaml.safe_load(FILE.read_text("utf-8")))


def _from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> Operator:
    path = tmp_path / "operator.yml"
    if text is not None:
        path.write_text(text, "utf-8")
    monkeypatch.setattr(room, "settings", lambda: type("Settings", (), {"operator_file": path})())
    return operator.__wrapped__()


def test_the_demo_operator_is_invented(demo: Operator) -> None:
    assert demo.phone.replace(" ", "").startswith("0808157")  # Ofcom's free numbers for fiction
    assert demo.website.endswith(".example")
    assert all(mail.endswith(".example") for mail in (demo.email, demo.complaints.email))


def test_nothing_neutral_hints_at_a_debt(demo: Operator) -> None:
    assert not {"debt", "collect", "recover"} & set(demo.neutral_sender.lower().split())


@pytest.mark.parametrize(("text", "said"), [
    (None, "There is no operator file"),
    ("{legal_name: [", "is not valid YAML"),
    ("legal_name: A", "trading_name: is missing; expected what debtors call it"),
    (FILE.read_text("utf-8").replace("Europe/London", "Mars/Base"), "'Mars/Base' is not a time zone"),
    (FILE.read_text("utf-8").replace('closes: "14:00"', 'closes: "09:00"'),
     r"line \d+: opening_hours.saturday.closes: closes before it opens"),
    (FILE.read_text("utf-8").replace("Harbour and Vale", "Harbour Debt Recovery"), "'Debt' in it hints at a debt"),
    (FILE.read_text("utf-8").replace("Harbour and Vale", "Bailiff Office"), "'Bailiff' in it hints at a debt"),
    (FILE.read_text("utf-8").replace("answer_within_days: 56", "answer_within_days: 60"),
     r"line \d+: complaints.answer_within_days: found 60, but the law asks for an answer within 56 days"),
    (FILE.read_text("utf-8").replace("country: US\n", "country: US\n    regions: [TX]\n", 1),
     r"line \d+: licences\[2\].regions: TX is no state or nation of United States \(write Texas\)"),
    (FILE.read_text("utf-8").replace("logo.png", "none.png"), r"line \d+: logo: demo/none.png cannot be read"),
    (FILE.read_text("utf-8") + "surprise: 1\n", r"line \d+: surprise: there is no such field"),
])
def test_a_mistake_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None,
                                     said: str) -> None:
    with pytest.raises(OperatorError, match=said) as caught:
        _from(tmp_path, monkeypatch, text)
    assert "\n" not in str(caught.value)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(timezone.utc)


@pytest.mark.parametrize(("now", "is_open", "opens", "reply"), [
    ("2026-11-20T10:00", True, "2026-11-21T10:00", "2026-11-20T14:00"),
    ("2026-11-20T16:00", True, "2026-11-21T10:00", "2026-11-21T13:00"),
    ("2026-11-21T13:30", True, "2026-11-23T09:00", "2026-11-23T12:30"),
    ("2026-11-22T12:00", False, "2026-11-23T09:00", "2026-11-23T13:00"),
    ("2026-12-24T17:30", True, "2026-12-28T09:00", "2026-12-28T12:30"),
    ("2026-07-01T08:59", False, "2026-07-01T09:00", "2026-07-01T13:00"),
    ("2026-07-01T18:00", False, "2026-07-02T09:00", "2026-07-02T13:00"),
])
def test_office_hours(demo: Operator, now: str, is_open: bool, opens: str, reply: str) -> None:
    assert demo.open_at(_at(now)) is is_open
    assert demo.next_opening(_at(now)) == _at(opens)
    assert demo.reply_by(_at(now)) == _at(reply)


def test_hours_as_text(demo: Operator) -> None:
    assert demo.hours_text == "Mon-Thu 09:00-18:00, Fri 09:00-17:00, Sat 10:00-14:00"


def test_what_is_not_configured_is_not_said(demo: Operator) -> None:
    assert "supply" in (demo.consequence_text("energy") or "")
    assert demo.consequence_text("loan") == demo.consequence_text("default")
    assert demo.model_copy(update={"consequences": ()}).consequence_text("energy") is None
    assert demo.model_copy(update={"licences": ()}).register_name is None
    assert demo.licence_in("FR") is None, "another country's licence proves nothing"
    assert demo.licence_in(None) is None


def changed(demo: Operator, **fields: Any) -> Operator:
    return Operator.model_validate(demo.model_dump(mode="json") | fields)


def test_consequences_are_of_their_country_and_stage(demo: Operator) -> None:
    office = changed(demo, consequences=[
        {"kind": "card", "stage": "default", "text": "any"}, {"kind": "card", "stage": "judgment", "text": "late"},
        {"kind": "default", "countries": ["GB"], "text": "British"}])
    assert office.consequence_text("card", "judgment", "US") == "late"
    assert office.consequence_text("card", "early", "US") == "any"
    assert office.consequence_text("loan", country="GB") == "British"
    assert office.consequence_text("loan", country="US") is None
    assert office.consequence_text("loan") is None


@pytest.mark.parametrize("field", [{"kind": "Energy"}, {"kind": "card", "stage": "after judgment"}])
def test_kinds_and_stages_are_words_as_the_ledger_has_them(demo: Operator, field: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(reversed(field))):
        changed(demo, consequences=[{"text": "x", **field}])


def test_ways_to_pay_are_for_their_countries(demo: Operator) -> None:
    office = changed(demo, ways_to_pay=[{"name": "A", "text": "a", "countries": ["GB"]}, {"name": "B", "text": "b"}])
    assert [way["name"] for way in office.ways_to_pay_texts("GB")] == ["A", "B"]
    assert [way["name"] for way in office.ways_to_pay_texts("US")] == ["B"]
    assert [way["name"] for way in office.ways_to_pay_texts()] == ["B"]


def test_licences_are_for_their_states(demo: Operator) -> None:
    licence = {"country": "US", "name": "L", "number": "1", "register_name": "R", "register_url": "https://r.example"}
    office = changed(demo, licences=[
        {**licence, "regions": ["New York"], "until": "2026-06-30"}, {**licence, "number": "2", "regions": ["Ohio"]}],
        free_of_licence=[{"country": "US", "regions": ["Kansas"], "why": "our lawyer, 2026"}])
    day = date(2026, 6, 30)
    assert office.licensed("US", "New York", day)
    assert not office.licensed("US", "New York", date(2026, 7, 1))
    assert office.licensed("US", "Ohio", day)
    assert office.licensed("US", "Kansas", day)
    assert not office.licensed("US", "Texas", day)
    assert not office.licensed("US", None, day), "a state that is not known is not licensed"
    assert not office.licensed("GB", "England", day)
    found = office.licence_in("US", "Ohio")
    assert (found.number if found else None) == "2"
    assert demo.licensed("US", None)


def test_ombudsmen_by_country(demo: Operator) -> None:
    assert (demo.complaints.ombudsman_in("GB") or demo).model_dump()["name"] == "Financial Ombudsman Service"
    assert demo.complaints.ombudsman_in("US") is None
    office = changed(demo, complaints={"answer_within_days": 28, "ombudsmen": [{"country": "US", "name": "State AG"}]})
    assert office.complaints.ombudsman_in("US") is not None
    assert office.complaints.ombudsman_in("GB") is None


def test_own_helplines_come_after_the_profiles(demo: Operator) -> None:
    office = changed(demo, crisis=[{"country": "GB", "name": "Ours", "phone": "0808 157 0199"}])
    uk, us = load_profile("uk"), load_profile("us")
    assert [c.name for c in crisis_for(uk, office, "England")] == ["Samaritans", "Shout", "Ours"]
    assert "Ours" not in {c.name for c in crisis_for(us, office, None)}


def test_it_is_explained_in_words(demo: Operator) -> None:
    said = "\n".join(explain(demo))
    for words in (demo.legal_name, demo.neutral_sender, demo.hours_text, "Financial Services Register", "56 days",
                  "Financial Ombudsman Service", "Bank transfer", "can't cut off a supply"):
        assert words in said
    bare = changed(demo, licences=[], ways_to_pay=[], consequences=[], logo=None,
                   complaints={"answer_within_days": 28})
    said = "\n".join(explain(bare))
    for words in ("None are named", "no logo", "They are taken in the chat", "In GB no ombudsman is named",
                  "it says nothing, and offers a person"):
        assert words in said
    assert "None" not in said.replace("None are named", "")


def test_what_a_lawyer_should_look_at(demo: Operator) -> None:
    day = date(2026, 3, 3)
    assert all("rule 16" in line for line in warnings(demo, day))
    office = changed(demo, consequences=[{"kind": "card", "text": "We may go to court and take your wages."}],
                     licences=[demo.licences[0].model_dump(mode="json") | {"until": "2026-03-02"}],
                     complaints={"answer_within_days": 28})
    said = list(warnings(office, day))
    assert any("speaks of court, wages" in line for line in said)
    assert any("ended on 2026-03-02" in line for line in said)
    assert any("no licence in United States" in line for line in said)
    assert any("no ombudsman is named for United Kingdom" in line for line in said)


def test_the_commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command, said in (("check", "the operator file is in order"), ("explain", "What is not here is not said.")):
        with pytest.raises(SystemExit) as done:
            app(["operator", command, str(FILE)])
        assert done.value.code == 0
        assert said in capsys.readouterr().out
    assert app(["operator", "check", str(tmp_path / "none.yml")]) == 1
    assert capsys.readouterr().err.startswith("debtdesk: There is no operator file at ")
    with pytest.raises(SystemExit):
        app(["operator", "schema", "--out", str(tmp_path / "s.json")])
    assert (tmp_path / "s.json").read_text() == (ROOT / "docs/schemas/operator.schema.json").read_text(), \
        "run: debtdesk operator schema --out docs/schemas/operator.schema.json"


def test_the_shipped_file_fits_the_schema_and_names_it() -> None:
    jsonschema.Draft202012Validator.check_schema(operator_schema())
    content = json.loads(json.dumps(yaml.safe_load(FILE.read_text("utf-8")), default=str))
    jsonschema.validate(content, operator_schema())
    first = FILE.read_text("utf-8").splitlines()[0]
    assert (FILE.parent / first.partition("$schema=")[2]).resolve() == ROOT / "docs/schemas/operator.schema.json"
    assert read_operator(FILE).legal_name == content["legal_name"]
