"""Removing what is personal of a debtor, within the retention rule (GDPR 17 with 17(3)(b); rules 21 and 33).

The ledger's rows stay, under a number that nobody can turn back into a name: books must balance. What the map says is
cleared or deleted; the debtor's evidence key is destroyed, so the evidence log still verifies and says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, String, Table, Text, delete, select, true, update
from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.evidence.keys import destroy_key
from ledger.models import Debtor
from privacy.forbidden import Forbids, forbidding
from privacy.map import places, tables
from privacy.reach import Reach, reach
from privacy.tracker import forget
from runtime.database import Base, Database, EncryptedJSON, EncryptedText
from runtime.errors import StaffError
from runtime.ids import DebtorId


class MayNotErase(StaffError):
    """Something forbids it. ``reasons`` say what, and until when."""

    def __init__(self, reasons: Sequence[Forbids]) -> None:
        super().__init__("Nothing was erased: " + "; ".join(map(str, reasons)) + ".")
        self.reasons = list(reasons)


@dataclass
class Erased:
    """What was done: rows by table."""

    debtor_id: DebtorId
    cleared: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    already: bool = False


def erase(session: Session, debtor_id: DebtorId, *, actor: str, now: datetime) -> Erased:
    """Erase a debtor. Erasing twice is the same as once. Raises MayNotErase while the retention rule forbids it."""
    debtor = session.get_one(Debtor, debtor_id, with_for_update=True, populate_existing=True)
    if debtor.erased_at is not None:
        return Erased(debtor_id, already=True)
    if reasons := forbidding(session, debtor_id, now=now):
        raise MayNotErase(reasons)
    overwrite(session)
    theirs = reach(session, debtor_id, to_erase=True)
    done = Erased(debtor_id)
    session.flush()
    for table in tables().values():
        _clear(session, table, theirs, done)
    for table in reversed(_in_order()):
        _delete(session, table, theirs, done)
    session.expire_all()
    session.execute(update(Debtor).where(Debtor.id == debtor_id).values(ref=f"ERASED-{debtor_id}", erased_at=now))
    destroy_key(session, debtor_id, now=now)
    record(session, key=f"erased:{debtor_id}", kind="privacy.erased", debtor_id=debtor_id, actor=actor, now=now,
           subject=f"debtor:{debtor_id}", facts={"cleared": done.cleared, "deleted": done.deleted})
    session.expire_all()
    return done


def erase_everywhere(
    database: Database, debtor_id: DebtorId, *, actor: str, now: datetime, tracker: str | None = None
) -> Erased:
    """The same, and before it the engine's record: were it the other way round, nobody would know any more what to look
    for. Raises MayNotErase; OperatorError when the tracker cannot be reached, then nothing was erased."""
    with database.read() as session:
        if session.get_one(Debtor, debtor_id).erased_at is None and (
                reasons := forbidding(session, debtor_id, now=now)):
            raise MayNotErase(reasons)
        conversations = reach(session, debtor_id, to_erase=True).conversations
    forget(conversations, url=tracker)
    with database.write() as session:
        return erase(session, debtor_id, actor=actor, now=now)


def overwrite(session: Session) -> None:
    """From here on SQLite overwrites what is deleted; PostgreSQL does when it vacuums."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def _in_order() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name in places()]


def _clear(session: Session, table: Table, theirs: Reach, done: Erased) -> None:
    place = places()[table.name]
    if place.erasure != "clear" or not place.of_debtors:
        return
    values = {name: emptied(table.c[name]) for name in place.personal if (table.name, name) != ("debtor", "ref")}
    changed = session.execute(update(table).where(theirs.rows(table.name)).values(values))
    if count := changed.rowcount:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        done.cleared[table.name] = count


def _delete(session: Session, table: Table, theirs: Reach, done: Erased) -> None:
    place = places()[table.name]
    if place.erasure != "delete" or not place.of_debtors:
        return
    keys = list(table.primary_key.columns)
    if len(keys) == 1:  # by key: the condition may ask the very table
        found = session.scalars(select(keys[0]).where(theirs.rows(table.name))).all()
        changed = session.execute(delete(table).where(keys[0].in_(found))) if found else None
    else:
        changed = session.execute(delete(table).where(theirs.rows(table.name), true()))
    if changed is not None and (count := changed.rowcount):  # type: ignore[attr-defined]
        done.deleted[table.name] = count


def emptied(column: "Column[Any]") -> Any:
    """What stands for nothing in a column."""
    if column.nullable:
        return None
    if isinstance(column.type, EncryptedJSON):
        return {}
    if isinstance(column.type, EncryptedText | String | Text):
        return ""
    if column.type.python_type is bool:
        return False
    default = column.default
    return [] if default is not None and default.is_callable else {}
