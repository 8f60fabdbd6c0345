"""What says who somebody is stands nowhere in plain: not in a row of any table, not in the files beside them."""

import contextlib
from datetime import date
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
            found[value.casefold()] = f"{what} of {person.letter}"
    return found


@pytest.fixture
def loaded(db: Database) -> Database:
    """The demo portfolio with its past, and its evidence sealed."""
    load(db, today=TODAY)
    with db.write() as session:
        seal_some(session)
    return db


def test_no_row_of_any_table_names_anybody(loaded: Database) -> None:
    stored, wanted, wrong = MetaData(), factors(), set()
    stored.reflect(loaded.engine)
    rows = 0
    with loaded.engine.connect() as connection:
        for table in stored.sorted_tables:
            as_stored = f'SELECT * FROM "{table.name}"'  # noqa: S608
            for row in connection.exec_driver_sql(as_stored).mappings():
                rows += 1
                for column, value in row.items():
                    if (table.name, column) not in SPEAKS_OF_OTHERS:
                        text = str(value).casefold()
                        wrong |= {f"{table.name}.{column}: {what}" for value, what in wanted.items() if value in text}
    assert rows > 500
    assert wrong == set()


def test_no_file_of_the_database_names_anybody(loaded: Database) -> None:
    if loaded.dialect != "sqlite":
        return
    with contextlib.closing(loaded.engine.raw_connection()) as connection:
        plain = "\n".join(
            str(value) for table, column in sorted(SPEAKS_OF_OTHERS)
            for (value,) in connection.cursor().execute(f'SELECT "{column}" FROM "{table}"').fetchall()  # noqa: S608
        ).casefold()
    path = Path(str(loaded.url.database))
    stored = b"".join(beside.read_bytes() for beside in path.parent.glob(f"{path.name}*")).lower()
    assert len(stored) > 100_000
    assert [what for value, what in factors().items() if value not in plain and value.encode() in stored] == []
