"""What says who somebody is stands nowhere in plain: not in a row of any table, not in the files beside them."""

import contextlib
import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from cli.demo import load
from cli.portfolio import read_portfolio
from compliance.evidence.sealing import seal_some
from runtime.database import Database

TODAY = date(2026, 4, 15)
SPEAKS_OF_OTHERS = {("hold", "cause"), ("debt", "description")}
"""The creditor's and staff's own words, which the map of personal data says stand in plain."""


@cache
def factors() -> dict[str, str]:
    """Every identity factor of the demo's people, as it is and as a programmer might have written it, by what it is."""
    found = {}
    for person in read_portfolio().people:
        for what, value in (
            ("date of birth", str(person.born)), ("date of birth", f"{person.born:%d/%m/%Y}"),
            ("date of birth", f"{person.born:%Y%m%d}"), ("postcode", person.postcode),
            ("postcode", person.postcode.replace(" ", "")), ("e-mail", person.email), ("telephone", person.phone),
            ("telephone", person.phone.removeprefix("+")), ("last name", person.last_name),
            ("first name", f"{person.first_name} {person.last_name}"),
        ):
            found[value] = f"{what} of {person.letter}"
    return found


def named(text: str) -> set[str]:
    """What of anybody stands in ``text``. A last name only as a word of its own: some are within others, or by chance
    in what is encrypted."""
    plain = re.sub(r"gAAAA[\w=-]{60,}", " ", text)
    return {what for value, what in factors().items() if value in plain and (
        not what.startswith("last name") or re.search(rf"(?<![A-Za-z0-9]){value}(?![A-Za-z0-9])", plain))}


@pytest.mark.parametrize(
    "said", ["x1991-03-14y", "rowLS6 2QB", "ls6 LS62QBx", "a.maya@example.com", "Okafor, M", "+447700900101"])
def test_this_test_would_find_them(said: str) -> None:
    assert named(f"gAAAAB {said} more")
    assert not named("bank transfer, 1991, LS6, example.com")


@pytest.fixture
def loaded(db: Database) -> Database:
    """The demo portfolio with its past, and its evidence sealed."""
    load(db, today=TODAY)
    with db.write() as session:
        seal_some(session)
    return db


def test_no_row_of_any_table_names_anybody(loaded: Database) -> None:
    stored, wrong = MetaData(), set()
    stored.reflect(loaded.engine)
    rows = 0
    with loaded.engine.connect() as connection:
        for table in stored.sorted_tables:
            as_stored = f'SELECT * FROM "{table.name}"'  # noqa: S608
            for row in connection.exec_driver_sql(as_stored).mappings():
                rows += 1
                for column, value in row.items():
                    if (table.name, column) not in SPEAKS_OF_OTHERS:
                        wrong |= {f"{table.name}.{column}: {what}" for what in named(str(value))}
    assert rows > 300
    assert wrong == set()


def test_no_file_of_the_database_names_anybody(loaded: Database) -> None:
    if loaded.dialect != "sqlite":
        return
    with contextlib.closing(loaded.engine.raw_connection()) as connection:
        schema = connection.cursor().execute("SELECT sql FROM sqlite_master").fetchall()
        plain = "\n".join(row[0] or "" for row in schema)
        plain += "\n".join(
            str(value) for table, column in sorted(SPEAKS_OF_OTHERS)
            for (value,) in connection.cursor().execute(f'SELECT "{column}" FROM "{table}"').fetchall()  # noqa: S608
        )
    path = Path(str(loaded.url.database))
    stored = b"".join(beside.read_bytes() for beside in path.parent.glob(f"{path.name}*"))
    assert len(stored) > 100_000
    assert named(stored.decode("latin-1")) - named(plain) == set()
