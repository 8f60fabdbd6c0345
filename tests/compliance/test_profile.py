"""Profiles: complete, checked, explained, chosen by country, beaten by state and city; hours where the debtor lives."""

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli.main import app
from cli.profiles import profile_schema
from compliance import profile as room
from compliance.contact_rules import Cap, CoolingOff
from compliance.files import WrongFile
from compliance.prescribed import Moment, Role
from compliance.profile import load_profile, profile, profile_of, read_profile
from compliance.profile_words import explain
from ledger.holds import EFFECTS
from ledger.kinds import Act, Authority, HoldReason
from ledger.models import Debtor
from runtime.errors import OperatorError
from runtime.settings import ROOT, settings

NAMES = ["uk", "us"]


def someone(country: str, region: str | None = None, postcode: str | None = None) -> Debtor:
    return Debtor(ref="X", first_name="A", last_name="B", country=country, region=region, postcode=postcode)


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_whole(name: str) -> None:
    one = load_profile(name)
    assert one.name == name
    assert set(one.holds) == set(HoldReason)
    for reason, rule in one.holds.items():
        assert rule.effect.stops >= EFFECTS[reason].stops
        assert EFFECTS[reason].payable or not rule.payable
    assert all(contact.phone for contact in one.crisis)
    assert all(contact.phone or contact.website for contact in one.free_advice)
    assert not one.identity.sent_links_verify
    assert all(law.source for law in one.time_bar.places.values())


def test_the_country_chooses_and_the_setting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert profile("US").name == profile("us").name == "us"
    assert profile("GB").name == profile(None).name == profile("FR").name == profile_of(None).name == "uk"
    monkeypatch.setenv("DEBTDESK_PROFILE", "us")
    settings.cache_clear()
    try:
        assert profile("FR").name == "us"
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_an_unknown_profile_is_one_clear_line() -> None:
    with pytest.raises(OperatorError, match="there is no profile 'atlantis'; known are uk, us"):
        load_profile("atlantis")


@pytest.fixture
def uk() -> dict[str, Any]:
    """The UK's profile as data, to be spoilt."""
    found: dict[str, Any] = yaml.safe_load((room.FOLDER / "uk.yml").read_text("utf-8"))
    return found


def spoilt(tmp_path: Path, content: dict[str, Any]) -> str:
    path = tmp_path / "uk.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    with pytest.raises(WrongFile) as caught:
        read_profile(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("figure", [
    "emergency_number", "crisis", "free_advice", "contact_hours", "caps", "cooling_off", "holds", "time_bar",
    "documents", "disclosures", "moratoria", "licensing", "identity", "fraud_report", "on_stop", "country", "regions"])
def test_a_missing_figure_is_named(tmp_path: Path, uk: dict[str, Any], figure: str) -> None:
    del uk[figure]
    assert f": {figure}: is missing; expected " in spoilt(tmp_path, uk)


@pytest.mark.parametrize(("path", "value", "said"), [
    ("caps.per_debt.messages", 0, "caps.per_debt.messages: found 0, expected 1 or more"),
    ("caps.per_dept", {}, "caps.per_dept: there is no such field (did you mean per_debt?)"),
    ("contact_hours.not_before", "22:00", "not_before is not before not_after"),
    ("holds.hardship.days", "a while", "holds.hardship.days: found 'a while', expected a whole number"),
    ("holds.hardship.stops", ["ask"], "holds.hardship.stops lacks accrue, charge, remind, which rest under every law"),
    ("holds.dispute.payable", True, "holds.dispute.payable cannot be true"),
    ("holds.hardship.lifted_by", "anyone", "expected debtor, staff or lead"),
    ("time_bar.claims.card", "contrakt", "claims.card is contrakt, for which no place has a figure"),
    ("time_bar.places.England.years.contract", 60, "found 60, expected 30 or less"),
    ("documents.data_request", None, "documents.data_request: found nothing"),
    ("disclosures.old_debt.text", {"es": "Sí"}, "there are no words in English (en)"),
    ("name", "england", "found 'england', expected the file's own name, uk"),
    ("licensing.needed_by", ["everybody"], "expected collector or creditor"),
])
def test_a_wrong_figure_is_named(tmp_path: Path, uk: dict[str, Any], path: str, value: object, said: str) -> None:
    *steps, last = path.split(".")
    part = uk
    for step in steps:
        part = part[step]
    part[last] = value
    assert said in spoilt(tmp_path, uk)


def test_a_reason_without_its_rule_is_named(tmp_path: Path, uk: dict[str, Any]) -> None:
    del uk["holds"]["advice"]
    assert "holds.advice is missing: every reason needs its rule" in spoilt(tmp_path, uk)


def test_an_overlay_is_tried_too(tmp_path: Path, uk: dict[str, Any]) -> None:
    uk["overlays"][0]["set"] = {"caps": {"per_debt": {"messages": 500}}}
    assert "overlay Scotland: caps.per_debt.messages: found 500, expected 100 or less" in spoilt(tmp_path, uk)
    uk["overlays"][0]["region"] = "Scottland"
    assert "Scottland is not in regions (did you mean Scotland?)" in spoilt(tmp_path, uk)


def test_a_key_given_twice_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "uk.yml"
    path.write_text((room.FOLDER / "uk.yml").read_text("utf-8") + 'country: "US"\n', "utf-8")
    with pytest.raises(WrongFile, match="country: is given twice"):
        read_profile(path)


# Places ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("region", "postcode", "messages"), [
    (None, None, 7), ("NJ", "07030", 7), ("New York", None, 7), ("NY", "12207", 7), ("NY", "10001", 3),
    ("new york", "11201-1234", 3), ("NJ", "10001", 7), ("MA", None, 2), ("Washington", "98101", 3),
    ("Atlantis", "1", 7)])
