"""The engine's own record of a conversation: masked turns, but turns. It goes with the conversation.

Rasa's table is its own (``engine/tracker_store.py``): a row per event, the sender being ``{conversation_id}.{n}``.
"""

import os
from collections.abc import Collection

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from runtime.errors import OperatorError
from runtime.settings import settings

_DELETE = text("DELETE FROM events WHERE substr(sender_id, 1, :length) = :sender")


def tracker_url() -> str:
    """Where the tracker is."""
    return os.environ.get("DEBTDESK_TRACKER_URL") or f"sqlite:///{settings().data_dir / 'tracker.sqlite3'}"


def forget(conversations: Collection[str], *, url: str | None = None) -> int:
    """Delete the engine's events of these conversations. Returns how many there were; again it is none.

    Raises OperatorError when the tracker cannot be reached: then nothing of it is deleted, and it can be done again.
    """
    where = make_url(url or tracker_url())
    if where.get_backend_name() == "postgresql":
        where = where.set(drivername="postgresql+psycopg")
    elif where.database is None or not os.path.exists(where.database):
        return 0
    engine = create_engine(where, hide_parameters=True)
    try:
        with engine.begin() as connection:
            if not inspect(connection).has_table("events"):
                return 0
            if where.get_backend_name() == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            return sum(connection.execute(_DELETE, {"sender": f"{one}.", "length": len(one) + 1}).rowcount
                       for one in sorted(conversations))
    except SQLAlchemyError as error:
        raise OperatorError("The tracker cannot be reached, so the engine still has masked turns of the conversations: "
                            f"{type(error).__name__}") from None
    finally:
        engine.dispose()
