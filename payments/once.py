"""Insert a row unless one with the same unique value is there: the base of every "once" in this room."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from runtime.database import Base


def insert_once(session: Session, table: type[Base], unique: str, **values: Any) -> bool:
    """Whether the row was inserted; False when another has the same value in the column ``unique``.

    Two transactions with the same value wait for each other; the later one gets False.
    """
    session.flush()
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    column = table.__table__.c[unique]
    statement = dialect.insert(table.__table__).values(**values).on_conflict_do_nothing(index_elements=[unique])
    return session.execute(statement.returning(column)).first() is not None
