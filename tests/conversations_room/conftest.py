"""A conversation, and turns in it."""

from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest

from conversations.models import Turn
from conversations.open import open_conversation
from conversations.turns import Heard, receive
from runtime.database import Database
from runtime.ids import ConversationId

Says = Callable[..., Turn]


@pytest.fixture
def conversation(db: Database, now: datetime) -> ConversationId:
    """A conversation on the website."""
    with db.write() as session:
        return ConversationId(open_conversation(session, channel="web", now=now).id)


@pytest.fixture
def says(db: Database, now: datetime, conversation: ConversationId) -> Says:
    """Has the debtor type something; a turn of its own unless the provider's id is given."""
    numbers = count(1)

    def type_(words: str = "hello", *, provider_id: str = "", **heard: object) -> Turn:
        with db.write() as session:
            turn, _ = receive(
                session, conversation_id=conversation, provider_id=provider_id or f"test:{next(numbers)}", now=now,
                heard=Heard(raw=words, shown=words, masked=words, terms={}, factors={}, **heard))  # type: ignore[arg-type]
            return turn

    return type_