def test_state_and_city_beat_the_profile(region: str | None, postcode: str | None, messages: int) -> None:
    rules = profile_of(someone("US", region, postcode))
    assert rules.caps.per_debt.messages == messages
    assert rules.caps.per_debt.days == 7
    assert rules.validation_days == 5, "what an overlay says nothing of stays"


def test_a_city_and_its_state_both_count() -> None:
    rules = profile_of(someone("US", "NY", "10001"))
    assert rules.caps.per_person.messages == 3
    assert "not required to admit" in (rules.old_debt_words(Role.COLLECTOR, "en") or "")
    assert "tan antigua" in (rules.old_debt_words(Role.COLLECTOR, "es") or "")


def test_scotland_has_its_own_law() -> None:
    assert "no longer exist" in (profile_of(someone("GB", "Scotland")).old_debt_words(Role.CREDITOR, "en") or "")
    for region in ("England", None):
        words = profile_of(someone("GB", region)).old_debt_words(Role.CREDITOR, "en")
        assert "will not take you to court" in (words or "")


@pytest.mark.parametrize(("region", "name"), [
    ("England", "Breathing space"), ("WLS", "Breathing space"), ("Scotland", "Statutory moratorium"),
    ("Northern Ireland", None), (None, "Breathing space")])
def test_the_statutory_scheme_is_that_of_the_nation(region: str | None, name: str | None) -> None:
    found = load_profile("uk").moratorium(region)
    assert (found.name if found else None) == name


def test_contacts_serve_their_nations() -> None:
    uk = load_profile("uk")
    assert "Lifeline" not in {c.name for c in uk.crisis_for("England")}
    assert "Lifeline" in {c.name for c in uk.crisis_for("Northern Ireland")}
    assert "Lifeline" in {c.name for c in uk.crisis_for("nir")}
    assert "Advice Direct Scotland" in {a.name for a in uk.advice_for("Scotland")}
    assert "National Debtline" not in {a.name for a in uk.advice_for("Northern Ireland")}
    assert len(uk.advice_for(None)) == len(uk.free_advice)


# What is said and sent ---------------------------------------------------------------------------------------------


def test_disclosures_speak_the_conversations_language() -> None:
    us = load_profile("us")
    assert "attempting to collect a debt" in (us.disclosure(first=True, language="en") or "")
    assert "cobrador de deudas" in (us.disclosure(first=True, language="es") or "")
    assert us.disclosure(first=False, language="pl") == us.disclosure(first=False, language="en")
    assert us.collector_disclosure
    assert us.prescribed(Moment.FIRST_MESSAGE, Role.CREDITOR) == []
    assert us.disclosed_again_after == timedelta(hours=24)
    uk = load_profile("uk")
    assert uk.disclosure(first=True, language="en") is None
    assert not uk.collector_disclosure


