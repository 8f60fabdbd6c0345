"""What reminders ask: stopped, an hour that is lawful and wished for, the channel that is preferred."""

from collections.abc import Iterator
from datetime import datetime, time, timezone

import pytest

from compliance.preferences import set_wish, stop_all
from ledger.models import Debtor
from outreach.preferences import Channel, contact_stopped, may_send_at, only_channel, preferred_channel
from runtime.database import Database
from runtime.ids import DebtorId


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()


@pytest.fixture
def debtor(db: Database, now: datetime) -> DebtorId:
    with db.write() as session:
        row = Debtor(ref="DD-1", first_name="Jane", last_name="Roe", country="GB", timezone="Europe/London",
                     created_at=now)
        session.add(row)
        session.flush()
        return row.id


def _at(hour: int) -> datetime:
    return datetime(2026, 1, 15, hour, 0, tzinfo=timezone.utc)


def test_hours(db: Database, debtor: DebtorId, now: datetime) -> None:
    with db.write() as session:
        assert [may_send_at(session, debtor, now=_at(hour)) for hour in (7, 8, 20, 21)] == [False, True, True, False]
        set_wish(session, debtor_id=debtor, not_before=time(10), not_after=time(18), now=now)
        assert [may_send_at(session, debtor, now=_at(hour)) for hour in (9, 10, 17, 18)] == [False, True, True, False]
        session.get_one(Debtor, debtor).timezone = None
        assert not may_send_at(session, debtor, now=_at(12)), "unknown time zone means do not send"


def test_channels(db: Database, debtor: DebtorId, now: datetime) -> None:
    with db.write() as session:
        assert preferred_channel(session, debtor) is None
        only_channel(session, debtor_id=debtor, channel=Channel.EMAIL, now=now)
        assert preferred_channel(session, debtor) == Channel.EMAIL
        assert contact_stopped(session, debtor, None, "sms")
        assert not contact_stopped(session, debtor, None, "email")
        stop_all(session, debtor_id=debtor, reason="stop_contact", now=now)
        assert contact_stopped(session, debtor, None, "email")
        assert preferred_channel(session, debtor) is None
