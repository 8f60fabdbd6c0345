"""Who is talking: changed by one at a time, and every change starts the engine afresh."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest

from conversations.models import Conversation, Owner
from conversations.ownership import hand_back, take
from conversations.say import lock
from runtime.database import Database
from runtime.errors import StaffError
from runtime.ids import ConversationId, StaffId


def test_of_many_who_take_at_once_one_has_it(db: Database, conversation: ConversationId) -> None:
    takers = 6
    ready = Barrier(takers)

    def try_(number: int) -> int | None:
        ready.wait()
        try:
            with db.write() as session:
                take(session, conversation_id=conversation, staff_id=StaffId(number), seen_version=0)
        except StaffError:
            return None
        return number

    with ThreadPoolExecutor(takers) as pool:
        winners = [number for number in pool.map(try_, range(1, takers + 1)) if number]
    with db.read() as session:
        row = session.get_one(Conversation, conversation)
        assert [row.staff_id] == winners
        assert (row.owner, row.owner_version, row.engine_session) == (Owner.STAFF, 1, 2)


def test_there_and_back(db: Database, conversation: ConversationId) -> None:
    with db.write() as session:
        assert take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0) == 1
        assert hand_back(session, conversation_id=conversation, seen_version=1) == 2
    with db.read() as session:
        row = session.get_one(Conversation, conversation)
        assert (row.owner, row.staff_id, row.engine_session, row.engine_turns) == (Owner.BOT, None, 3, 0)


def test_what_was_seen_must_still_be_so(db: Database, conversation: ConversationId) -> None:
    for seen in (-1, 1, 2**31 - 1):
        with pytest.raises(StaffError, match="meanwhile"), db.write() as session:
            take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=seen)
    with db.read() as session:
        assert session.get_one(Conversation, conversation).owner == Owner.BOT


def test_a_lock_shows_what_others_have_written(db: Database, conversation: ConversationId, now: datetime) -> None:
    with db.read() as reading:
        seen = reading.get_one(Conversation, conversation)
        reading.rollback()
        with db.write() as session:
            take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
        if db.dialect == "postgresql":
            assert lock(reading, conversation) is seen
            assert seen.owner == Owner.STAFF
    with db.write() as session:  # what is not written yet is not lost by looking again
        seen = session.get_one(Conversation, conversation)
        seen.misunderstandings = 7
        assert lock(session, conversation).misunderstandings == 7
