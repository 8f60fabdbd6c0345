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


def findings(db: Database, builds: list[Build]) -> list[list[Finding]]:
    """What is found of each build; each is audited by itself, so that rows of one are not taken for another's."""
    found = []
    for build in builds:
        with Session(db.engine, expire_on_commit=False) as session:  # nothing of it stays
            world = World(session, NOW)
            build(world)
            session.flush()
            found.append(audit(session, Scope(now=world.now + timedelta(hours=2))).findings)
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def one(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of this module's."""
    make: Callable[[], Database] = request.getfixturevalue(f"make_{request.param}")
    database = make()
    yield database
    database.close()


def test_there_are_41_rules_with_fixtures_for_each() -> None:
    assert NUMBERS == list(range(1, 42))
    assert sorted(KEEPS) == NUMBERS
    assert sorted(BREAKS) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_what_keeps_a_rule_is_clean(one: Database, number: int) -> None:
    [found] = findings(one, [KEEPS[number]])
    assert [(f.rule, f.subject, f.reason) for f in found] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_what_breaks_a_rule_is_found(one: Database, number: int) -> None:
    for place, found in enumerate(findings(one, BREAKS[number])):
        broken = [f.rule for f in found]
        assert number in broken, f"violation {place + 1} of rule {number} was not found; found were {broken}"
        assert all(f.reason and f.what_to_do and f.subject for f in found)
