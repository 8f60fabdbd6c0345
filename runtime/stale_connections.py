"""Pooled connections whose server is gone are found out before they are used, as a rule without a journey to it.

``pool_pre_ping`` asks the server each time, which is a fifth of the journeys of a payment. A server that ends a
connection says so on it; only after a longer rest may a connection have died without a word.
"""

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

REST_SECONDS = 30.0
"""After such a rest the server is asked: a router or firewall between may have forgotten the connection."""
_SINCE = "resting since"


def refuse_stale(engine: Engine) -> None:
    """Replace stale connections of the engine's pool by new ones when they are taken out. For PostgreSQL."""

    def rest(_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def take(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get(_SINCE)
        if since is None:  # it is new
            return
        if _spoken_to(connection) or time.monotonic() - since > REST_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError("the server was gone") from error  # the pool makes new ones

    event.listen(engine, "checkin", rest)
    event.listen(engine, "checkout", take)


def _spoken_to(connection: Any) -> bool:
    """Whether the server has said something on an idle connection, such as good-bye."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
