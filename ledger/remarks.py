"""Staff's own words, kept where they can be erased; the books say only that there are some (docs/decisions/026)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.errors import KeyReused
from ledger.models import Remark
from runtime.ids import DebtorId
from runtime.vault import encrypt

REMARKED = "staff's remark"
"""What stands as cause of a posting, or as reason of a plan's change, in place of the words."""


def remark(session: Session, *, key: str, debtor_id: DebtorId, words: str, actor: str, now: datetime) -> str:
    """Keep ``words`` for the posting or plan's change of that key; what to write there in their place.

    The same key with the same words changes nothing. Raises KeyReused for other words.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(Remark).on_conflict_do_nothing(), [
        {"key": key, "debtor_id": debtor_id, "words": words, "actor": actor, "made_at": now}])
    kept = session.execute(select(Remark.debtor_id, Remark.words).where(Remark.key == key)).one()
    if tuple(kept) != (debtor_id, words):
        raise KeyReused(key)
    return REMARKED


def remarks_of(session: Session, keys: Collection[str]) -> dict[str, str]:
    """The words for each key that has any."""
    found = session.execute(select(Remark.key, Remark.words).where(Remark.key.in_(keys)))
    return {key: words for key, words in found}


_POSTED = text(
    "SELECT DISTINCT txn.id, txn.idem_key AS key, txn.kind, txn.cause AS words, txn.actor, txn.posted_at AS made_at,"
    " debt.debtor_id FROM txn JOIN entry ON entry.txn_id = txn.id JOIN account ON account.id = entry.account_id"
    " JOIN debt ON debt.id = account.debt_id WHERE txn.idem_key LIKE 'console:%' AND txn.actor LIKE 'staff:%'")
_CHANGED = text(
    "SELECT v.plan_id, v.number, v.key, v.why AS words, v.actor, v.made_at, plan.debtor_id FROM plan_version v"
    " JOIN plan ON plan.id = v.plan_id WHERE v.why <> '' AND v.actor LIKE 'staff:%'")
_KEEP = text("INSERT INTO remark (key, debtor_id, words, actor, made_at)"
             " VALUES (:key, :debtor_id, :words, :actor, :made_at) ON CONFLICT DO NOTHING")
_GUARDS = {"sqlite": "{}_no_update", "postgresql": "{}_never_changed"}


def take_words_out(connection: Connection) -> int:
    """Move what staff said from the books to remarks: for the migration, the one time that rows of the books change.

    Amounts, dates, keys and hashes stay. Of a write-off the reason stays, which is of a list. Returns how many.
    """
    posted = []
    for row in connection.execute(_POSTED).mappings():
        cause, words = REMARKED, row["words"]
        if row["kind"] == "write_off":
            reason, _, words = row["words"].partition(": ")
            cause = f"{reason}: {REMARKED}"
        if words not in ("", REMARKED):
            posted.append({**row, "cause": cause, "words": encrypt(words)})
    changed = [{**row, "words": encrypt(row["words"])} for row in connection.execute(_CHANGED).mappings()
               if row["words"] != REMARKED]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what stood there in plain is overwritten
    for table, rows, statement in (
        ("txn", posted, text("UPDATE txn SET cause = :cause WHERE id = :id")),
        ("plan_version", [{**row, "cause": REMARKED} for row in changed],
         text("UPDATE plan_version SET why = :cause WHERE plan_id = :plan_id AND number = :number")),
    ):
        if rows:
            restore = _open(connection, table)
            connection.execute(_KEEP, rows)
            connection.execute(statement, rows)
            connection.exec_driver_sql(restore)
    return len(posted) + len(changed)


def _open(connection: Connection, table: str) -> str:
    """Let the rows of ``table`` be changed; the statement with which they no longer can."""
    guard = _GUARDS[connection.dialect.name].format(table)
    if connection.dialect.name == "sqlite":
        restore = str(connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"),
                                         {"name": guard}).scalar_one())
        connection.exec_driver_sql(f"DROP TRIGGER {guard}")
        return restore
    connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
    return f"ALTER TABLE {table} ENABLE TRIGGER {guard}"
