"""Taking over, replying, handing back."""

import re
from unittest.mock import Mock

from sqlalchemy import select

from bot.engine import Answer
from bot.handling import TurnHandler
from console.models import StaffAct, What
from conversations.models import Author, Message, OutboxItem, Owner, Turn, TurnState
from conversations.turns import claim
from ledger.holds import active_holds
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import DebtorId
from tests.console.conftest import Browser, Debtors, Hands

HTMX = {"HX-Request": "true"}


def acts(db: Database) -> list[str]:
    with db.read() as session:
        return [what for what in session.scalars(select(StaffAct.what).order_by(StaffAct.id))
                if what not in (What.SIGNED_IN, What.VIEWED)]


def test_the_second_taker_hears_who_was_quicker(db: Database, debtors: Debtors, ana: Browser, ben: Browser) -> None:
    conversation = debtors.conversation()
    first = ana.post(f"/conversations/{conversation}/take", seen_version=0)
    second = ben.post(f"/conversations/{conversation}/take", seen_version=0)
    assert first.status_code == 303
    assert second.status_code == 409
    assert "Ana was quicker and has this conversation now." in second.text
    stored = debtors.stored(conversation)
    assert (stored.owner, stored.owner_version) == (Owner.STAFF, 1)
    assert acts(db) == [What.TOOK, What.REFUSED]


def test_a_page_that_is_out_of_date_cannot_take(debtors: Debtors, ana: Browser, ben: Browser) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    ana.post(f"/conversations/{conversation}/hand-back", seen_version=1)
    late = ben.post(f"/conversations/{conversation}/take", seen_version=0)
    assert late.status_code == 409
    assert "meanwhile" in late.text
    assert debtors.stored(conversation).owner == Owner.BOT
    for odd in ("", "-1", "x", "9" * 30, "²"):
        assert ben.post(f"/conversations/{conversation}/take", seen_version=odd).status_code == 409


