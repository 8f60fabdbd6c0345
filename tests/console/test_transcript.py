"""What staff read, and what they do not see unless they say why."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from compliance.models import Level, Verification
from console.models import StaffAct, What
from conversations.models import Conversation, Message, OutboxItem, Turn, TurnState
from conversations.say import pass_on
from ledger.holds import HoldReason, place_hold
from runtime.database import Database
from tests.console.conftest import Browser, Debtors, Hands

ATTACKS = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "' onmouseover='x",
           "</textarea><script>", "<!-- <a href=javascript:alert(1)>x</a>")


@pytest.mark.parametrize("words", ATTACKS)
def test_what_a_debtor_types_is_shown_as_typed_never_as_markup(
    db: Database, debtors: Debtors, ana: Browser, words: str
) -> None:
    debtor = debtors.debtor(name=f"{words[:40]} {words[:40]}")
    conversation = debtors.conversation()
    debtors.verify(conversation, debtor)
    turn = debtors.says(conversation, words)
    with db.write() as session:
        stored = session.get_one(Turn, turn.id)
        stored.state, stored.error, stored.intent = TurnState.FAILED, words, words[:40]
        stored.actions, stored.ranking = [words], [{"name": words, "confidence": 0.5}]
    for page in (ana.get("/conversations").text, ana.get(f"/conversations/{conversation}").text):
        assert words not in page.replace("{{ 7*7 }}", "") or words == "{{ 7*7 }}"
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert not re.search(r"<[^>]+\son\w+=", page)
    assert "49" not in re.sub(r"<[^>]*>", "", ana.get("/conversations").text)


def test_pages_hold_no_inline_script_or_style(debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    debtors.says(conversation, "hello")
    for path in ("/conversations", f"/conversations/{conversation}", "/tickets", "/sign-in"):
        page = ana.get(path).text
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|hx-on|javascript:", page), path


def test_identity_factors_are_masked_by_default(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    turn = debtors.says(conversation, "NG-4471, 12 April 1990, LS1 4AB",
                        masked="[reference], [date_of_birth], [postcode]",
                        factors={"references": ["NG-4471"], "postcodes": ["LS1 4AB"]})
    debtors.says(conversation, "my mother's name is Smith", masked="[answer]", factors={"names": []})
    page = ana.get(f"/conversations/{conversation}").text
    listing = ana.get("/conversations").text
    for secret in ("NG-4471", "1990", "LS1 4AB", "Smith"):
        assert secret not in page
        assert secret not in listing
    assert "[reference], [date_of_birth], [postcode]" in page
    assert "[answer]" in listing
    assert turn.raw.startswith("NG")


def test_showing_needs_a_reason_is_written_down_and_passes(
    db: Database, debtors: Debtors, ana: Browser, ben: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    debtors.says(conversation, "NG-4471", masked="[reference]", factors={"references": ["NG-4471"]})
    with db.read() as session:
        message = session.scalars(select(Message)).one()
    path = f"/conversations/{conversation}"
    assert ana.post(f"{path}/show", message=message.id, reason="").status_code == 409
    assert ana.post(f"{path}/show", message=message.id, reason="because").status_code == 409
    assert "NG-4471" not in ana.get(path).text
    shown = ana.post(f"{path}/show", message=message.id, reason="Quality check")
    assert shown.status_code == 303
    assert "NG-4471" in ana.get(path).text
    assert "NG-4471" not in ben.get(path).text
    with db.read() as session:
        act = session.scalars(select(StaffAct).where(StaffAct.what == What.SHOWED)).one()
    assert (act.message_id, act.detail, act.conversation_id) == (message.id, "Quality check", conversation)
    hands.on(minutes=6)
    assert "NG-4471" not in ana.get(path).text


def test_a_message_of_another_conversation_is_not_shown(db: Database, debtors: Debtors, ana: Browser) -> None:
    mine, other = debtors.conversation(), debtors.conversation()
    debtors.says(other, "NG-4471", masked="[reference]", factors={"references": ["NG-4471"]})
    with db.read() as session:
        message = session.scalars(select(Message)).one()
    for number in (message.id, 99999, "x", ""):
        answer = ana.post(f"/conversations/{mine}/show", message=number, reason="Quality check")
        assert answer.status_code == 404


def test_opening_is_written_down_and_refreshing_is_not(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    ana.get(f"/conversations/{conversation}")
    for _ in range(3):
        ana.refresh(f"/conversations/{conversation}")
    with db.read() as session:
        views = session.scalars(select(StaffAct).where(StaffAct.what == What.VIEWED)).all()
    assert [view.conversation_id for view in views] == [conversation]


def test_a_refresh_brings_nothing_until_something_happens(debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    for path in (f"/conversations/{conversation}", "/conversations", "/tickets", "/alerts"):
        seen = re.search(r'name="seen" value="(\w+)"', ana.refresh(path).text)
        assert seen
        assert ana.refresh(path, seen.group(1)).status_code == 204, path
    page = ana.get(f"/conversations/{conversation}").text
    shown = re.findall(r'id="live-seen" name="seen" value="(\w+)"', page)
    assert ana.refresh(f"/conversations/{conversation}", shown[0]).status_code == 204
    debtors.says(conversation, "are you there?")
    news = ana.refresh(f"/conversations/{conversation}", shown[0])
    assert news.status_code == 200
    assert "are you there?" in news.text
    assert "<textarea" not in news.text  # what is being typed is out of a refresh's reach


def test_a_turn_tells_what_was_understood_and_done(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    turn = debtors.says(conversation, "what do i owe")
    with db.write() as session:
        stored = session.get_one(Turn, turn.id)
        stored.state, stored.intent, stored.confidence = TurnState.DONE, "ask_balance", 0.934
        stored.actions = ["action_hold", "action_balance", "action_listen"]
        stored.ranking = [{"name": "ask_balance", "confidence": 0.934}, {"name": "pay_now", "confidence": 0.041}]
    page = ana.get(f"/conversations/{conversation}").text
    for part in ("ask_balance", "93 %", "action_hold → action_balance", "pay_now 4 %"):
        assert part in page


def test_cards_and_buttons_are_shown_and_a_payment_link_is_not_usable(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    with db.write() as session:
        for card in ({"kind": "table", "title": "What you owe", "rows": [{"label": "Gas", "value": "£312.00"}]},
                     {"kind": "link", "title": "Pay", "link": {"url": "https://x/pay/SECRET", "title": "Pay £50.00"}}):
            message = pass_on(session, conversation_id=conversation, words="Here.", staff_name="Ana", now=hands.now)
            message.card, message.buttons = card, [{"id": "opaque-id", "title": "Pay some"}]
    page = ana.get(f"/conversations/{conversation}").text
    for part in ("What you owe", "£312.00", "Pay £50.00", "Pay some"):
        assert part in page
    assert "SECRET" not in page
    assert "opaque-id" not in page


def test_delivery_is_told_for_telegram(db: Database, debtors: Debtors, ana: Browser, hands: Hands) -> None:
    conversation = debtors.conversation("telegram")
    with db.write() as session:
        pass_on(session, conversation_id=conversation, words="Hello", staff_name="Ana", now=hands.now)
        item = session.scalars(select(OutboxItem)).one()
        item.state, item.error = "failed", "Forbidden"
    assert "not delivered: Forbidden" in ana.get(f"/conversations/{conversation}").text
    with db.write() as session:
        item = session.scalars(select(OutboxItem)).one()
        item.state, item.error = "sent", None
    assert "delivered" in ana.get(f"/conversations/{conversation}").text


def test_the_ledger_stands_beside_a_verified_debtor_only(db: Database, debtors: Debtors, ana: Browser,
                                                         hands: Hands) -> None:
    debtor, conversation = debtors.debtor(), debtors.conversation()
    with db.write() as session:
        place_hold(session, key="h", debtor_id=debtor.id, debt_id=None, reason=HoldReason.HARDSHIP, now=hands.now,
                   until=(hands.now + timedelta(days=30)).date(), actor="bot", cause="test")
    page = ana.get(f"/conversations/{conversation}").text
    assert "Not verified" in page
    assert "312.00" not in page
    debtors.verify(conversation, debtor)
    page = ana.get(f"/conversations/{conversation}").text
    for part in ("Maya Patel", "£312.00", "Northern Gas", "Hardship", "until 2 Apr 2026", "Verified"):
        assert part in page
    for secret in ("1990-04-12", "LS1 4AB"):
        assert secret not in page
    assert "Maya Patel" in ana.get("/conversations").text


def test_a_verification_that_lapsed_still_names_whom_it_was_with(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    debtor, conversation = debtors.debtor(), debtors.conversation()
    debtors.verify(conversation, debtor)
    hands.on(days=2)
    ana.sign_in("ana@desk.example")
    page = ana.get(f"/conversations/{conversation}").text
    assert "Maya Patel" in page
    assert "No longer verified." in page
    with db.write() as session:
        row = session.scalars(select(Verification)).one()
        row.ended_at, row.ended_reason = hands.now, "wrong_person"
    page = ana.get(f"/conversations/{conversation}").text
    assert "Maya" not in page


def test_an_opened_link_is_no_verification(debtors: Debtors, ana: Browser) -> None:
    debtor, conversation = debtors.debtor(), debtors.conversation()
    debtors.verify(conversation, debtor, level=Level.IDENTIFIED)
    page = ana.get(f"/conversations/{conversation}").text
    assert "by whom is not known" in page
    assert "312.00" not in page
    assert "Maya" not in ana.get("/conversations").text


def test_safeguards_stand_out(db: Database, debtors: Debtors, ana: Browser, hands: Hands) -> None:
    conversation = debtors.conversation()
    with db.write() as session:
        stored = session.get_one(Conversation, conversation)
        stored.safeguarded_at = stored.contact_stopped_at = hands.now
    page = ana.get(f"/conversations/{conversation}").text
    assert "Say nothing of money" in page
    assert "Contact stopped" in page


def test_long_transcripts_come_in_parts(db: Database, debtors: Debtors, ana: Browser, hands: Hands) -> None:
    conversation = debtors.conversation()
    with db.write() as session:
        for number in range(230):
            pass_on(session, conversation_id=conversation, words=f"message {number}.", staff_name="Ana", now=hands.now)
    page = ana.get(f"/conversations/{conversation}").text
    assert "message 30." in page
    assert "message 29." not in page
    earlier = re.search(r'href="/console(/conversations/[^"]*before=\d+)"', page)
    assert earlier
    assert "message 29." in ana.get(earlier.group(1)).text


@pytest.mark.parametrize("path", ["/conversations/nothing", "/conversations/..%2f..", "/tickets/D-1", "/tickets/x",
                                  "/tickets/D-99999999999999999999", "/conversations/x?before=x", "/nowhere"])
def test_what_is_not_there_is_said_so(ana: Browser, path: str) -> None:
    answer = ana.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert "Traceback" not in answer.text
