"""Staff's words beside the books: kept once, moved out of the books by the migration, which changes nothing else."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from ledger.errors import KeyReused
from ledger.models import Remark
from ledger.remarks import REMARKED, remark, remarks_of, take_words_out
from runtime.database import Database
from runtime.vault import is_encrypted
from tests.ledger.portfolio import Portfolio

WORDS = "moved out after her divorce"


def test_words_are_kept_once(db: Database, portfolio: Portfolio) -> None:
    given: dict[str, Any] = {"key": "console:1:a", "debtor_id": portfolio.debtor_id, "actor": "staff:1",
                             "now": portfolio.now}
    with db.write() as session:
        assert remark(session, words=WORDS, **given) == REMARKED
        assert remark(session, words=WORDS, **given) == REMARKED
        with pytest.raises(KeyReused):
            remark(session, words="other words", **given)
        assert remarks_of(session, ["console:1:a", "console:1:b"]) == {"console:1:a": WORDS}
        assert is_encrypted(session.execute(text("SELECT words FROM remark")).scalar_one())


@pytest.fixture
def old(db: Database, portfolio: Portfolio) -> Callable[[], list[tuple[Any, ...]]]:
    """Books as they were before, with staff's words in them; gives all of them but the words."""
    portfolio.debt("NG-1", 10_000)
    with db.write() as session:
        at = {"at": "2026-03-03 12:00:00", "on": "2026-03-03"}
        account = session.execute(text("SELECT min(id) FROM account WHERE debt_id IS NOT NULL")).scalar_one()
        for number, (key, kind, actor, cause) in enumerate((
            ("console:1:a", "adjustment", "staff:1", WORDS),
            ("console:1:b", "write_off", "staff:1", f"hardship: {WORDS}"),
            ("console:1:c", "write_off", "staff:1", "hardship"), ("stripe:1", "payment", "stripe", "pi_1"),
        ), start=9_001):
            session.execute(text("INSERT INTO txn (id, idem_key, content_hash, kind, effective_on, posted_at, actor,"
                                 " cause) VALUES (:id, :key, 'h', :kind, :on, :at, :actor, :cause)"),
                            {"id": number, "key": key, "kind": kind, "actor": actor, "cause": cause, **at})
            session.execute(text("INSERT INTO entry (txn_id, account_id, currency, amount)"
                                 " VALUES (:id, :account, 'GBP', 5), (:id, :account, 'GBP', -5)"),
                            {"id": number, "account": account})
            session.execute(text("INSERT INTO seal (txn_id) VALUES (:id)"), {"id": number})
        session.execute(text(
            "INSERT INTO plan (id, key, debtor_id, currency, total, instalment, every, unit, rule, first_on,"
            " grace_days, status, version, schedule, actor, agreed_at) VALUES (77, 'p', :debtor, 'GBP', 100, 50, 1,"
            " 'month', '', :on, 3, 'cancelled', 1, 1, 'bot', :at)"), {"debtor": portfolio.debtor_id, **at})
        session.execute(text(
            "INSERT INTO plan_version (plan_id, number, key, act, total, paid, instalment, every, unit, rule, first_on,"
            " actor, by_staff, why, made_at) VALUES (77, 1, 'console:1:d', 'changed', 100, 0, 50, 1, 'month', '', :on,"
            " 'staff:1', TRUE, :why, :at)"), {"why": WORDS, **at})

    def rest() -> list[tuple[Any, ...]]:
        with db.read() as session:
            return [tuple(row) for query in (
                "SELECT id, idem_key, content_hash, kind, effective_on, posted_at, actor FROM txn ORDER BY id",
                "SELECT id, txn_id, account_id, amount FROM entry ORDER BY id",
                "SELECT plan_id, number, key, total, made_at FROM plan_version ORDER BY 1, 2",
            ) for row in session.execute(text(query))]

    return rest


def test_the_migration_moves_the_words_and_nothing_else(db: Database, old: Callable[[], list[tuple[Any, ...]]]) -> None:
    before = old()
    for moved in (3, 0):  # done again it finds nothing
        with db.write() as session:
            assert take_words_out(session.connection()) == moved
    assert old() == before
    with db.read() as session:
        causes = dict(session.execute(text("SELECT idem_key, cause FROM txn WHERE id > 9000")).tuples().all())
        assert causes == {"console:1:a": REMARKED, "console:1:b": f"hardship: {REMARKED}", "console:1:c": "hardship",
                          "stripe:1": "pi_1"}
        assert session.execute(text("SELECT why FROM plan_version WHERE plan_id = 77")).scalar_one() == REMARKED
        assert remarks_of(session, [*causes, "console:1:d"]) == {
            "console:1:a": WORDS, "console:1:b": WORDS, "console:1:d": WORDS}
        made = session.get_one(Remark, "console:1:a")
        assert (made.actor, made.made_at) == ("staff:1", datetime.fromisoformat("2026-03-03T12:00:00+00:00"))


@pytest.mark.parametrize("change", ["UPDATE txn SET cause = 'x'", "UPDATE plan_version SET why = 'x'"])
def test_afterwards_the_books_are_closed_again(
    db: Database, old: Callable[[], list[tuple[Any, ...]]], change: str
) -> None:
    with db.write() as session:
        take_words_out(session.connection())
    with pytest.raises(DatabaseError, match="never changed"), db.write() as session:
        session.execute(text(change))