def test_an_answer_the_bot_is_making_is_out_of_date_after_a_takeover(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    debtors.says(conversation, "what do i owe")
    with db.write() as session:
        claimed = claim(session, conversation_id=conversation, now=hands.now)
    assert claimed
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    stored = debtors.stored(conversation)
    assert claimed.owner_version != stored.owner_version  # what the gateway discards the answer by
    assert stored.engine_session == claimed.engine_session + 1


def test_the_gateway_discards_an_answer_it_was_making(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    debtors.says(conversation, "what do i owe")
    with db.write() as session:
        claimed = claim(session, conversation_id=conversation, now=hands.now)
    assert claimed
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    handler = TurnHandler(db, Clock(source=lambda: hands.now), Mock(), Mock())
    handler._finish(claimed, Answer([{"say": "thanks", "values": {}}], "thanks", 0.9, [], ["utter_thanks"]))
    with db.read() as session:
        assert session.get_one(Turn, claimed.id).state == TurnState.DISCARDED
        assert [m.author for m in session.scalars(select(Message))] == [Author.DEBTOR]
    assert "staff took the conversation meanwhile" in ana.get(f"/conversations/{conversation}").text


def test_a_turn_nobody_had_begun_is_not_answered_by_the_bot_any_more(
    db: Database, debtors: Debtors, ana: Browser, hands: Hands
) -> None:
    conversation = debtors.conversation()
    turn = debtors.says(conversation, "what do i owe")
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    with db.write() as session:
        assert claim(session, conversation_id=conversation, now=hands.now) is None
        assert session.get_one(Turn, turn.id).state == TurnState.DISCARDED
    assert "staff took the conversation first" in ana.get(f"/conversations/{conversation}").text


def test_a_discarded_answer_is_visible(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    turn = debtors.says(conversation, "what do i owe")
    with db.write() as session:
        stored = session.get_one(Turn, turn.id)
        stored.state, stored.error = TurnState.DISCARDED, "reply discarded: staff took the conversation meanwhile"
        stored.answers = {"action_balance": {"say": "no_such_text", "values": {}}}
    page = ana.get(f"/conversations/{conversation}").text
    assert "reply discarded: staff took the conversation meanwhile" in page
    assert "(no_such_text)" in page


def test_a_reply_reaches_the_debtor(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation("telegram")
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    sent = ana.post(f"/conversations/{conversation}/reply", words="Hello,\r\nhow can I help?\x00", once="one")
    assert sent.status_code == 303
    with db.read() as session:
        message = session.scalars(select(Message)).one()
        item = session.scalars(select(OutboxItem)).one()
    assert (message.author, message.author_name, message.text) == (Author.STAFF, "Ana", "Hello,\nhow can I help?")
    assert (item.kind, item.payload, item.state) == ("telegram", {"message_id": message.id}, "due")
    assert "on its way" in ana.get(f"/conversations/{conversation}").text
    assert acts(db) == [What.TOOK, What.REPLIED]


def test_the_same_form_twice_is_one_reply(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    for once in ("one", "one", "two"):
        answer = ana.post(f"/conversations/{conversation}/reply", words="Hello", once=once, headers=HTMX)
        assert answer.headers["HX-Trigger"] == "reply-sent"
    with db.read() as session:
        assert len(session.scalars(select(Message)).all()) == 2


def test_only_the_holder_replies_and_nothing_typed_is_lost(
    db: Database, debtors: Debtors, ana: Browser, ben: Browser
) -> None:
    conversation = debtors.conversation()
    early = ana.post(f"/conversations/{conversation}/reply", words="too early & unsent")
    assert early.status_code == 409
    assert "Take it over first" in early.text
    assert "too early &amp; unsent</textarea>" in early.text
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    other = ben.post(f"/conversations/{conversation}/reply", words="not mine", headers=HTMX)
    assert other.status_code == 409
    assert "Ana has this conversation." in other.text
    assert "HX-Trigger" not in other.headers
    with db.read() as session:
        assert session.scalars(select(Message)).all() == []


def test_an_empty_or_endless_reply_is_refused(db: Database, debtors: Debtors, ana: Browser) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    for words, line in ((" \n\t ", "the reply is empty"), ("x" * 4001, "4,001 characters")):
        answer = ana.post(f"/conversations/{conversation}/reply", words=words)
        assert answer.status_code == 409
        assert line in answer.text
    assert ana.post(f"/conversations/{conversation}/reply", words="é" * 4000).status_code == 303
    with db.read() as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_only_the_holder_or_a_manager_hands_back(
    debtors: Debtors, ana: Browser, ben: Browser, mia: Browser
) -> None:
    conversation = debtors.conversation()
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    refused = ben.post(f"/conversations/{conversation}/hand-back", seen_version=1)
    assert refused.status_code == 409
    assert "Ana has this conversation." in refused.text
    taking = ben.post(f"/conversations/{conversation}/take", seen_version=1)
    assert taking.status_code == 409
    assert "or a manager to take it" in taking.text
    assert mia.post(f"/conversations/{conversation}/take", seen_version=1).status_code == 303
    assert ana.post(f"/conversations/{conversation}/reply", words="still me?").status_code == 409
    assert mia.post(f"/conversations/{conversation}/hand-back", seen_version=2).status_code == 303
    assert debtors.stored(conversation).owner == Owner.BOT


def test_every_form_needs_its_token(db: Database, debtors: Debtors, ana: Browser, ben: Browser) -> None:
    conversation = debtors.conversation()
    foreign = ben.token()
    for path in ("take", "hand-back", "reply", "show"):
        for csrf in ("", "wrong", foreign):
            answer = ana.post(f"/conversations/{conversation}/{path}", csrf=csrf, seen_version=0, words="x")
            assert answer.status_code == 403, path
    for path in ("/tickets/D-2001/close", "/sign-out"):
        assert ana.post(path, csrf="").status_code == 403
    assert debtors.stored(conversation).owner == Owner.BOT
    assert ana.get("/conversations").status_code == 200


def test_a_form_of_another_site_or_kind_is_refused(debtors: Debtors, ana: Browser) -> None:
    conversation, token = debtors.conversation(), ana.token()
    path = f"/conversations/{conversation}/take"
    cross = ana.post(path, csrf=token, seen_version=0, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    json = ana.client.post(f"/console{path}", json={"csrf": token})
    assert json.status_code == 415
    big = ana.post(path, csrf=token, seen_version=0, more="x" * 70_000)
    assert big.status_code == 413


def test_the_page_itself_offers_what_works(debtors: Debtors, ana: Browser, ben: Browser) -> None:
    conversation = debtors.conversation()
    page = ana.get(f"/conversations/{conversation}").text
    version = re.search(r'name="seen_version" value="(\d+)"', page)
    assert version
    assert "Take over" in page
    answer = ana.post(f"/conversations/{conversation}/take", seen_version=version.group(1), headers=HTMX)
    assert answer.status_code == 200
    assert "Hand back to the bot" in answer.text
    assert "<html" not in answer.text
    assert "Ana has this conversation." in ben.get(f"/conversations/{conversation}").text


def test_a_dispute_that_waited_takes_effect_when_it_is_taken_over(db: Database, debtors: Debtors, ana: Browser,
                                                                  hands: Hands) -> None:
    conversation, debtor = debtors.conversation(), debtors.debtor()
    debtors.verify(conversation, debtor)
    debtors.says(conversation, "this debt is not mine")
    ana.post(f"/conversations/{conversation}/take", seen_version=0)
    with db.read() as session:
        held = active_holds(session, debtor_id=DebtorId(debtor.id), now=hands.now)
        assert [hold.reason for hold in held] == ["dispute"]
        assert [m.author for m in session.scalars(select(Message))] == [Author.DEBTOR]
    page = ana.get(f"/conversations/{conversation}").text
    assert "Took effect at once: dispute." in page
    assert "heard_dispute" not in page
