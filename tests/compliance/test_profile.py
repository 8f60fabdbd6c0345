"""Profiles: complete, checked, chosen by country; hours where the debtor lives."""

from datetime import date, datetime, timezone

import pytest

from compliance import profile as room
from compliance.profile import load_profile, profile
from ledger.kinds import HoldReason
from runtime.errors import OperatorError


@pytest.mark.parametrize("name", ["uk", "us"])
def test_every_profile_is_whole(name: str) -> None:
    one = load_profile(name)
    assert one.name == name
    assert set(one.hold_days) == set(HoldReason)
    assert all(contact.phone for contact in one.crisis)
    assert all(contact.phone or contact.website for contact in one.free_advice)
    assert not one.identity.sent_links_verify


def test_the_country_chooses_and_the_setting_is_the_default() -> None:
    assert profile("US").name == profile("us").name == "us"
    assert profile("GB").name == profile(None).name == profile("FR").name == "uk"


def test_an_unknown_profile_is_one_clear_line() -> None:
    with pytest.raises(OperatorError, match="there is no profile 'atlantis'; known are uk, us"):
        load_profile("atlantis")


def test_a_missing_figure_is_named(tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = room.Path(str(tmp_path))
    text = (room.FOLDER / "uk.yml").read_text("utf-8").replace('emergency_number: "999"\n', "")
    (folder / "broken.yml").write_text(text, "utf-8")
    monkeypatch.setattr(room, "FOLDER", folder)
    with pytest.raises(OperatorError, match=r"broken\.yml: emergency_number: Field required"):
        load_profile("broken")


def test_disclosures_speak_the_conversations_language() -> None:
    us = load_profile("us")
    assert "attempting to collect a debt" in (us.disclosure(first=True, language="en") or "")
    assert "cobrador de deudas" in (us.disclosure(first=True, language="es") or "")
    assert us.disclosure(first=False, language="pl") == us.disclosure(first=False, language="en")
    assert load_profile("uk").disclosure(first=True, language="en") is None


def test_contacts_serve_their_nations() -> None:
    uk = load_profile("uk")
    assert "Lifeline" not in {c.name for c in uk.crisis_for("England")}
    assert "Lifeline" in {c.name for c in uk.crisis_for("Northern Ireland")}
    assert "Advice Direct Scotland" in {a.name for a in uk.advice_for("Scotland")}
    assert "National Debtline" not in {a.name for a in uk.advice_for("Northern Ireland")}


@pytest.mark.parametrize(("hour", "zone", "allowed"), [
    (8, "Europe/London", True), (7, "Europe/London", False), (21, "Europe/London", False), (20, "Europe/London", True),
    (13, "America/Chicago", False), (15, "America/Chicago", True), (12, None, False),
])
def test_hours_are_the_debtors(hour: int, zone: str | None, allowed: bool) -> None:
    now = datetime(2026, 1, 15, hour, 0, tzinfo=timezone.utc)
    assert load_profile("us").may_contact_at(now, zone) is allowed


def test_holds_have_their_least_length() -> None:
    uk = load_profile("uk")
    assert uk.hold_until(HoldReason.HARDSHIP, date(2026, 3, 1)) == date(2026, 3, 31)
    assert uk.hold_until(HoldReason.DISPUTE, date(2026, 3, 1)) is None
