"""The way through identity and placing, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import select

from compliance import placing
from compliance.factors import find_factors
from compliance.identity import NotMatched, Verified, offer_factors, use_link
from compliance.links import make_link
from compliance.preferences import contact_stopped
from compliance.standing import Standing, touch, who
from conversations.models import Ticket
from ledger.holds import active_holds
from ledger.kinds import HoldReason
from runtime.database import Database
from runtime.ids import ConversationId
from tests.compliance.conftest import Household


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()


def test_from_first_word_to_wrong_person(db: Database, now: datetime, home: Household,
                                         talk: Callable[..., ConversationId]) -> None:
    here = talk()
    for text, expected in (("Roe 13/3/81 DD-1042", NotMatched()), ("12/3/81", Verified(home.jane))):
        found = find_factors(text, locale="en-GB", identity_open=True, today=now.date())
        with db.write() as session:
            assert offer_factors(session, conversation_id=here, address="192.0.2.1", factors=found.factors,
                                 now=now) == expected
    with db.write() as session:
        assert touch(session, conversation_id=here, now=now).verified == home.jane
        placing.dispute(session, key="1:a", conversation_id=here, debtor_id=home.jane, debt_id=home.gas, now=now,
                        today=now.date())
        placing.contact_preference(session, key="2:a", conversation_id=here, debtor_id=home.jane,
                                   words="don't text me after 8pm", now=now, today=now.date())
        placing.stop_contact(session, key="3:a", conversation_id=here, debtor_id=home.jane, now=now, today=now.date())
        placing.wrong_person(session, key="4:a", conversation_id=here, debtor_id=home.jane, now=now, today=now.date())
    with db.read() as session:
        assert who(session, here, now=now) == Standing()
        assert contact_stopped(session, home.jane, here, "sms")
        assert {hold.reason for hold in active_holds(session, debtor_id=home.jane, now=now)} == {
            HoldReason.DISPUTE, HoldReason.WRONG_PERSON}
        assert len(session.scalars(select(Ticket)).all()) == 4


def test_links(db: Database, now: datetime, home: Household, talk: Callable[..., ConversationId]) -> None:
    here = talk("telegram")
    with db.write() as session:
        token = make_link(session, reference="NG-0001", verifies=True, created_by="staff", now=now)
    with db.write() as session:
        assert use_link(session, conversation_id=here, token=token, now=now) == Verified(home.jane)
