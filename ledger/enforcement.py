"""Triggers that make the database itself keep double entry. Used by the migration and by tests.

Both databases: a posting refers to its seal by a deferred foreign key, so none is committed unsealed;
no entry is added once sealed; postings, entries, seals and accounts are never changed or deleted.
The sum per currency is checked when the seal is set: on SQLite row by row, on PostgreSQL for all seals
of a statement together, and so for the entries (docs/decisions/009). Nothing can be added to a sealed
posting, so what was right then stays right.

On PostgreSQL the same triggers look whether the postings, accounts and debts exist that new rows name, in place of
foreign keys (docs/decisions/019).
"""

from typing import Any

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
DECLARE
    absent boolean; doubtful boolean;
BEGIN
    SELECT bool_or((SELECT txn.id FROM txn WHERE txn.id = added.txn_id) IS NULL), bool_or((
        SELECT coalesce(sum(amount) <> 0 OR min(currency COLLATE "C") <> max(currency COLLATE "C"), true)
        FROM entry WHERE entry.txn_id = added.txn_id
    )) INTO absent, doubtful FROM added;
    IF absent THEN
        RAISE EXCEPTION 'ledger: this posting does not exist' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT doubtful THEN
        RETURN NULL;
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

CREATE OR REPLACE FUNCTION ledger_entries_belong() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    sealed boolean; absent boolean; elsewhere boolean;
BEGIN
    SELECT bool_or((SELECT seal.txn_id FROM seal WHERE seal.txn_id = one.txn_id) IS NOT NULL),
           bool_or((SELECT txn.id FROM txn WHERE txn.id = one.txn_id) IS NULL)
    INTO sealed, absent FROM (SELECT DISTINCT added.txn_id FROM added) AS one;
    IF sealed THEN
        RAISE EXCEPTION 'ledger: a sealed posting takes no more entries'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT bool_or((SELECT account.currency FROM account WHERE account.id = one.account_id)
                   IS DISTINCT FROM one.currency)
    INTO elsewhere FROM (SELECT DISTINCT added.account_id, added.currency FROM added) AS one;
    IF absent OR elsewhere THEN
        RAISE EXCEPTION 'ledger: an entry names a posting, or account of its currency, that is not there (foreign key)'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_accounts_belong() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE debt_id IS NOT NULL AND (
        SELECT debt.currency FROM debt WHERE debt.id = added.debt_id
    ) IS DISTINCT FROM added.currency) THEN
        RAISE EXCEPTION 'ledger: an account names a debt in its currency that does not exist (foreign key)'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_balances_belong() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE (SELECT debt.id FROM debt WHERE debt.id = added.debt_id) IS NULL) THEN
        RAISE EXCEPTION 'ledger: a balance names a debt that does not exist (foreign key)'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation',
        MESSAGE = 'ledger: ' || TG_TABLE_NAME || ' rows stay, and so does what others know them by (foreign key)';
END $$;

CREATE OR REPLACE FUNCTION ledger_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'ledger: ' || TG_TABLE_NAME || ' rows are never changed';
END $$
"""


def _each_statement(name: str, table: str, function: str) -> str:
    return (f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()")


_PER_STATEMENT = {
    ("seal_balanced", "seal"): _each_statement("seal_balanced", "seal", "ledger_seals_balanced"),
    ("entry_not_after_seal", "entry"): _each_statement("entry_not_after_seal", "entry", "ledger_entries_belong"),
    ("account_belongs", "account"): _each_statement("account_belongs", "account", "ledger_accounts_belong"),
    ("debt_balance_belongs", "debt_balance"):
        _each_statement("debt_balance_belongs", "debt_balance", "ledger_balances_belong"),
    ("debt_balance_stays", "debt_balance"):
        "CREATE TRIGGER debt_balance_stays BEFORE UPDATE OF debt_id ON debt_balance FOR EACH ROW"
        " WHEN (OLD.debt_id <> NEW.debt_id) EXECUTE FUNCTION ledger_rows_stay()",
    ("debt_same", "debt"):
        "CREATE TRIGGER debt_same BEFORE UPDATE OF id, currency ON debt FOR EACH ROW"
        " WHEN (OLD.id <> NEW.id OR OLD.currency <> NEW.currency) EXECUTE FUNCTION ledger_rows_stay()",
    ("debt_never_deleted", "debt"):
        "CREATE TRIGGER debt_never_deleted BEFORE DELETE ON debt FOR EACH ROW EXECUTE FUNCTION ledger_rows_stay()",
    ("debt_never_emptied", "debt"):
        "CREATE TRIGGER debt_never_emptied BEFORE TRUNCATE ON debt"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_rows_stay()",
}
"""Triggers of PostgreSQL that came in place of others or of foreign keys, by name and table."""

BY_TRIGGER = {
    "fk_entry_txn_id_txn": ("entry", ("txn_id",), "txn", ("id",)),
    "fk_entry_account_id_currency": ("entry", ("account_id", "currency"), "account", ("id", "currency")),
    "fk_account_debt_id_currency": ("account", ("debt_id", "currency"), "debt", ("id", "currency")),
    "fk_debt_balance_debt_id_debt": ("debt_balance", ("debt_id",), "debt", ("id",)),
}
"""Foreign keys of the models that are triggers on PostgreSQL: table, columns, the table and columns they name."""


def per_statement(connection: Connection) -> None:
    """Look at all rows of a statement at once on a PostgreSQL that looks at each by itself. For a migration."""
    if connection.dialect.name != "postgresql":
        return
    statements = [
        *(text.strip() for text in _POSTGRESQL_FUNCTIONS.split("\n\n") if "ledger_never_changed" not in text),
        *(f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in _PER_STATEMENT),
        *_PER_STATEMENT.values(),
        *(f"DROP FUNCTION IF EXISTS {name}()"
          for name in ("ledger_seal_balanced", "ledger_entry_not_after_seal", "ledger_entries_before_seal")),
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def without_keys(connection: Connection) -> None:
    """Have triggers look for what new rows name, in place of foreign keys, on PostgreSQL. For a migration."""
    if connection.dialect.name == "postgresql":
        per_statement(connection)
        for name, (table, *_) in BY_TRIGGER.items():
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")


def with_keys(connection: Connection) -> None:
    """Take ``without_keys`` back; the triggers stay, for they ask for no more than the keys."""
    if connection.dialect.name == "postgresql":
        for name, (table, columns, other, named) in BY_TRIGGER.items():
            connection.exec_driver_sql(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(columns)}) "
                f"REFERENCES {other} ({', '.join(named)})"
            )


def is_compared(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Whether Alembic compares it: a key of the models that is a trigger on PostgreSQL is not missing there."""
    return not (kind == "foreign_key_constraint" and not reflected and name in BY_TRIGGER)


def _postgresql() -> list[str]:
    statements = [
        *_POSTGRESQL_FUNCTIONS.split("\n\n"),
        *_PER_STATEMENT.values(),
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
