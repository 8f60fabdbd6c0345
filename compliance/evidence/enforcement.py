"""Triggers that keep the evidence as it was written: no row is deleted, and of an unsealed one only the seal is set."""

from sqlalchemy import Connection

_WRITTEN = ("id", "key", "kind", "debtor_id", "debt_id", "conversation_id", "subject", "actor", "at", "content")


def _sqlite() -> list[str]:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in (*_WRITTEN, "facts"))
    refuse = "BEGIN SELECT RAISE(ABORT, 'evidence: rows are never changed'); END"
    return [
        f"CREATE TRIGGER evidence_unsealed BEFORE INSERT ON evidence WHEN NEW.position IS NOT NULL {refuse}",
        "CREATE TRIGGER evidence_no_replace BEFORE INSERT ON evidence"  # noqa: S608  # nosec B608  # words of this file
        f" WHEN EXISTS (SELECT 1 FROM evidence WHERE id = NEW.id) {refuse}",
        "CREATE TRIGGER evidence_sealed_once BEFORE UPDATE ON evidence"
        f" WHEN NOT (OLD.position IS NULL AND NEW.position IS NOT NULL AND {same}) {refuse}",
        f"CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence {refuse}",
    ]


def _postgresql() -> list[str]:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _WRITTEN)
    return [
        f"""CREATE OR REPLACE FUNCTION evidence_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.position IS NULL THEN RETURN NEW; END IF;
            ELSIF TG_OP = 'UPDATE' THEN
                IF OLD.position IS NULL AND NEW.position IS NOT NULL AND {same}
                    AND NEW.facts::text = OLD.facts::text THEN RETURN NEW; END IF;
            END IF;
            RAISE EXCEPTION 'evidence: rows are never changed' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        "CREATE TRIGGER evidence_kept BEFORE INSERT OR UPDATE OR DELETE ON evidence"
        " FOR EACH ROW EXECUTE FUNCTION evidence_kept()",
        "CREATE TRIGGER evidence_never_emptied BEFORE TRUNCATE ON evidence"
        " FOR EACH STATEMENT EXECUTE FUNCTION evidence_kept()",
    ]


def enforce(connection: Connection) -> None:
    """Create the triggers. For the migration."""
    for statement in {"sqlite": _sqlite, "postgresql": _postgresql}[connection.dialect.name]():
        connection.exec_driver_sql(statement)
