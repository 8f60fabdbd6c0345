"""A screen that was left, a tablet that is shared: what was said to one person is shown to no other."""

from datetime import timedelta

import httpx
import pytest

from compliance.identity import use_link
from compliance.standing import end_verification
from runtime.clock import Clock, ClockOffset
from runtime.database import Database
from tests.attacks.conftest import FACTORS, SECRETS, Visitor, personal_link
from tests.bot.conftest import until

pytestmark = pytest.mark.usefixtures("home")


def verified(client: httpx.Client, db: Database) -> Visitor:
    """Jane, who has heard what she owes."""
    jane = Visitor(client, db)
    jane.type("what do i owe")
    jane.type(FACTORS)
    assert jane.renew().status_code == 201
    assert all(secret in jane.history().text for secret in SECRETS)
    return jane


def stream(talk: Visitor) -> list[str]:
    """What a new event stream shows from the beginning."""
    with talk.events() as events:
        talk.type("hello")
        return [m["text"] for m in (next(events), next(events))]


def later(db: Database, hours: int) -> None:
    """Some hours go by."""
    with db.write() as session:
        session.merge(ClockOffset(id=1, seconds=hours * 3600))


def hidden(talk: Visitor) -> bool:
    """Whether nothing of it is shown any more, and a line says so."""
    found = talk.history().json()["messages"]
    return bool(found) and found[0]["author"] == "system" and not any(secret in talk.history().text
                                                                     for secret in SECRETS)


def test_after_a_lapse_nobody_reads_it_until_the_same_person_is_back(client: httpx.Client, db: Database) -> None:
    jane = verified(client, db)
    later(db, 3)
    until(lambda: hidden(jane) or None)
    assert not any(secret in text for text in stream(jane) for secret in SECRETS)
    jane.type("what do i owe")  # which ends what has lapsed, and asks who it is
    assert hidden(jane)
    jane.type(FACTORS)
    assert jane.renew().status_code == 201
    assert all(secret in jane.history().text for secret in SECRETS)
    assert jane.history().json()["messages"][0]["author"] == "bot"  # nothing is hidden from her


def test_whoever_says_it_is_not_them_reads_nothing_of_it(client: httpx.Client, db: Database) -> None:
    jane = verified(client, db)
    with db.write() as session:
        end_verification(session, conversation_id=jane.id, reason="wrong person", now=Clock(db).now())
    assert hidden(jane)


def test_another_person_in_the_same_conversation_reads_only_what_is_theirs(client: httpx.Client, db: Database) -> None:
    jane = verified(client, db)
    now = Clock(db).now() + timedelta(seconds=1)
    token = personal_link(db, now, reference="DD-2001")
    with db.write() as session:
        use_link(session, conversation_id=jane.id, token=token, now=now)
    assert jane.renew().status_code == 201
    assert not any(secret in jane.history().text for secret in SECRETS)
