"""What the law wants said before a debt is spoken of is evidence, once, with its words."""

import pytest
from sqlalchemy import select, update

from compliance.evidence.models import Evidence
from conversations.models import Conversation
from ledger.models import Creditor, Debtor
from tests.actions.talking import Talk
from tests.actions.talking import talk as talk


@pytest.fixture
def american(talk: Talk) -> Talk:
    """The debtor lives where a collector must say that it is one."""
    with talk.database.write() as session:
        session.execute(update(Debtor).values(country="US", region="Texas", timezone="America/Chicago"))
        session.execute(update(Creditor).values(country="US"))
        session.execute(update(Conversation).values(locale="en-US"))
    return talk


def made(talk: Talk) -> list[Evidence]:
    """The disclosures recorded."""
    with talk.database.read() as session:
        return list(session.scalars(select(Evidence).where(Evidence.kind == "disclosure.made").order_by(Evidence.id)))


def test_a_disclosure_is_recorded_with_its_words(american: Talk) -> None:
    assert american.type("action_balance", "what do i owe")[0] == "disclosure_first"
    assert "disclosure_first" not in american.type("action_balance", "what do i owe")
    (row,) = made(american)
    assert (row.debtor_id, row.conversation_id, row.actor, row.at) == (
        american.debtor_id, american.conversation_id, "bot", american.now)
    assert row.facts["say"] == "disclosure_first"
    assert "debt collector" in row.facts["words"]


def test_where_nothing_is_to_be_disclosed_nothing_is_recorded(talk: Talk) -> None:
    talk.type("action_balance", "what do i owe")
    assert made(talk) == []
