"""Statements straight to the driver: in the session's transaction, with the errors of SQLAlchemy and without values."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ledger.models import Debtor
from runtime.database import Database
from runtime.straight import Statement, instant, straight
from runtime.vault import encrypt


def debtor(db: Database, ref: str, now: datetime) -> Statement:
    return ("INSERT INTO debtor (ref, first_name, last_name, country, vulnerable, created_at) "
            "VALUES (?, ?, ?, 'GB', ?, ?) RETURNING id", (ref, encrypt("Maya"), encrypt("Okafor"),
                                                          "f" if db.dialect == "postgresql" else 0,
                                                          instant(db.dialect, now)))


def test_what_each_statement_returned(db: Database, now: datetime) -> None:
    with db.write() as session:
        made, nothing, read = straight(session, [
            debtor(db, "D-1", now), ("UPDATE debtor SET country = ? WHERE ref = ?", ("FR", "D-1")),
            ("SELECT country, ref FROM debtor WHERE ref = ?", ("D-1",))])
    assert (nothing, read) == ([], [("FR", "D-1")])
    with db.read() as session:
        stored = session.get_one(Debtor, made[0][0])
    assert (stored.first_name, stored.country, stored.created_at) == ("Maya", "FR", now)


def test_an_error_is_raised_as_ever_and_takes_back_only_its_savepoint(db: Database, now: datetime) -> None:
    with db.write() as session:
        straight(session, [debtor(db, "D-1", now)])
        with pytest.raises(IntegrityError) as wrong, session.begin_nested():
            straight(session, [debtor(db, "D-2", now), debtor(db, "D-1", now), debtor(db, "D-3", now)])
        straight(session, [debtor(db, "D-4", now)])
    assert "D-1" not in str(wrong.value).split("\n")[-1]
    with db.read() as session:
        assert list(session.scalars(select(Debtor.ref).order_by(Debtor.ref))) == ["D-1", "D-4"]


def test_all_is_rolled_back_with_the_session(db: Database, now: datetime) -> None:
    def half() -> None:
        with db.write() as session:
            straight(session, [debtor(db, "D-1", now)])
            raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        half()
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Debtor)) == 0


def test_a_naive_instant_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="naive"):
        instant("sqlite", now.replace(tzinfo=None))
