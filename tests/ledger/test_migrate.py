"""Bringing a database up to date: once, whoever asks, and complete."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from compliance.evidence import capture
from ledger.enforcement import LATER, is_compared, never_changed, statements
from migrations.tables import MODULES, import_tables
from runtime.database import Base, Database
from runtime.errors import OperatorError
from runtime.migrate import current, head, upgrade
from runtime.settings import ROOT


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A database with nothing in it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    else:
        url = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
        name = re.sub(r"\W", "_", request.node.name)[:50]
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        admin.dispose()
        database = Database(url.set(database=name).render_as_string(hide_password=False))
    yield database
    database.close()


def test_every_module_with_tables_is_listed() -> None:
    rooms = [path for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name != "engine"]
    declaring = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for room in rooms for file in room.rglob("*.py") if re.search(r"^    __tablename__ = ", file.read_text(), re.M)
    }
    missing = {module for module in declaring
               if module not in MODULES and module.rpartition(".")[0] not in MODULES}
    assert missing == set()


def test_the_newest_revision_has_all_tables_and_triggers(empty: Database) -> None:
    upgrade(empty)
    assert current(empty) == head()
    import_tables()
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())
    with empty.engine.connect() as connection:
        migrated = MigrationContext.configure(connection, opts={
            "compare_type": True, "include_object": is_compared if empty.dialect == "postgresql" else None,
        })
        differences = compare_metadata(migrated, Base.metadata)
        triggers = {
            "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'evidence%'",
            "postgresql": "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE 'evidence%'",
        }[empty.dialect]
        enforced = [*statements(empty.dialect),
                    *(s for table, *key in LATER for s in never_changed(empty.dialect, table, *key))]
        created = sum("CREATE TRIGGER" in s or "CREATE CONSTRAINT TRIGGER" in s for s in enforced)
        assert connection.execute(text(triggers)).scalar() == created
        assert capture.missing(connection) == []
    assert differences == []


def test_again_and_at_the_same_time(empty: Database) -> None:
    others = [Database(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, others))
    upgrade(empty)
    assert current(empty) == head()
    for other in others:
        other.close()


def test_a_database_of_a_newer_program_is_left_alone(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(OperatorError, match="newer"):
        upgrade(empty)
