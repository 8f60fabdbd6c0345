"""The demo portfolio, and turns of its people."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from cli.demo import load
from compliance.models import Level, Verification
from conversations.models import Turn, TurnState
from conversations.open import ask, open_conversation
from conversations.turns import Heard, receive
from ledger.models import Debtor
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId
from tests.actions.talking import talk  # noqa: F401  # a fixture

Says = Callable[..., Turn]


@pytest.fixture
def demo(db: Database, now: datetime) -> Database:
    """A database with the demo portfolio."""
    load(db, today=now.date())
    return db


def people(db: Database) -> list[Debtor]:
    """Everybody of the demo portfolio."""
    with db.read() as session:
        return list(session.scalars(select(Debtor).order_by(Debtor.id)))


@pytest.fixture
def says(demo: Database, now: datetime) -> Says:
    """Has somebody say something in a conversation of its own, as if the engine were just being asked."""
    numbers = count(1)

    def type_(words: str = "hello", *, verified: DebtorId | None = None, locale: str = "en-GB", question: str = "",
              data: dict[str, Any] | None = None, terms: dict[str, Any] | None = None,
              choice: dict[str, Any] | None = None) -> Turn:
        with demo.write() as session:
            conversation = ConversationId(open_conversation(session, channel="web", now=now, locale=locale).id)
            if verified is not None:
                session.add(Verification(conversation_id=conversation, debtor_id=verified, level=Level.VERIFIED,
                                         method="factors", verified_at=now, last_used_at=now))
            if question:
                ask(session, conversation_id=conversation, name=question, data=data or {})
            turn, _ = receive(
                session, conversation_id=conversation, provider_id=f"test:{next(numbers)}", now=now,
                heard=Heard(raw=words, shown=words, masked=words, terms=terms or {}, factors={}, choice=choice))
            turn.state = TurnState.HANDLING
            return turn

    return type_
