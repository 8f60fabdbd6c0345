"""Up from every earlier revision with data in it: the rows are still there, and the books are sound and go on.

``data/REVISION.sql`` holds rows for what that revision brought, on top of those of the revisions before it.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, func, select, text
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


class Ladder:
    """One database of a kind that goes up step by step, each with its rows; whoever stands on a step gets a copy."""

    def __init__(self, copy: Callable[[str | None, str], str]) -> None:
        self._copy = copy
        self._standing: str | None = None
        self._steps: dict[str, str] = {}
        self._made: list[Database] = []

    def at(self, revision: str) -> Database:
        """A database of that revision, with the rows of it and of those before it."""
        for step in chain()[len(self._steps): chain().index(revision) + 1]:
            self._standing = self._copy(self._standing, f"step_{step}")
            database = Database(self._standing)
            upgrade(database, step)
            if (DATA / f"{step}.sql").exists():
                fill(database, step)
            database.close()
            self._steps[step] = self._standing
        self._made.append(Database(self._copy(self._steps[revision], f"from_{revision}")))
        return self._made[-1]

    def close(self) -> None:
        """Leave all of them."""
        for database in self._made:
            database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ladder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ladder]:
    """The ladder of each kind."""
    folder = tmp_path_factory.mktemp("ladder")

    def sqlite(other: str | None, name: str) -> str:
        if other is not None:
            shutil.copyfile(str(make_url(other).database), folder / name)
        return f"sqlite:///{folder / name}"

    def postgresql(other: str | None, name: str) -> str:
        url = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
        template = make_url(other).database if other is not None else "template0"
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        admin.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    made = Ladder(sqlite if request.param == "sqlite" else postgresql)
    yield made
    made.close()


def fill(database: Database, revision: str) -> None:
    """Run a revision's file, in one transaction."""
    script = "\n".join(line for line in (DATA / f"{revision}.sql").read_text(encoding="utf-8").splitlines()
                       if not line.startswith("--"))
    with database.engine.execution_options(writes=True).begin() as connection:
        for statement in filter(None, map(str.strip, script.split(";\n"))):
            connection.exec_driver_sql(statement.rstrip(";").replace("%", "%%"))
        if database.dialect == "postgresql":  # ids given by hand do not move a sequence
            for table, sequence in connection.execute(text(
                    "SELECT table_name, pg_get_serial_sequence(quote_ident(table_name), 'id') FROM "
                    "information_schema.columns WHERE column_name = 'id' AND table_schema = current_schema()")).all():
                if sequence:
                    newest = connection.execute(select(func.max(text("id"))).select_from(text(f'"{table}"'))).scalar()
                    connection.execute(select(func.setval(sequence, newest)))


def rows(database: Database) -> tuple[Rows, dict[str, list[str]]]:
    """All there is, by table, as plain SQL gives it; and the columns of each table's primary key."""
    tables = MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        found = {name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
                 for name, table in tables.tables.items() if name != "alembic_version"}
    return found, {name: [column.name for column in table.primary_key] for name, table in tables.tables.items()}


def test_every_revision_but_the_newest_has_its_rows() -> None:
    wanted = chain()[:-1]
    missing = [revision for revision in wanted if not (DATA / f"{revision}.sql").exists()]
    assert missing == [], f"write tests/migrations/data/{missing[0]}.sql: rows for what that revision brought"
    assert {file.stem for file in DATA.glob("*.sql")} <= set(chain())


@pytest.mark.parametrize("revision", chain())
def test_up_from_every_revision(ladder: Ladder, revision: str) -> None:
    database = ladder.at(revision)
    before, _ = rows(database)
    if revision == chain()[0]:
        assert [name for name, found in before.items() if not found] == []
    upgrade(database)
    assert current(database) == head()
    after, keys = rows(database)
    for name, found in before.items():
        assert name in after or not found, f"the rows of {name} are gone"
        if name not in after or not found:
            continue
        kept = [column for column in (found[0] if name in NEVER_CHANGED else keys[name])
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
