"""A debtor's own copy: all that is theirs, nothing that is somebody else's or opens anything."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from compliance.links import make_link
from compliance.operator import operator
from ledger.money import Money
from privacy.access import Copy, subject_copy
from privacy.reach import reach
from runtime.ids import DebtorId
from tests.privacy.conftest import SAID, Desk


def copy_of(desk: Desk, debtor_id: DebtorId) -> tuple[Copy, dict[str, Any], str]:
    """The file, its JSON and its page."""
    with desk.db.read() as session:
        made = subject_copy(session, debtor_id, now=desk.now)
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert sorted(archive.namelist()) == ["data.json", "index.html"]
        return made, json.loads(archive.read("data.json")), archive.read("index.html").decode()


def test_all_that_is_theirs_is_in_it(desk: Desk) -> None:
    desk.settle(desk.now)
    made, document, page = copy_of(desk, desk.home.jane)
    data = document["data"]
    assert made.name == "personal-data-dd-1042-2026-03-03.zip"
    (debtor,) = data["debtor"]
    assert (debtor["first_name"], debtor["date_of_birth"], debtor["vulnerability_note"]) == (
        "Jane", "1981-03-12", "lost my job")
    said = [message["text"] for message in data["message"]]
    assert [words for words in SAID if words not in said] == []
    assert "jane here, Quillfeather is my other name" in said
    assert data["budget"][0]["form"] == {"wages": "lost my job"}
    assert {row["ref"] for row in data["debt"]} == {"NG-0001", "PC-0002"}
    assert sum(row["amount"] for row in data["entry"]) == 0
    assert data["stripe_event"][0]["raw"] == '{"name": "jane roe"}'
    assert "consent.given" in [row["kind"] for row in data["evidence"]]
    assert document["about"]["explained"]["budget"]["form"].startswith("Income")
    for words in (*SAID, "NG-0001", "Jane"):
        assert words in page


def test_the_page_can_be_read_by_the_person_it_is_about(desk: Desk) -> None:
    desk.settle(desk.now)
    _, document, page = copy_of(desk, desk.home.jane)
    posted = document["data"]["entry"][0]
    assert str(Money(posted["amount"], posted["currency"])) in page
    assert "wages: lost my job" in page
    for raw in ("{&#39;", "T12:00:00", "+00:00", ">True<", ">False<", "None"):
        assert raw not in page
    assert "Kept three years after the last activity." in page
    assert "What for:" in page
    assert "Income and spending of the household" in page
    assert operator().email in page
    assert document["about"]["kept"]["entry"] == "as long as the ledger"


def test_nothing_of_somebody_else_is_in_it(desk: Desk) -> None:
    made, document, page = copy_of(desk, desk.home.jane)
    for text in (json.dumps(document).lower(), page.lower()):
        assert "john" not in text
        assert "ana" not in text.replace("banana", "").replace("analy", "").split()
        assert "staff:" not in text
    assert made.left_out == 2
    _, of_father, _ = copy_of(desk, desk.home.father)
    assert "jane" not in json.dumps(of_father).lower()
    assert "john speaking" in json.dumps(of_father)


def test_nothing_in_it_opens_anything(desk: Desk) -> None:
    with desk.db.write() as session:
        token = make_link(session, reference="DD-1042", verifies=True, created_by="staff:1", now=desk.now)
    text = json.dumps(copy_of(desk, desk.home.jane)[1])
    assert token not in text
    for name in ("_hash", "gAAAA", "password", "created_by"):
        assert name not in text


def test_the_words_of_who_was_somebody_else_are_counted_and_not_shown(desk: Desk) -> None:
    from conversations.open import open_conversation
    from runtime.ids import ConversationId
    with desk.db.write() as session:
        here = ConversationId(open_conversation(session, channel="web", now=desk.now).id)
    later = desk.now + timedelta(minutes=2)
    desk.verified(here, desk.home.bare, desk.now, later, "third_party")
    desk.says(here, "her daughter, she is in hospital", desk.now + timedelta(minutes=1))
    desk.says(here, "still her daughter", later + timedelta(minutes=1))
    made, document, _ = copy_of(desk, desk.home.bare)
    assert "daughter, she" not in json.dumps([m for m in document["data"]["message"] if m["author"] == "debtor"]) \
        if "message" in document["data"] else True
    assert made.left_out == 3
    assert "still" not in json.dumps(document)


def test_what_was_said_in_one_conversation_by_two_is_told_apart(desk: Desk, now: datetime) -> None:
    with desk.db.read() as session:
        jane, father = reach(session, desk.home.jane), reach(session, desk.home.father)
    assert jane.conversations == {desk.alone}
    assert jane.shared == father.shared == {desk.shared}
    assert len(jane.messages) == len(father.messages) == 2
    assert not jane.messages & father.messages
    assert len(jane.turns) == 1
