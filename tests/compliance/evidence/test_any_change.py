"""Whatever is changed in whatever sealed record, it is found."""

from collections.abc import Callable
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.evidence.sealing import seal_all
from compliance.evidence.verifying import verify
from runtime.database import Database

TEXTS = {"kind", "subject", "actor", "conversation_id", "key", "content", "previous", "hash"}
COLUMNS = sorted(TEXTS | {"debtor_id", "debt_id", "position", "at", "facts"})


def test_a_change_of_any_column_of_any_record_is_found(make_sqlite: Callable[[], Database], now: datetime) -> None:
    db = make_sqlite()
    with db.write() as session:
        for number in range(8):
            record(session, key=f"k{number}", kind="test.done", now=now, conversation_id=f"c{number}",
                   facts={"n": number}, subject=f"thing:{number}", actor="test")
    seal_all(db)
    with db.write() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                         " AND tbl_name = 'evidence'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))

    @given(row=st.integers(1, 8), column=st.sampled_from(COLUMNS), number=st.integers(10, 99))
    @settings(max_examples=60, deadline=None)
    def found(row: int, column: str, number: int) -> None:
        value: object = {"at": f"2020-01-01 00:00:00.0000{number}", "facts": f'{{"n": {number}}}'}.get(
            column, f"x{number}" if column in TEXTS else number)
        with db.engine.execution_options(writes=True).connect() as connection, connection.begin() as change:
            change_it = text(f"UPDATE evidence SET {column} = :value WHERE id = :id")  # noqa: S608 - a name of ours
            connection.execute(change_it, {"value": value, "id": row})
            with Session(connection) as session:
                assert verify(session, anchors=[]).problems, (row, column, value)
            change.rollback()

    found()
    with db.read() as session:
        assert verify(session, anchors=[]).problems == []
    db.close()
