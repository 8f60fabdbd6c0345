"""Writing evidence that no row of another table is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from compliance.evidence.keys import encrypted_for
from compliance.evidence.models import Evidence
from runtime.ids import DebtId, DebtorId

_INSERT = {dialect.name: insert(Evidence.__table__).on_conflict_do_nothing(index_elements=["key"])  # type: ignore[arg-type]
           for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))}
# Made once, and for the table itself: turns write it.


def record(
    session: Session, *, key: str, kind: str, now: datetime, debtor_id: DebtorId | None = None,
    debt_id: DebtId | None = None, conversation_id: str | None = None, subject: str = "", actor: str = "",
    facts: Mapping[str, Any] | None = None, content: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Record that something was done, in the transaction in which it is. The same ``key`` again changes nothing.

    ``facts`` are ids, codes, amounts, dates and words of our own: never a name, a factor or what somebody wrote. Those
    are ``content``, which is encrypted under the debtor's key, so it needs a debtor.
    """
    if content and debtor_id is None:
        raise ValueError("what is personal can only be kept under a debtor's own key")
    kept = encrypted_for(session, debtor_id, dict(content), now=now) if content and debtor_id is not None else None
    session.execute(_INSERT[session.get_bind().dialect.name], {
        "key": key[:200], "kind": kind, "debtor_id": debtor_id, "debt_id": debt_id, "conversation_id": conversation_id,
        "subject": subject[:80], "actor": actor[:100], "at": now, "facts": dict(facts or {}), "content": kept})
