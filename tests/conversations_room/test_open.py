"""A conversation is found by where it is held; what is stored of that cannot be tried out."""

import hashlib
from datetime import datetime

from sqlalchemy import select, text, update

from conversations.models import Conversation
from conversations.open import conversation_at, hash_addresses_anew, open_conversation
from runtime.database import Database


def test_found_by_channel_and_address(db: Database, now: datetime) -> None:
    with db.write() as session:
        opened = open_conversation(session, channel="telegram", address="4711", now=now)
    with db.read() as session:
        found = conversation_at(session, channel="telegram", address="4711")
        assert found is not None
        assert found.id == opened.id
        assert conversation_at(session, channel="web", address="4711") is None
        stored = session.execute(text("SELECT address, address_hash FROM conversation")).one()
    assert "4711" not in str(stored[0])
    assert stored[1] != hashlib.sha256(b"telegram:4711").hexdigest()


def test_hashes_that_were_not_keyed_are_made_anew(db: Database, now: datetime) -> None:
    with db.write() as session:
        for number in range(5):
            open_conversation(session, channel="telegram", address=str(number), now=now)
        open_conversation(session, channel="web", now=now)
        session.execute(update(Conversation).where(Conversation.address_hash.is_not(None)).values(
            address_hash=Conversation.channel + "-" + Conversation.id))
    with db.write() as session:
        assert hash_addresses_anew(session.connection(), at_once=2) == 5
        assert hash_addresses_anew(session.connection(), at_once=2) == 0
        assert conversation_at(session, channel="telegram", address="3") is not None
        assert len(session.scalars(select(Conversation.id).where(Conversation.address_hash.is_(None))).all()) == 1
