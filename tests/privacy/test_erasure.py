"""Erasure: refused while it must be, complete when it is done, and of nobody else."""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from compliance.evidence.reading import evidence_of
from compliance.evidence.sealing import seal_all
from compliance.evidence.verifying import verify
from compliance.models import Verification
from conversations.models import Message, Ticket, Turn
from ledger.check import check
from ledger.holds import HoldReason, lift_hold, place_hold
from ledger.models import Debtor, Entry, Hold, Txn
from payments.models import StripeEvent
from privacy.access import collected
from privacy.erasure import MayNotErase, erase, erase_everywhere
from privacy.forbidden import forbidding
from privacy.map import places, tables
from privacy.reach import reach
from runtime.database import Database
from tests.privacy.conftest import SECRETS, Desk

Later = Callable[[int], datetime]
OVER = 3 * 365 + 2


def everything(db: Database) -> str:
    """Every value of every table, deciphered."""
    found = []
    with db.read() as session:
        for name, table in tables().items():
            if name != "evidence":
                found += [f"{name}: {dict(row._mapping)}" for row in session.execute(select(table))]
    return "\n".join(found).lower()


def why_not(desk: Desk, at: datetime) -> list[str]:
    """What forbids erasing Jane."""
    with desk.db.read() as session:
        return [str(reason) for reason in forbidding(session, desk.home.jane, now=at)]


def test_it_is_refused_while_the_rules_forbid_it(desk: Desk, later: Later) -> None:
    assert why_not(desk, later(OVER)) == ["open debts: NG-0001, PC-0002"]
    desk.settle(later(0))
    assert why_not(desk, later(10)) == [
        "evidence is kept for 3 years after the last activity, which was on 2026-03-03 (until 2029-03-03)"]
    with desk.db.write() as session:
        hold = place_hold(session, key="h", debtor_id=desk.home.jane, debt_id=None, reason=HoldReason.COMPLAINT,
                          now=later(0), until=None, actor="test", cause="jane roe complains")
    assert why_not(desk, later(OVER)) == ["on hold: complaint"]
    with pytest.raises(MayNotErase, match="on hold: complaint"), desk.db.write() as session:
        erase(session, desk.home.jane, actor="test", now=later(OVER))
    with desk.db.write() as session:
        lift_hold(session, hold_id=hold.id, now=later(20), actor="test")
    assert why_not(desk, later(OVER)) == [
        "evidence is kept for 3 years after the last activity, which was on 2026-03-23 (until 2029-03-23)"]
    assert why_not(desk, later(OVER + 21)) == []
    with desk.db.write() as session:
        session.scalars(select(Ticket).where(Ticket.key == "t1")).one().state = "open"
    assert why_not(desk, later(OVER + 21)) == ["staff have an open ticket"]
    assert "jane" in everything(desk.db)


