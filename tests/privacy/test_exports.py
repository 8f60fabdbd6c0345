"""What leaves the house by default names nobody and says nothing of anybody's health."""

import io
from datetime import datetime

import pytest
from sqlalchemy import select

from compliance.placing.care import note_vulnerability
from exchange.batches import events
from exchange.period import Period
from exchange.positions import give_all
from exchange.postings import write_postings
from exchange.remittance import remittances
from exchange.remitting import remittance_file
from exchange.statement import statement_file
from ledger.models import Creditor
from tests.privacy.conftest import Desk

WHO = ("Jane", "Roe", "1981-03-12", "SW1A 2AA", "jane@example.com", "07700 900123", "lost my job", "an adviser",
       " ill ", "vulnerab")


@pytest.fixture
def moved(desk: Desk) -> Desk:
    """Something to export: payments, and a wish for extra support."""
    desk.settle(desk.now)
    with desk.db.write() as session:
        note_vulnerability(session, key="n", debtor_id=desk.home.jane, now=desk.now)
    return desk


def written(desk: Desk, now: datetime) -> dict[str, str]:
    """Every export as text."""
    made = {}
    with desk.db.read() as session:
        creditor = session.scalars(select(Creditor.id)).one()
        for form in ("csv", "jsonl"):
            file = io.StringIO()
            assert write_postings(session, file, form=form) > 4  # type: ignore[arg-type]
            made[form] = file.getvalue()
        paid = remittances(session, creditor, Period(now.date(), now.date()))
        made["remittance"] = remittance_file(paid, form="html", now=now).content.decode()
        made["statement"] = statement_file(session, desk.home.jane, now=now, form="html", named=False).content.decode()
        made["feed"] = "\n".join(map(str, events(session, first=1)))
    return made


def test_no_export_says_who_somebody_is(moved: Desk, now: datetime) -> None:
    assert give_all(moved.db) > 3
    for name, text in written(moved, now).items():
        assert len(text) > 200, name
        assert [word for word in WHO if word in text] == [], name


def test_a_statement_to_the_person_names_them_and_not_their_health(moved: Desk, now: datetime) -> None:
    with moved.db.read() as session:
        text = statement_file(session, moved.home.jane, now=now, form="html").content.decode()
    assert "Jane Roe" in text
    assert [word for word in WHO[2:] if word in text] == []
