"""Up from every earlier revision with data in it: the rows are still there, and the books are sound and go on.

``data/REVISION.sql`` holds rows for what that revision brought, on top of those of the revisions before it.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url

from ledger.check import check
from ledger.models import DebtBalance
from ledger.money import Money
from ledger.receipts import receive
from runtime.database import Database
from runtime.ids import DebtId
from runtime.migrate import chain, current, head, upgrade

DATA = Path(__file__).parent / "data"
NEVER_CHANGED = ("txn", "entry", "seal", "account", "debt_balance")
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Gives an empty database."""
    made: list[Database] = []

    def new() -> Database:
        if request.param == "sqlite":
            made.append(Database(f"sqlite:///{tmp_path / f'{len(made)}.sqlite3'}"))
            return made[-1]
        url = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
        name = f"up_{tmp_path.name}_{len(made)}"[-60:]
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        admin.dispose()
        made.append(Database(url.set(database=name).render_as_string(hide_password=False)))
        return made[-1]

    yield new
    for database in made:
        database.close()


def fill(database: Database, revision: str) -> None:
    """Run a revision's file, in one transaction."""
    script = "\n".join(line for line in (DATA / f"{revision}.sql").read_text(encoding="utf-8").splitlines()
                       if not line.startswith("--"))
    with database.engine.execution_options(writes=True).begin() as connection:
        for statement in filter(None, map(str.strip, script.split(";\n"))):
            connection.exec_driver_sql(statement.rstrip(";").replace("%", "%%"))
        if database.dialect == "postgresql":  # ids given by hand do not move a sequence
            for table in inspect(connection).get_table_names():
                sequence = "id" in {c["name"] for c in inspect(connection).get_columns(table)} and connection.execute(
                    text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar()
                if sequence:
                    newest = connection.execute(select(func.max(text("id"))).select_from(text(f'"{table}"'))).scalar()
                    connection.execute(select(func.setval(sequence, newest)))


def rows(database: Database) -> Rows:
    """All there is, by table, as plain SQL gives it."""
    tables = MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        return {name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for name, table in tables.tables.items() if name != "alembic_version"}


def keys(database: Database, name: str) -> list[str]:
    """The columns of a table's primary key."""
    return [column.name for column in Table(name, MetaData(), autoload_with=database.engine).primary_key]


def test_every_revision_but_the_newest_has_its_rows() -> None:
    wanted = chain()[:-1]
    missing = [revision for revision in wanted if not (DATA / f"{revision}.sql").exists()]
    assert missing == [], f"write tests/migrations/data/{missing[0]}.sql: rows for what that revision brought"
    assert {file.stem for file in DATA.glob("*.sql")} <= set(chain())


@pytest.mark.parametrize("revision", chain())
def test_up_from_every_revision(make: Callable[[], Database], revision: str) -> None:
    database = make()
    for step in chain()[: chain().index(revision) + 1]:
        upgrade(database, step)
        if (DATA / f"{step}.sql").exists():
            fill(database, step)
    before = rows(database)
    if revision == chain()[0]:
        assert [name for name, found in before.items() if not found] == []
    upgrade(database)
    assert current(database) == head()
    after = rows(database)
    for name, found in before.items():
        assert name in after or not found, f"the rows of {name} are gone"
        if name not in after or not found:
            continue
        kept = [column for column in (found[0] if name in NEVER_CHANGED else keys(database, name))
                if column in after[name][0]]
        has = [tuple(row[column] for column in kept) for row in after[name]]
        assert [row for row in found if tuple(row[column] for column in kept) not in has] == []
    with database.read() as session:
        assert check(session) == []
    with database.write() as session:
        receive(session, key="after the upgrade", split={DebtId(1): Money(100, "GBP")}, actor="test", cause="test",
                effective_on=date(2026, 3, 3), posted_at=datetime.fromisoformat("2026-03-03T12:00:00+00:00"))
    with database.read() as session:
        assert session.get_one(DebtBalance, 1).principal == 7_900
        assert check(session) == []