def test_what_is_personal_is_gone_and_the_books_stand(desk: Desk, later: Later) -> None:
    desk.settle(later(0))
    with desk.db.write() as session:
        place_hold(session, key="h", debtor_id=desk.home.jane, debt_id=None, reason=HoldReason.HARDSHIP, now=later(0),
                   until=date(2026, 3, 9), actor="test", cause="jane lost my job")
    seal_all(desk.db)
    with desk.db.read() as session:
        before = (session.scalars(select(Entry.amount).order_by(Entry.id)).all(),
                  session.scalars(select(Txn.content_hash).order_by(Txn.id)).all())
    others = everything(desk.db).count("john")
    done = erase_everywhere(desk.db, desk.home.jane, actor="staff:1", now=later(OVER), tracker=desk.tracker)
    assert done.deleted["budget"] == 1
    assert done.cleared["message"] == 8
    seal_all(desk.db)
    left = everything(desk.db)
    assert [word for word in SECRETS if word.lower() in left] == []
    assert left.count("john") == others
    with desk.db.read() as session:
        debtor = session.get_one(Debtor, desk.home.jane)
        assert (debtor.ref, debtor.first_name, debtor.email, debtor.name_hash, debtor.vulnerable, debtor.erased_at) == (
            f"ERASED-{debtor.id}", "", None, None, False, later(OVER))
        assert before == (session.scalars(select(Entry.amount).order_by(Entry.id)).all(),
                          session.scalars(select(Txn.content_hash).order_by(Txn.id)).all())
        assert check(session) == []
        assert verify(session, anchors=[]).problems == []
        shown = list(evidence_of(session, desk.home.jane))
        assert [row.kind for row in shown if row.erased] == ["consent.given"]
        assert shown[-1].kind == "privacy.erased"
        assert session.scalars(select(Verification).where(Verification.debtor_id == desk.home.jane)).all() == []
        assert session.scalars(select(Message.text).where(Message.conversation_id == desk.alone)).all() == [""] * 6
        assert session.scalars(select(Turn.factors).where(Turn.conversation_id == desk.alone)).all() == [{}] * 3
        assert session.scalars(select(Hold.cause).where(Hold.key == "h")).one() == ""
        assert session.get_one(StripeEvent, "evt_2").raw == '{"name": "john doe"}'
        assert {"john speaking", "Answer to: john speaking"} <= set(
            session.scalars(select(Message.text).where(Message.conversation_id == desk.shared)))


def test_what_the_map_calls_erased_is_empty(desk: Desk, later: Later) -> None:
    desk.settle(later(0))
    erase_everywhere(desk.db, desk.home.jane, actor="test", now=later(OVER), tracker=desk.tracker)
    with desk.db.read() as session:
        left = collected(session, desk.home.jane)
    for name, rows in left.items():
        place = places()[name]
        if name == "evidence":
            continue
        assert place.erasure != "delete", name
        for row in rows:
            personal = {column: value for column, value in row.items() if column in place.personal
                        and value not in ({}, [], False)}
            assert place.erasure == "keep" or personal.keys() <= {"ref"}, (name, personal)


def test_twice_is_once(desk: Desk, later: Later) -> None:
    desk.settle(later(0))
    for _ in range(2):
        done = erase_everywhere(desk.db, desk.home.jane, actor="test", now=later(OVER), tracker=desk.tracker)
    assert done.already
    with desk.db.read() as session:
        kinds = [row.kind for row in evidence_of(session, desk.home.jane)]
    assert kinds.count("privacy.erased") == 1


def test_the_engine_forgets_the_conversation_and_no_other(desk: Desk, later: Later) -> None:
    desk.settle(later(0))
    erase_everywhere(desk.db, desk.home.jane, actor="test", now=later(OVER), tracker=desk.tracker)
    with sqlite3.connect(desk.tracker.removeprefix("sqlite:///")) as events:
        assert [data for (data,) in events.execute("SELECT data FROM events")] == ["y"]
    events.close()


def test_on_sqlite_nothing_is_left_in_the_file(desk: Desk, later: Later) -> None:
    if desk.db.dialect != "sqlite":
        return
    with desk.db.read() as session:
        ciphertext = session.execute(text("SELECT text FROM message ORDER BY id LIMIT 1")).scalar_one()
        kept = session.execute(text("SELECT form FROM budget")).scalar_one()
    desk.settle(later(0))
    erase_everywhere(desk.db, desk.home.jane, actor="test", now=later(OVER), tracker=desk.tracker)
    with desk.db.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = Path(str(desk.db.url.database)).read_bytes()
    assert ciphertext.encode() not in stored
    assert kept.encode() not in stored


def test_every_table_can_be_reached(desk: Desk) -> None:
    with desk.db.read() as session:
        theirs = reach(session, desk.home.jane)
        for name, place in places().items():
            if place.of_debtors:
                session.execute(select(tables()[name]).where(theirs.rows(name))).all()
