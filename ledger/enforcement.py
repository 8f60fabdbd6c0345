"""Triggers that make the database itself keep double entry. Used by the migration and by tests.

Both databases: a posting refers to its seal by a deferred foreign key, so none is committed unsealed;
no entry is added once sealed; postings, entries, seals and accounts are never changed or deleted.
The sum per currency is checked when the seal is set: on SQLite row by row, on PostgreSQL for all seals
of a statement together, and so for the entries (docs/decisions/009). Nothing can be added to a sealed
posting, so what was right then stays right.
"""

from sqlalchemy import Connection

_SQLITE_UNBALANCED = """
    SELECT RAISE(ABORT, 'ledger: this posting does not exist')
        WHERE NOT EXISTS (SELECT 1 FROM txn WHERE id = NEW.txn_id);
    SELECT RAISE(ABORT, 'ledger: a posting needs entries')
        WHERE NOT EXISTS (SELECT 1 FROM entry WHERE txn_id = NEW.txn_id);
    SELECT RAISE(ABORT, 'ledger: the posting does not sum to zero')
        WHERE EXISTS (SELECT 1 FROM entry WHERE txn_id = NEW.txn_id GROUP BY currency HAVING sum(amount) <> 0);
"""

_SQLITE_NO_REPLACE = (
    "CREATE TRIGGER TABLE_no_replace BEFORE INSERT ON TABLE WHEN EXISTS (SELECT 1 FROM TABLE WHERE KEY = NEW.KEY)"
    " BEGIN SELECT RAISE(ABORT, 'ledger: TABLE rows are never changed'); END"
)


def _sqlite() -> list[str]:
    statements = [
        f"CREATE TRIGGER seal_balanced AFTER INSERT ON seal BEGIN {_SQLITE_UNBALANCED} END",
        "CREATE TRIGGER entry_not_after_seal BEFORE INSERT ON entry"
        " WHEN EXISTS (SELECT 1 FROM seal WHERE txn_id = NEW.txn_id)"
        " BEGIN SELECT RAISE(ABORT, 'ledger: a sealed posting takes no more entries'); END",
    ]
    for table in ("txn", "entry", "seal", "account"):
        statements += [
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'ledger: {table} rows are never changed'); END"
            for act in ("UPDATE", "DELETE")
        ]
    # INSERT OR REPLACE deletes without firing delete triggers.
    for table, key in (("txn", "id"), ("entry", "id"), ("seal", "txn_id"), ("account", "id")):
        statements.append(_SQLITE_NO_REPLACE.replace("KEY", key).replace("TABLE", table))
    return statements


# Subqueries per row of the statement, by index: a join may be planned while the tables are small, and stay so.
_POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION ledger_seals_balanced() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE (SELECT txn.id FROM txn WHERE txn.id = added.txn_id) IS NULL) THEN
        RAISE EXCEPTION 'ledger: this posting does not exist' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM added
               WHERE (SELECT entry.txn_id FROM entry WHERE entry.txn_id = added.txn_id LIMIT 1) IS NULL) THEN
        RAISE EXCEPTION 'ledger: a posting needs entries' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM added WHERE (
        SELECT bool_or(amount <> 0) FROM (
            SELECT sum(entry.amount) AS amount FROM entry WHERE entry.txn_id = added.txn_id GROUP BY entry.currency
        ) AS sums
    )) THEN
        RAISE EXCEPTION 'ledger: the posting does not sum to zero' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_entries_before_seal() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added
               WHERE (SELECT seal.txn_id FROM seal WHERE seal.txn_id = added.txn_id) IS NOT NULL) THEN
        RAISE EXCEPTION 'ledger: a sealed posting takes no more entries'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'ledger: ' || TG_TABLE_NAME || ' rows are never changed';
END $$
"""


_PER_STATEMENT = (
    "CREATE TRIGGER seal_balanced AFTER INSERT ON seal REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_seals_balanced()",
    "CREATE TRIGGER entry_not_after_seal AFTER INSERT ON entry REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_before_seal()",
)


def per_statement(connection: Connection) -> None:
    """Look at all rows of a statement at once on a PostgreSQL that looks at each by itself. For a migration."""
    if connection.dialect.name != "postgresql":
        return
    statements = [
        *(text.strip() for text in _POSTGRESQL_FUNCTIONS.split("\n\n") if "ledger_never_changed" not in text),
        "DROP TRIGGER IF EXISTS seal_balanced ON seal", "DROP TRIGGER IF EXISTS entry_not_after_seal ON entry",
        *_PER_STATEMENT,
        "DROP FUNCTION IF EXISTS ledger_seal_balanced()", "DROP FUNCTION IF EXISTS ledger_entry_not_after_seal()",
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _postgresql() -> list[str]:
    statements = [
        *_POSTGRESQL_FUNCTIONS.split("\n\n"),
        *_PER_STATEMENT,
    ]
    for table in ("txn", "entry", "seal", "account"):
        statements += [
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_never_changed()",
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_never_changed()",
        ]
    return statements


def statements(dialect: str) -> list[str]:
    """The DDL for ``sqlite`` or ``postgresql``, in order."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}[dialect]()


def never_changed(dialect: str, table: str, *key: str) -> list[str]:
    """The DDL that keeps the rows of one more table as they were written. The functions of ``statements`` are there."""
    if dialect == "postgresql":
        return [
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_never_changed()",
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_never_changed()",
        ]
    return [
        *(f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
          f" BEGIN SELECT RAISE(ABORT, 'ledger: {table} rows are never changed'); END" for act in ("UPDATE", "DELETE")),
        _SQLITE_NO_REPLACE.replace("KEY = NEW.KEY", " AND ".join(f"{name} = NEW.{name}" for name in key))
        .replace("TABLE", table),
    ]


LATER = (("take_back", "txn_id"), ("plan_version", "plan_id", "number"),
         ("plan_version_due", "plan_id", "version", "number"))
"""Tables of later revisions whose rows are never changed, and their keys."""


def enforce(connection: Connection) -> None:
    """Create the triggers on a database that has the ledger's tables and none of the triggers yet."""
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement.strip())
