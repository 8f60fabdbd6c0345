"""What is said and done where the creditor's own books count and have not confirmed the figure of late."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from conversations.texts import render
from ledger.confirming import confirm
from ledger.models import Creditor, Debt, Plan, Promise
from payments import mode
from payments.models import PayLink
from runtime.settings import ROOT, settings
from tests.actions.talking import Talk, talk

__all__ = ["talk"]


@pytest.fixture
def old(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """The talk, three days after the last confirmation; the gas company's own system is the master."""
    standard = (ROOT / "policies" / "uk-standard.yml").read_text("utf-8")
    (tmp_path / "uk-standard.yml").write_text(standard, "utf-8")
    (tmp_path / "uk-theirs.yml").write_text(standard + "\nmaster: { system: theirs }\n", "utf-8")
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(tmp_path))
    monkeypatch.setenv("DEBTDESK_PAYMENTS", "test")
    settings.cache_clear()
    assert mode.card_mode() == "test"
    with talk.database.write() as session:
        gas = session.scalars(select(Creditor).where(Creditor.ref == "GAS")).one()
        gas.policy = "uk-theirs"
        confirm(session, session.scalars(select(Debt.id)).all(), talk.now - timedelta(days=3))
        for debt in session.scalars(select(Debt)):
            debt.as_of = talk.now - timedelta(days=3)
    yield talk
    monkeypatch.undo()
    settings.cache_clear()


def count(talk: Talk, table: type[Plan] | type[Promise] | type[PayLink]) -> int:
    with talk.database.read() as session:
        return len(session.scalars(select(table)).all())


def words(talk: Talk) -> str:
    say = talk.last[-1]
    return render(say["say"], say["values"], "en", "en-GB")


def test_the_figure_is_said_with_its_day(old: Talk) -> None:
    assert old.type("action_balance", "what do i owe") == ["balance"]
    assert "The figure for Northern Gas is as of 28 February 2026; it may have changed since." in words(old)
    assert "Parcel & Co is as of" not in words(old)
    old.type("action_debt_details", "what is it for")
    assert "Northern Gas is as of 28 February 2026" in words(old)


def test_no_plan_on_it_but_on_the_others(old: Talk) -> None:
    assert old.type("action_plan", "can i pay the gas one in instalments") == ["plan_stale"]
    assert "28 February 2026" in words(old)
    assert {"pay", "talk_to_person"} <= set(old.titles)
    assert old.type("action_plan", "a payment plan please") == ["plan_offers"]
    assert "Parcel" in words(old)
    assert "Northern Gas" not in words(old)


def test_a_button_from_before_it_grew_old_makes_no_plan(old: Talk) -> None:
    with old.database.write() as session:
        confirm(session, session.scalars(select(Debt.id)).all(), old.now)
    old.type("action_plan", "25 a month for the gas one")
    assert "yes_set_up" in old.titles
    old.now += timedelta(days=3)
    with old.database.write() as session:
        from compliance.models import Verification
        for row in session.scalars(select(Verification)):
            row.verified_at = row.last_used_at = old.now
    assert old.press("yes_set_up") == ["plan_stale"]
    assert count(old, Plan) == 0


def test_no_promise_on_it(old: Talk) -> None:
    assert old.type("action_promise", "i'll pay 50 to northern gas on friday") == ["promise_stale"]
    assert count(old, Promise) == 0
    assert "talk_to_person" in old.titles


def test_all_of_it_cannot_be_said_but_any_figure_can_be_paid(old: Talk) -> None:
    assert old.type("action_pay", "pay the gas one in full") == ["pay_in_full_stale"]
    assert "can't promise that £312.00 would clear it" in words(old)
    assert count(old, PayLink) == 0
    assert old.type("action_pay", "312") == ["pay_link"]
    assert "may have changed since, so a little may be left" in words(old)
    assert count(old, PayLink) == 1


def test_a_part_of_it_and_all_of_another_are_paid_as_ever(old: Talk) -> None:
    assert old.type("action_pay", "50 for northern gas") == ["pay_link"]
    assert "may have changed" not in words(old)
    assert old.type("action_pay", "pay parcel in full") == ["pay_link"]
    assert count(old, PayLink) == 2
