"""A host site's word over HTTP: one sentence for whatever is wrong with it, and nothing left behind."""

from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from conversations.models import Conversation
from runtime.database import Database
from tests.attacks.conftest import Visitor
from tests.compliance.test_host_identity import Portal

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def portal(tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Portal:
    made = Portal(tmp_path, now, monkeypatch)
    made.set_up(proves="verifies")
    return made


def test_a_verified_visitor_is_greeted_by_name_and_once(client: httpx.Client, db: Database, portal: Portal) -> None:
    word = portal.word()
    jane = Visitor(client, db, identity=word)
    assert [m.say for m in jane.messages()] == ["greeting_verified"]
    assert [m.say for m in jane.type("what do i owe")] == ["balance"]
    replayed = client.post("/api/chat/session", json={"identity": word})
    assert (replayed.status_code, replayed.json()["detail"]["code"]) == (422, "host_identity_refused")


def test_an_identified_visitor_is_asked_for_one_factor(client: httpx.Client, db: Database, portal: Portal) -> None:
    portal.set_up(proves="identifies")
    jane = Visitor(client, db, identity=portal.word())
    assert [m.say for m in jane.messages()] == ["greeting_identified"]
    assert [m.say for m in jane.type("what do i owe")] == ["identity_ask_one"]
    assert [m.say for m in jane.type("sw1a 2aa")] == ["identity_done", "balance"]


def test_whatever_is_wrong_the_answer_is_the_same(client: httpx.Client, db: Database, portal: Portal) -> None:
    bad = [portal.word(exp=1), portal.word(aud="x"), portal.word(kid="x"), portal.word()[:-3] + "AAA", "a.b.c", "x"]
    answers = [client.post("/api/chat/session", json={"identity": one}) for one in bad]
    assert {reply.text for reply in answers} == {answers[0].text}
    assert answers[0].json()["detail"]["code"] == "host_identity_refused"
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 0


def test_a_visitor_who_is_none_of_ours_begins_like_anybody(client: httpx.Client, db: Database, portal: Portal) -> None:
    assert [m.say for m in Visitor(client, db, identity=portal.word(sub="DD-9999")).messages()] == ["greeting"]
