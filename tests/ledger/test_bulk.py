"""Rows at the speed of the driver: nothing is lost on the way, nobody's number is taken twice."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from ledger.bulk import bulk_writer, copied, count_anew, named
from ledger.models import Creditor, Debtor
from runtime.database import Database
from tests.ledger.portfolio import Portfolio

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
COLUMNS = ("id", "ref", "name", "country", "currency", "policy", "own_collector")


@given(st.lists(st.tuples(st.integers(), st.one_of(st.none(), WORDS)), min_size=1, max_size=5))
def test_copied_text_is_one_line_per_row(rows: list[tuple[int, str | None]]) -> None:
    lines = copied(rows).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(rows)
    for (number, word), line in zip(rows, lines, strict=True):
        first, second = line.split("\t")
        assert first == str(number)
        plain = second.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r")
        assert (None if second == "\\N" else plain.replace("\0", "\\")) == word


def test_any_text_arrives(db: Database) -> None:
    words = ["plain", "tab\there", "back\\slash", "\\N", "line\nend\r", "", "Zoë 'quoted' \"twice\""]
    with db.write() as session, bulk_writer(session) as writer:
        writer.insert("creditor", COLUMNS, [
            (number, f"C{number}", word, "GB", "GBP", "uk-standard", writer.flag(False))
            for number, word in zip(writer.ids("creditor", len(words)), words, strict=True)
        ])  # fmt: skip
    with db.read() as session:
        assert list(session.scalars(select(Creditor.name).order_by(Creditor.id))) == words


def test_numbers_are_nobody_elses(db: Database, portfolio: Portfolio) -> None:
    with db.write() as session, bulk_writer(session) as writer:
        drawn = [*writer.ids("debt", 3), *writer.ids("debt", 1), *writer.ids("debt", 50)]
        assert sorted(set(drawn)) == drawn
        assert len(drawn) == 54
        assert list(writer.ids("debt", 0)) == []
    if db.dialect == "postgresql":  # on SQLite only what was written counts, for nobody writes beside us
        assert portfolio.debt("A1", 100) not in drawn


def test_what_the_database_refuses_is_said(db: Database, portfolio: Portfolio) -> None:
    row = (portfolio.gas, "X", "X", "GB", "GBP", "uk-standard", "0")
    with pytest.raises(IntegrityError), db.write() as session, bulk_writer(session) as writer:
        writer.insert("creditor", COLUMNS, [row])
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM creditor")) == 2


def test_instants_are_what_the_models_write(db: Database, portfolio: Portfolio) -> None:
    at = datetime(2026, 3, 3, 12, 0, 0, 5, tzinfo=timezone.utc)
    with db.write() as session, bulk_writer(session) as writer:
        writer.insert("debtor", ("id", "ref", "first_name", "last_name", "country", "vulnerable", "created_at"),
                      [(4711, "B1", "", "", "GB", writer.flag(True), writer.instant(at))])
    with db.read() as session:
        debtor = session.get_one(Debtor, 4711)
        assert (debtor.created_at, debtor.vulnerable) == (at, True)



@pytest.mark.parametrize("large", [False, True])
def test_texts_that_json_or_copy_would_spoil_arrive(db: Database, large: bool) -> None:
    words = ["None", "null", "%s", "100 %", '{"a": [1]}', "007", "true", "snow \u2603", "\\u0000", "\\", "\u2028"]
    with db.write() as session, bulk_writer(session, large=large) as writer:
        writer.insert("creditor", COLUMNS, [
            (number, f"C{number}", word, "GB", "GBP", "uk-standard", writer.flag(False))
            for number, word in zip(writer.ids("creditor", len(words)), words, strict=True)
        ])  # fmt: skip
    with db.read() as session:
        assert list(session.scalars(select(Creditor.name).order_by(Creditor.id))) == words


def test_many_numbers_drawn_ahead_meet_nobody_elses(db: Database, portfolio: Portfolio) -> None:
    with db.write() as session, bulk_writer(session, large=True) as writer:
        drawn: list[int] = []
        for count in (5, 3, 40, 0, 1, 200, 7):
            drawn += writer.ids("creditor", count)
            writer.insert("creditor", COLUMNS, [
                (number, f"C{number}", "X", "GB", "GBP", "uk-standard", writer.flag(False))
                for number in drawn[len(drawn) - count:]
            ])  # fmt: skip
            if count == 40:  # the session may be used in between, once all is in
                writer.settle()
                session.execute(text("INSERT INTO creditor (ref, name, country, currency, policy, own_collector)"
                                     " VALUES ('BETWEEN', 'B', 'GB', 'GBP', 'uk-standard', false)"))
    assert sorted(set(drawn)) == sorted(drawn)
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM creditor")) == 2 + 256 + 1


def test_what_the_database_refuses_of_many_is_said(db: Database, portfolio: Portfolio) -> None:
    row = (portfolio.gas, "X", "X", "GB", "GBP", "uk-standard", "0")
    with pytest.raises(IntegrityError), db.write() as session, bulk_writer(session, large=True) as writer:
        writer.insert("creditor", COLUMNS, [row])
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM creditor")) == 2


def test_the_rows_are_counted_anew(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 10_000)
    count_anew(db)
    counted = {
        "sqlite": "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'debt'",
        "postgresql": "SELECT reltuples FROM pg_class WHERE oid = 'debt'::regclass",
    }[db.dialect]
    with db.read() as session:
        assert session.scalar(text(counted)) >= 1


@pytest.mark.parametrize("names", [("debt; --", ()), ("debt", ("id", "ref) VALUES (1")), ("", ()), ("debt", ("é",))])
def test_only_plain_names_come_into_a_statement(names: tuple[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="not the name"):
        named(*names)
    assert named("debt") == "debt"
    assert named("debt", ("id", "ref")) == "debt (id, ref)"
