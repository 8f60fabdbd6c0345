"""Turns: stored once, claimed in order by one, and found again when whoever had them is gone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from sqlalchemy import select

from conversations.models import Conversation, Message, Turn, TurnState
from conversations.ownership import hand_back, take
from conversations.turns import (
    ENGINE_SESSION_TURNS,
    LEASE,
    MAX_ATTEMPTS,
    Heard,
    claim,
    has_open_turn,
    leave_to_staff,
    receive,
    waiting,
)
from runtime.database import Database
from runtime.ids import ConversationId, StaffId
from tests.conversations_room.conftest import Says

HELLO = Heard(raw="hello", shown="hello", masked="hello", terms={}, factors={})


def end(db: Database, turn: Turn, now: datetime) -> None:
    with db.write() as session:
        stored = session.get_one(Turn, turn.id)
        stored.state, stored.done_at = TurnState.DONE, now


def test_delivered_many_times_at_once_it_is_one_turn(
    db: Database, now: datetime, conversation: ConversationId
) -> None:
    deliveries = 6
    ready = Barrier(deliveries)

    def deliver(_number: int) -> tuple[int, bool]:
        ready.wait()
        with db.write() as session:
            turn, new = receive(session, conversation_id=conversation, provider_id="web:same", heard=HELLO, now=now)
            return turn.id, new is not None

    with ThreadPoolExecutor(deliveries) as pool:
        found = list(pool.map(deliver, range(deliveries)))
    assert len({turn for turn, _ in found}) == 1
    assert sorted(new for _, new in found) == [False] * (deliveries - 1) + [True]
    with db.read() as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_claimed_by_many_at_once_it_is_one_claim(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    says()
    gateways = 6
    ready = Barrier(gateways)

    def try_(_number: int) -> bool:
        ready.wait()
        with db.write() as session:
            return claim(session, conversation_id=conversation, now=now) is not None

    with ThreadPoolExecutor(gateways) as pool:
        assert sum(pool.map(try_, range(gateways))) == 1


def test_in_order_and_one_at_a_time(db: Database, now: datetime, conversation: ConversationId, says: Says) -> None:
    turns = [says(word) for word in ("one", "two", "three")]
    for turn in turns:
        with db.write() as session:
            claimed = claim(session, conversation_id=conversation, now=now)
            assert claimed is not None
            assert claimed.id == turn.id
        with db.write() as session:
            assert claim(session, conversation_id=conversation, now=now) is None
            assert has_open_turn(session, conversation)
        end(db, turn, now)
    with db.read() as session:
        assert not has_open_turn(session, conversation)
        assert waiting(session, now=now) == []


def test_a_lease_that_ran_out_is_claimed_again_in_the_same_engine_session(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    says()
    sessions = []
    for attempt in range(1, MAX_ATTEMPTS + 2):
        at = now + (attempt - 1) * LEASE
        with db.write() as session:
            if attempt > 1:
                early = at - timedelta(microseconds=1)
                assert claim(session, conversation_id=conversation, now=early) is None
                assert waiting(session, now=early) == []
                assert waiting(session, now=at) == [conversation]
            claimed = claim(session, conversation_id=conversation, now=at)
            assert claimed is not None
            assert claimed.attempts == attempt
            sessions.append(claimed.engine_session)
    assert set(sessions) == {1}


def test_an_engine_session_ends_after_some_turns(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    sessions = []
    for _ in range(2 * ENGINE_SESSION_TURNS):
        turn = says()
        with db.write() as session:
            claimed = claim(session, conversation_id=conversation, now=now)
            assert claimed is not None
            sessions.append(claimed.engine_session)
        end(db, turn, now)
    assert sessions == [1] * ENGINE_SESSION_TURNS + [2] * ENGINE_SESSION_TURNS


def test_while_staff_hold_it_only_what_is_urgent_is_claimed(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    before, urgent = says("what do i owe"), says("stop", forced_intent="stop_contact")
    with db.write() as session:
        take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
    during = says("are you there")
    with db.write() as session:
        claimed = claim(session, conversation_id=conversation, now=now)
        assert claimed is not None
        assert claimed.id == urgent.id
        assert claimed.owner_version == 1  # its answer is not out of date
    with db.read() as session:
        states = {turn.id: (turn.state, turn.done_at) for turn in session.scalars(select(Turn))}
    assert states[before.id] == (TurnState.DISCARDED, now)
    assert states[during.id] == (TurnState.DONE, now)


def test_what_the_bot_is_answering_is_left_to_it_until_its_lease_ends(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    turn = says()
    with db.write() as session:
        claim(session, conversation_id=conversation, now=now)
        take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
        leave_to_staff(session, conversation_id=conversation, now=now)
        assert session.get_one(Turn, turn.id).state == TurnState.HANDLING
    with db.write() as session:
        assert claim(session, conversation_id=conversation, now=now + LEASE) is None
        assert session.get_one(Turn, turn.id).state == TurnState.DISCARDED


def test_a_turn_from_before_a_takeover_that_is_over_is_the_bots(
    db: Database, now: datetime, conversation: ConversationId, says: Says
) -> None:
    turn = says()
    with db.write() as session:
        take(session, conversation_id=conversation, staff_id=StaffId(1), seen_version=0)
        hand_back(session, conversation_id=conversation, seen_version=1)
        claimed = claim(session, conversation_id=conversation, now=now)
        assert claimed is not None
        assert (claimed.id, claimed.owner_version, claimed.engine_session) == (turn.id, 2, 3)
        assert session.get_one(Conversation, conversation).engine_turns == 1
