"""Each of the 41 rules finds what breaks it and leaves alone what keeps it, on both databases."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from audit.rule import Finding
from audit.rules import RULES
from audit.running import audit
from audit.scope import Scope
from runtime.database import Database
from tests.audit.fixtures import BREAKS, KEEPS, Build
from tests.audit.world import World

NOW = datetime(2026, 3, 3, 16, 0, tzinfo=timezone.utc)
"""By day in London and in Chicago."""
NUMBERS = [rule.number for rule in RULES]


def found_in(db: Database, *builds: Build) -> list[Finding]:
    """What is found of what ``builds`` make; nothing of it stays."""
    with Session(db.engine, expire_on_commit=False) as session:
        world = World(session, NOW)
        for build in builds:
            build(world)
        session.flush()
        return audit(session, Scope(now=world.now + timedelta(hours=2))).findings


@pytest.fixture(scope="module")
def one(make_sqlite: Callable[[], Database]) -> Iterator[Database]:
    """A database of this module's."""
    database = make_sqlite()
    yield database
    database.close()


def test_there_are_41_rules_with_fixtures_for_each() -> None:
    assert list(range(1, 42)) == NUMBERS
    assert sorted(KEEPS) == NUMBERS
    assert sorted(BREAKS) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_what_keeps_a_rule_is_clean(one: Database, number: int) -> None:
    assert [(f.rule, f.subject, f.reason) for f in found_in(one, KEEPS[number])] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_what_breaks_a_rule_is_found(one: Database, number: int) -> None:
    for place, build in enumerate(BREAKS[number], start=1):
        found = found_in(one, build)
        broken = [f.rule for f in found]
        assert number in broken, f"violation {place} of rule {number} was not found; found were {broken}"
        assert all(f.reason and f.what_to_do and f.subject for f in found)


def test_all_that_keeps_the_rules_is_clean_together(db: Database) -> None:
    assert [(f.rule, f.subject, f.reason) for f in found_in(db, *KEEPS.values())] == []


def test_every_violation_is_found_among_all_of_them(db: Database) -> None:
    found = found_in(db, *(build for builds in BREAKS.values() for build in builds))
    assert sorted({f.rule for f in found}) == NUMBERS
