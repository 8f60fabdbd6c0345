"""The key of each debtor, under which what is personal in the evidence stands. Destroying it is erasing that."""

import json
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from compliance.evidence.models import EvidenceKey
from runtime.ids import DebtorId

_INSERT = {dialect.name: insert(EvidenceKey).on_conflict_do_nothing(index_elements=["debtor_id"])
           for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))}


def encrypted_for(session: Session, debtor_id: DebtorId, content: dict[str, Any], *, now: datetime) -> str | None:
    """``content`` under the debtor's key, which is made when there is none; None once it was destroyed."""
    row = session.get(EvidenceKey, debtor_id)
    if row is None:
        session.flush()
        session.execute(_INSERT[session.get_bind().dialect.name],
                        [{"debtor_id": debtor_id, "key": Fernet.generate_key().decode(), "made_at": now}])
        row = session.get_one(EvidenceKey, debtor_id)
    if row.key is None:
        return None
    return Fernet(row.key).encrypt(json.dumps(content, ensure_ascii=False).encode()).decode()


def decrypted(row: EvidenceKey | None, content: str) -> dict[str, Any] | None:
    """What ``encrypted_for`` was given; None when the key is gone."""
    if row is None or row.key is None:
        return None
    found: dict[str, Any] = json.loads(Fernet(row.key).decrypt(content.encode()))
    return found


def destroy_key(session: Session, debtor_id: DebtorId, *, now: datetime) -> None:
    """Make everything personal in the debtor's evidence unreadable for good. Twice is the same as once."""
    row = session.get(EvidenceKey, debtor_id)
    if row is None:
        session.add(EvidenceKey(debtor_id=debtor_id, key=None, made_at=now, destroyed_at=now))
    elif row.key is not None:
        row.key, row.destroyed_at = None, now
    session.flush()
