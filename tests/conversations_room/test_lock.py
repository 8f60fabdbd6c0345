"""A conversation is locked, and read, once in a transaction."""

from datetime import datetime

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from conversations.models import Conversation
from conversations.say import Say, lock, say
from runtime.database import Database
from runtime.ids import ConversationId


class Reads(list[str]):
    """The statements that read the conversation's row."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        event.listen(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith("SELECT conversation.id"):
            self.append(sql)


def test_it_is_read_once_however_much_is_said(db: Database, conversation: ConversationId, now: datetime) -> None:
    reads = Reads(db)
    with db.write() as session:
        first = lock(session, conversation)
        for _ in range(3):
            say(session, conversation_id=conversation, text=Say("thanks"), now=now)
        assert lock(session, conversation) is first
    assert len(reads) == 1
    if db.dialect == "postgresql":
        assert reads[0].rstrip().endswith("FOR UPDATE")


def test_another_transaction_sees_what_was_written_meanwhile(db: Database, conversation: ConversationId) -> None:
    with db.write() as session:
        assert lock(session, conversation).misunderstandings == 0
    with db.write() as session:
        session.execute(update(Conversation).values(misunderstandings=1))
    with db.write() as session:
        assert lock(session, conversation).misunderstandings == 1


def test_one_session_with_two_transactions_locks_in_each(db: Database, conversation: ConversationId) -> None:
    reads = Reads(db)
    with Session(db.engine, expire_on_commit=False) as session:
        for _ in range(2):
            with session.begin():
                lock(session, conversation)
    assert len(reads) == 2


def test_a_savepoint_that_is_given_up_gives_up_its_lock(db: Database, conversation: ConversationId) -> None:
    with db.write() as session:
        savepoint = session.begin_nested()
        lock(session, conversation).misunderstandings = 5
        savepoint.rollback()
        reads = Reads(db)
        assert lock(session, conversation).misunderstandings == 0
        assert len(reads) == 1
