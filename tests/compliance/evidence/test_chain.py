"""The chain: sealed one after another, refused to be changed by the database, and found out where it was changed."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.evidence.anchor import Anchor, AnchorMismatch, Place
from compliance.evidence.models import Evidence
from compliance.evidence.sealing import seal_all, seal_some
from compliance.evidence.verifying import Report, verify
from runtime.database import Database
from runtime.errors import OperatorError


def write(db: Database, now: datetime, count: int, start: int = 0) -> None:
    """Some records."""
    with db.write() as session:
        for number in range(start, start + count):
            record(session, key=f"k{number}", kind="test.done", now=now + timedelta(seconds=number),
                   conversation_id="c", subject=f"thing:{number}", actor="test", facts={"n": number, "é": "ü"})


def look(db: Database, *anchors: Anchor) -> Report:
    """What verifying finds."""
    with db.read() as session:
        return verify(session, anchors=list(anchors))


def without_triggers(connection: Connection) -> None:
    """As somebody who owns the database would begin."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE evidence DISABLE TRIGGER USER")
        return
    for name in connection.execute(text(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'evidence'")).scalars().all():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def test_records_are_sealed_in_order_and_hold(db: Database, now: datetime, tmp_path: Path) -> None:
    place = Place(tmp_path / "anchor")
    assert (look(db).sealed, look(db).problems) == (0, [])
    write(db, now, 7)
    before = look(db)
    assert (before.sealed, before.waiting, before.waiting_since) == (0, 7, now)
    with db.write() as session:
        assert seal_some(session, at_once=3)[0] == 3
    assert seal_all(db, anchor=place) == 4
    assert seal_all(db, anchor=place) == 0
    write(db, now, 2, start=7)
    after = look(db, place.read() or Anchor("", 0, ""))
    assert (after.sealed, after.waiting, after.problems) == (7, 2, [])
    assert place.read() == after.end
    with db.read() as session:
        rows = session.scalars(select(Evidence).order_by(Evidence.id)).all()
        assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6, 7, None, None]
        assert [row.previous for row in rows[1:7]] == [row.hash for row in rows[:6]]


def test_the_same_key_is_written_once(db: Database, now: datetime) -> None:
    write(db, now, 2)
    write(db, now, 3)
    assert look(db).waiting == 3


REFUSED = (
    "UPDATE evidence SET kind = 'x' WHERE id = 1", "UPDATE evidence SET position = NULL WHERE id = 1",
    "UPDATE evidence SET hash = 'x' WHERE id = 1", "DELETE FROM evidence WHERE id = 1", "DELETE FROM evidence",
    "UPDATE evidence SET facts = '{}' WHERE id = 3", "UPDATE evidence SET actor = 'x', position = 3 WHERE id = 3",
    "DELETE FROM evidence WHERE id = 3", "UPDATE evidence SET content = 'x' WHERE id = 3",
    "INSERT INTO evidence (kind, at, facts, position) VALUES ('x', '2026-03-03 12:00:00', '{}', 9)")


def test_the_database_refuses_to_change_them(db: Database, now: datetime) -> None:
    write(db, now, 2)
    seal_all(db)
    write(db, now, 1, start=2)
    for statement in REFUSED:
        with pytest.raises(DBAPIError, match="never changed"), db.write() as session:
            session.execute(text(statement))
    assert look(db).problems == []


def test_nor_to_empty_the_table_or_replace_a_row(db: Database, now: datetime) -> None:
    write(db, now, 2)
    seal_all(db)
    statement = {"postgresql": "TRUNCATE evidence",
                 "sqlite": "INSERT OR REPLACE INTO evidence (id, kind, at, facts) VALUES (1, 'x', '2026-03-03', '{}')"}
    with pytest.raises(DBAPIError, match="never changed"), db.write() as session:
        session.execute(text(statement[db.dialect]))


CHANGES: list[tuple[tuple[str, ...], str]] = [
    (("UPDATE evidence SET kind = 'hold.lifted' WHERE id = 3",), "record 3 .* was changed"),
    (("UPDATE evidence SET facts = '{\"n\": 4}' WHERE id = 3",), "record 3 .* was changed"),
    (("UPDATE evidence SET at = '2020-01-01 00:00:00' WHERE id = 3",), "record 3 .* was changed"),
    (("UPDATE evidence SET content = 'x' WHERE id = 3",), "record 3 .* was changed"),
    (("UPDATE evidence SET debtor_id = 9 WHERE id = 1",), "record 1 .* was changed"),
    (("UPDATE evidence SET hash = 'x' WHERE id = 3",), "record 4 does not follow"),
    (("DELETE FROM evidence WHERE id = 3",), "record 3 is missing"),
    (("DELETE FROM evidence WHERE id IN (2, 3)",), "records 2 to 3 are missing"),
    (("DELETE FROM evidence WHERE id = 3", "UPDATE evidence SET position = position - 1 WHERE id > 3"),
     "record 3 does not follow"),
    (("DELETE FROM evidence WHERE id = 6",), "ends at record 5, but was sealed up to 6"),
    (("DELETE FROM evidence WHERE id = 6", "UPDATE evidence_head SET position = 5, hash ="
      " (SELECT hash FROM evidence WHERE position = 5)"), "an anchor says that it went up to 6"),
    (("DELETE FROM evidence", "DELETE FROM evidence_head"), "the log is empty, but an anchor"),
    (("DELETE FROM evidence_head",), "6 records are sealed, but the end of the log is gone"),
    (("INSERT INTO evidence (id, kind, at, facts, position, previous, hash) SELECT 99, kind, at, facts, 7, hash, 'x'"
      " FROM evidence WHERE id = 6",), "record 7 .* was changed"),
    (("UPDATE evidence_head SET chain = 'other'",), "of another log"),
]


def test_every_change_is_found(db: Database, now: datetime, tmp_path: Path) -> None:
    write(db, now, 6)
    place = Place(tmp_path / "anchor")
    seal_all(db, anchor=place)
    anchor = place.read()
    assert anchor is not None
    for statements, found in CHANGES:
        with db.engine.execution_options(writes=True).connect() as connection, connection.begin() as change:
            without_triggers(connection)
            for statement in statements:
                connection.exec_driver_sql(statement)
            with Session(connection) as session:
                report = verify(session, anchors=[anchor])
            assert [problem for problem in report.problems if re.search(found, problem)], (statements, report.problems)
            change.rollback()
    assert look(db, anchor).problems == []


def test_two_sealers_make_one_chain(db: Database, now: datetime) -> None:
    write(db, now, 40)
    threads = [Thread(target=seal_all, args=(db,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = look(db)
    assert (report.sealed, report.waiting, report.problems) == (40, 0, [])


def test_on_postgresql_a_late_commit_is_sealed_late(
    make_postgresql: Callable[[], Database], now: datetime
) -> None:
    db = make_postgresql()
    with db.write() as early:
        record(early, key="early", kind="test.done", now=now)
        write(db, now, 1)
        assert seal_all(db) == 1
    assert seal_all(db) == 1
    with db.read() as session:
        assert session.scalars(select(Evidence.key).order_by(Evidence.position)).all() == ["k0", "early"]
    assert look(db).problems == []
    db.close()


def test_an_anchor_of_another_log_is_left_alone(db: Database, now: datetime, tmp_path: Path) -> None:
    place = Place(tmp_path / "deep" / "anchor")
    place.keep(Anchor("somebody-elses", 12, "x"))
    write(db, now, 1)
    with pytest.raises(AnchorMismatch, match="another evidence log"):
        seal_all(db, anchor=place)
    assert look(db).sealed == 1
    assert str(place.read()) == "somebody-elses 12 x"
    place.keep(Anchor("somebody-elses", 11, "y"))
    assert str(place.read()) == "somebody-elses 12 x"


@pytest.mark.parametrize("words", ["", "a b c", "one 2", "a 1 b c"])
def test_what_is_no_anchor_is_said(tmp_path: Path, words: str) -> None:
    (tmp_path / "anchor").write_text(words)
    with pytest.raises(OperatorError, match="not an anchor"):
        Place(tmp_path / "anchor").read()