def test_documents_have_their_day() -> None:
    us = load_profile("us")
    assert us.documents["validation_notice"].due(date(2026, 3, 1)) == date(2026, 3, 6)
    assert us.documents["validation_notice"].applies_to == (Role.COLLECTOR,)
    assert (us.complaint_days, load_profile("uk").complaint_days) == (None, 56)


# When --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "zone", "allowed"), [
    (8, "Europe/London", True), (7, "Europe/London", False), (21, "Europe/London", False), (20, "Europe/London", True),
    (13, "America/Chicago", False), (15, "America/Chicago", True), (12, None, False),
])
def test_hours_are_the_debtors(hour: int, zone: str | None, allowed: bool) -> None:
    now = datetime(2026, 1, 15, hour, 0, tzinfo=timezone.utc)
    assert load_profile("us").may_contact_at(now, zone) is allowed


def test_caps_and_cooling_off(now: datetime) -> None:
    cap = Cap(messages=2, days=7)
    assert not cap.reached([], now)
    assert not cap.reached([now - timedelta(days=1), now - timedelta(days=7)], now), "seven days ago is out of it"
    assert cap.reached([now - timedelta(days=1), now - timedelta(days=6, hours=23)], now)
    quiet = CoolingOff(after_talk_days=7, after_no_days=30)
    assert quiet.over(now=now, talked_at=None)
    assert not quiet.over(now=now, talked_at=now - timedelta(days=6))
    assert quiet.over(now=now, talked_at=now - timedelta(days=7), said_no_at=now - timedelta(days=30))
    assert not quiet.over(now=now, talked_at=None, said_no_at=now - timedelta(days=29))


def test_holds_have_their_least_length() -> None:
    uk = load_profile("uk")
    assert uk.hold_until(HoldReason.HARDSHIP, date(2026, 3, 1)) == date(2026, 3, 31)
    assert uk.hold_until(HoldReason.ADVICE, date(2026, 3, 1)) == date(2026, 3, 31)  # CONC 7.3.11: thirty days
    assert uk.hold_until(HoldReason.DISPUTE, date(2026, 3, 1)) is None
    breathing = uk.holds[HoldReason.BREATHING_SPACE]
    assert (breathing.days, breathing.needs_notice, breathing.placed_by.authority) == (60, True, Authority.STAFF)
    assert Act.ACCRUE in uk.holds[HoldReason.REPRESENTED].stops


# The command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_explained_in_words(name: str) -> None:
    said = "\n".join(explain(load_profile(name)))
    assert not {"None", "True", "null", "_"} & set(said.split())
    for reason in HoldReason:
        assert f"  {str(reason).replace('_', ' ').capitalize()}: " in said
    for place in load_profile(name).time_bar.places:
        assert f"  {place}: " in said
    assert "Nobody has checked these figures for you" in said


def test_the_commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as done:
        app(["profile", "check", "us"])
    assert done.value.code == 0
    assert "us is in order: 16 reasons for holds" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        app(["profile", "explain"])
    assert capsys.readouterr().out.startswith("United Kingdom (uk): the rules for debtors who live in GB.")
    assert app(["profile", "check", "atlantis"]) == 1
    assert capsys.readouterr().err == ("debtdesk: DEBTDESK_PROFILE: there is no profile 'atlantis'; known are uk, us\n")
    with pytest.raises(SystemExit):
        app(["profile", "schema", "--out", str(tmp_path / "s.json")])
    assert (tmp_path / "s.json").read_text() == (ROOT / "docs/schemas/profile.schema.json").read_text(), \
        "run: debtdesk profile schema --out docs/schemas/profile.schema.json"


@pytest.mark.parametrize("name", NAMES)
def test_shipped_profiles_fit_the_schema_and_name_it(name: str) -> None:
    path = room.FOLDER / f"{name}.yml"
    jsonschema.Draft202012Validator.check_schema(profile_schema())
    jsonschema.validate(json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str)), profile_schema())
    first = path.read_text("utf-8").splitlines()[0]
    assert (path.parent / first.partition("$schema=")[2]).resolve() == ROOT / "docs/schemas/profile.schema.json"
