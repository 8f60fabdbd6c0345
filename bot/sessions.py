"""Which conversation a web session's token speaks for."""

from collections import OrderedDict

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from conversations.models import Conversation
from conversations.say import lock
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, token_hash

KEPT = 20_000
"""Sessions whose conversation is remembered, those used last."""

_SPOKEN_FOR = select(Conversation).where(Conversation.session_token_hash == bindparam("token"))
_ITS_ID = (
    select(Conversation.id, Conversation.session_expires_at)
    .where(Conversation.session_token_hash == bindparam("token"))
)


class SessionOver(Exception):
    """The token speaks for no conversation, or no longer. Its client must begin a new session."""


class Sessions:
    """The web sessions, by token."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[str, ConversationId] = OrderedDict()

    def speaker(self, token: str) -> Conversation:
        """The conversation of a session that is not over. Raises SessionOver."""
        with self._database.read() as session:
            found = session.scalar(_SPOKEN_FOR, {"token": token_hash(token)}) if token else None
        if found is None or not self._runs(found):
            raise SessionOver
        return found

    def probably(self, token: str) -> ConversationId:
        """The conversation of a session as it was when last asked after. Raises SessionOver when there was none.

        Enough to know how much it has sent; whoever writes asks ``speaking`` again.
        """
        hashed = token_hash(token)
        if (found := self._kept.get(hashed)) is None:
            found = self._look_up(hashed) if token else None
            if found is None:
                raise SessionOver
            self._kept[hashed] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _look_up(self, hashed: str) -> ConversationId | None:
        with self._database.read() as session:
            row = session.execute(_ITS_ID, {"token": hashed}).first()
        return ConversationId(row.id) if row else None

    def speaking(self, session: Session, conversation_id: ConversationId, token: str) -> Conversation:
        """The conversation, locked, of which the token speaks at this moment. Raises SessionOver."""
        conversation = lock(session, conversation_id)
        if conversation.session_token_hash != token_hash(token) or not self._runs(conversation):
            raise SessionOver
        return conversation

    def _runs(self, conversation: Conversation) -> bool:
        expires = conversation.session_expires_at
        return expires is not None and expires > self._clock.now()
