"""The evidence log is tested on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from runtime.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of the test's own."""
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()
