"""A token speaks for its conversation as long as its session runs, whatever was remembered of it."""

from datetime import timedelta

import pytest

from bot.sessions import SessionOver, Sessions
from conversations.models import Conversation
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import token_hash
from tests.bot.conftest import Talk


def token_of(talk: Talk) -> str:
    """The token its client holds."""
    return talk.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def sessions(db: Database) -> Sessions:
    """The sessions of one gateway."""
    return Sessions(db, Clock(db))


def test_a_token_speaks_for_its_conversation_alone(sessions: Sessions, talk: Talk, db: Database) -> None:
    assert sessions.probably(token_of(talk)) == talk.id
    assert sessions.speaker(token_of(talk)).id == talk.id
    with db.write() as session:
        assert sessions.speaking(session, talk.id, token_of(talk)).id == talk.id


@pytest.mark.parametrize("token", ["", "wrong"])
def test_an_unknown_token_speaks_for_nobody(sessions: Sessions, talk: Talk, db: Database, token: str) -> None:
    for ask in (sessions.probably, sessions.speaker):
        with pytest.raises(SessionOver):
            ask(token)
    with db.write() as session, pytest.raises(SessionOver):
        sessions.speaking(session, talk.id, token)


def test_what_was_remembered_opens_nothing_after_the_end(sessions: Sessions, talk: Talk, db: Database) -> None:
    assert sessions.probably(token_of(talk)) == talk.id
    with db.write() as session:
        row = session.get_one(Conversation, talk.id)
        row.session_expires_at = Clock(db).now() - timedelta(seconds=1)
    assert sessions.probably(token_of(talk)) == talk.id  # which only says whose limit counts
    with db.write() as session, pytest.raises(SessionOver):
        sessions.speaking(session, talk.id, token_of(talk))
    with pytest.raises(SessionOver):
        sessions.speaker(token_of(talk))


def test_a_token_that_was_replaced_opens_nothing(sessions: Sessions, talk: Talk, db: Database) -> None:
    assert sessions.probably(token_of(talk)) == talk.id
    with db.write() as session:
        session.get_one(Conversation, talk.id).session_token_hash = token_hash("another")
    with db.write() as session, pytest.raises(SessionOver):
        sessions.speaking(session, talk.id, token_of(talk))
    assert sessions.probably("another") == talk.id
