"""A row that is written once per idempotency key."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.models import Approval, Budget, Hold, Plan, Promise, Settlement

Row = TypeVar("Row", Approval, Budget, Hold, Plan, Promise, Settlement)


def found(session: Session, table: type[Row], key: str) -> Row | None:
    """The row of ``key``, when there is one."""
    return session.scalars(select(table).where(table.key == key)).one_or_none()


def once(session: Session, table: type[Row], key: str, make: Callable[[], Row]) -> Row:
    """The row of ``key``; made when there is none, also when two ask at the same moment."""
    session.flush()
    if (row := found(session, table, key)) is not None:
        return row
    try:
        with session.begin_nested():
            row = make()
            session.add(row)
            session.flush()
        return row
    except IntegrityError:
        if (other := found(session, table, key)) is None:
            raise
        return other
