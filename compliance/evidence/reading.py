"""The evidence of one debtor, for staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.evidence.keys import decrypted
from compliance.evidence.models import Evidence, EvidenceKey
from runtime.ids import DebtorId


@dataclass(frozen=True)
class Shown:
    """One record as it can be read. ``erased``: there was content, and its key is gone."""

    position: int | None
    at: datetime
    kind: str
    subject: str
    actor: str
    debt_id: int | None
    conversation_id: str | None
    facts: dict[str, Any]
    content: dict[str, Any] | None
    erased: bool

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return {**self.__dict__, "at": self.at.isoformat()}


def evidence_of(session: Session, debtor_id: DebtorId) -> Iterator[Shown]:
    """All that is recorded of a debtor, the oldest first."""
    key = session.get(EvidenceKey, debtor_id)
    rows = session.scalars(select(Evidence).where(Evidence.debtor_id == debtor_id).order_by(Evidence.id)
                           .execution_options(yield_per=1_000))
    for row in rows:
        content = decrypted(key, row.content) if row.content else None
        yield Shown(row.position, row.at, row.kind, row.subject, row.actor, row.debt_id, row.conversation_id,
                    row.facts, content, row.content is not None and content is None)
