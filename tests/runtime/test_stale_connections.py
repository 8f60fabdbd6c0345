"""A PostgreSQL server that went away meanwhile costs nobody an error; one that did not is not asked each time."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from runtime import stale_connections
from runtime.database import Database

Make = Callable[[], Database]


@pytest.fixture
def pooled(make_postgresql: Make) -> Database:
    return make_postgresql()


def _ended(database: Database) -> int:
    """End every connection of the database's pool from the server's side, as a restart does; how many there were."""
    other = Database(database.url.render_as_string(hide_password=False))
    with other.engine.connect() as connection:
        ended = connection.execute(text(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
        ).scalar_one()
    other.close()
    return int(ended)


def test_connections_that_the_server_has_ended_are_made_anew(pooled: Database) -> None:
    together = threading.Barrier(3)

    def use() -> None:
        with pooled.read() as session:
            session.execute(text("SELECT 1"))
            together.wait(10)  # so that each has a connection of its own

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert _ended(pooled) == 3
    for _ in range(4):
        with pooled.write() as session:
            assert session.execute(text("SELECT 1")).scalar() == 1
    pooled.close()


def test_the_server_is_asked_only_after_a_rest(pooled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    ping = pooled.engine.dialect.do_ping
    monkeypatch.setattr(pooled.engine.dialect, "do_ping", lambda found: asked.append(found) or ping(found))
    for _ in range(3):
        pooled.check()
    assert asked == []
    monkeypatch.setattr(stale_connections, "REST_SECONDS", 0.0)
    pooled.check()
    assert len(asked) == 1
    pooled.close()
