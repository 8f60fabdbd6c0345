"""What rules are given: figures as of a moment, texts that were erased, many conversations in batches."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit import reading
from audit.books import estates
from audit.running import Report, audit
from audit.scope import Scope
from ledger.kinds import Bucket, CreditorAccount, PostingKind
from ledger.money import Money
from runtime.database import Database
from runtime.ids import DebtorId
from tests.audit.fixtures import BREAKS, KEEPS, tell_balance
from tests.audit.world import World, balance

NOW = datetime(2026, 3, 3, 16, 0, tzinfo=timezone.utc)


@pytest.fixture
def world(db: Database) -> Iterator[World]:
    """An empty world, of which nothing stays."""
    with Session(db.engine, expire_on_commit=False) as session:
        yield World(session, NOW)


def run(world: World, **limits: object) -> Report:
    world.session.flush()
    return audit(world.session, Scope(now=world.now + timedelta(hours=2), **limits))  # type: ignore[arg-type]


def test_what_was_owed_is_known_for_every_moment(world: World) -> None:
    person = world.person()
    before = world.now
    person.posting(Bucket.PRINCIPAL, -1200, kind=PostingKind.PAYMENT, account=CreditorAccount.PROCESSOR_CLEARING)
    between = world.now
    world.tick(hours=1)
    person.posting(Bucket.COSTS, 300)
    mine = estates(world.session, {DebtorId(person.debtor.id)})[DebtorId(person.debtor.id)]
    found = [mine.totals(mine.places(at, at)[0]) for at in (before, between, world.now)]
    assert found == [{Money(31_200, "GBP")}, {Money(30_000, "GBP")}, {Money(30_300, "GBP")}]
    assert [mine.totals(place) for place in mine.places(before, world.now)] == list(reversed(found))
    assert Money(30_000, "GBP") in mine.figures(mine.places(between, between)[0])
    assert Money(1_200, "GBP") in mine.figures(mine.places(between, between)[0])


def test_a_figure_may_be_of_any_moment_between_question_and_answer(world: World) -> None:
    person = world.person()
    turn = person.typed("what do i owe", "action_balance")
    person.posting(Bucket.PRINCIPAL, -1200, kind=PostingKind.PAYMENT, account=CreditorAccount.PROCESSOR_CLEARING)
    words, values = balance(person)  # as it was when it was asked for
    person.said(words, name="balance", values=values, turn=turn)
    assert run(world).findings == []
    tell_balance(person)  # and once more, when it is no longer so
    assert {finding.rule for finding in run(world).findings} == {34}


def test_erased_texts_are_counted_and_left_out(world: World) -> None:
    person = world.person()
    message = tell_balance(person)
    world.session.flush()
    gone = text("UPDATE message SET text = 'gAAAAgone', \"values\" = NULL WHERE id = :id")
    world.session.execute(gone, {"id": message.id})
    world.session.expire_all()
    report = run(world)
    assert (report.findings, report.unreadable) == ([], 1)


def test_batches_change_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (3, 16, 41):
        BREAKS[number][0](world)
        KEEPS[number](world)
    whole = run(world)
    assert {finding.rule for finding in whole.findings} == {3, 16, 41}
    monkeypatch.setattr(reading, "MESSAGES", 1)
    small = run(world)
    assert sorted(map(repr, small.findings)) == sorted(map(repr, whole.findings))
    assert (small.messages, small.conversations) == (whole.messages, whole.conversations)


def test_only_what_lies_within_the_limits_is_reported(world: World) -> None:
    BREAKS[41][0](world)
    first = world.now
    world.tick(days=3)
    BREAKS[16][0](world)
    assert [f.rule for f in run(world).findings] == [41, 16]
    assert [f.rule for f in run(world, since=first + timedelta(days=1)).findings] == [16]
    assert [f.rule for f in run(world, until=first + timedelta(days=1)).findings] == [41]
    assert [f.rule for f in run(world, rules=frozenset({41})).findings] == [41]
