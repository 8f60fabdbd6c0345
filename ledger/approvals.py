"""Acts past the bounds of a policy's section ``approval``: refused, asked for, approved by somebody with the right.

An act is known by its idempotency key. Whoever is refused may ask; once somebody with the authority has said yes, the
same act with the same key goes through. Whoever has the authority needs nobody else, and is recorded as the approver.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import KeyReused, LedgerError, NeedsApproval, NotFound
from ledger.kinds import ApprovalStatus, Authority, BoundedAct
from ledger.models import Approval
from ledger.once import found, once
from ledger.posting import content_hash
from runtime.ids import DebtId, DebtorId


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done: ``content`` is JSON and has to be the same when it is; ``minor`` may be less."""

    key: str
    act: BoundedAct
    debtor_id: DebtorId
    debt_id: DebtId | None
    content: object
    needed: Authority
    minor: int | None = None


class NotApprover(LedgerError):
    """Only ``needed`` can decide on this, and nobody on what they asked for themselves beyond their own right."""

    def __init__(self, needed: Authority) -> None:
        super().__init__(f"this is for {needed} to decide")
        self.needed = needed


def granted(session: Session, asked: Asked) -> bool:
    """Whether just this was approved by somebody with the authority it needs."""
    row = found(session, Approval, asked.key)
    return (
        row is not None and row.status is ApprovalStatus.APPROVED and row.content_hash == _hash(asked)
        and row.authority is not None and row.authority.covers(asked.needed)
        and (asked.minor is None or (row.minor is not None and asked.minor <= row.minor))
    )


def clear(session: Session, asked: Asked, *, authority: Authority, actor: str, now: datetime) -> None:
    """Let an act through that its policy allows, or that was approved; keeps who approved it.

    Raises NeedsApproval where neither ``authority`` nor an approval is enough.
    """
    if asked.needed is Authority.BOT:
        return
    if granted(session, asked):
        row = found(session, Approval, asked.key)
    elif authority.covers(asked.needed):
        row = once(session, Approval, asked.key, lambda: _row(asked, actor, now, {}))
        if row.status is not ApprovalStatus.APPROVED:
            _decide(row, ApprovalStatus.APPROVED, actor, authority, now)
    else:
        raise NeedsApproval(asked.needed, asked)
    if row is not None:
        row.done_at = row.done_at or now
    session.flush()


def ask(
    session: Session, asked: Asked, *, actor: str, now: datetime, form: Mapping[str, Any] | None = None
) -> Approval:
    """Record that ``actor`` asks for an approval. The same asking again changes nothing.

    ``form``: what they filled in, as JSON, for whoever decides. Raises KeyReused when the key was used for other terms.
    """
    row = once(session, Approval, asked.key, lambda: _row(asked, actor, now, dict(form or {})))
    if row.content_hash != _hash(asked) or row.minor != asked.minor:
        raise KeyReused(asked.key)
    return row


def decide(
    session: Session, *, approval_id: int, yes: bool, actor: str, authority: Authority, now: datetime
) -> Approval:
    """Say yes or no to what was asked for. A decision stands; the same again changes nothing.

    Raises NotFound; NotApprover without the authority it needs.
    """
    row = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"nothing was asked for under {approval_id}")
    if not authority.covers(row.needed):
        raise NotApprover(row.needed)
    if row.status is ApprovalStatus.ASKED:
        _decide(row, ApprovalStatus.APPROVED if yes else ApprovalStatus.DECLINED, actor, authority, now)
        session.flush()
    return row


def waiting(session: Session, *, debtor_id: DebtorId | None = None) -> list[Approval]:
    """What was asked for and is not decided, the oldest first."""
    query = select(Approval).where(Approval.status == ApprovalStatus.ASKED).order_by(Approval.id)
    return list(session.scalars(query if debtor_id is None else query.where(Approval.debtor_id == debtor_id)))


def approvers(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Who approved what was done under each of the keys, as far as somebody had to."""
    rows = session.execute(select(Approval.key, Approval.decided_by).where(
        Approval.key.in_(keys), Approval.status == ApprovalStatus.APPROVED))
    return {key: by for key, by in rows if by is not None}


def _hash(asked: Asked) -> str:
    return content_hash([asked.act, asked.debtor_id, asked.debt_id, asked.content])


def _row(asked: Asked, actor: str, now: datetime, form: dict[str, Any]) -> Approval:
    return Approval(
        key=asked.key, act=asked.act, debtor_id=asked.debtor_id, debt_id=asked.debt_id, content_hash=_hash(asked),
        minor=asked.minor, needed=asked.needed, status=ApprovalStatus.ASKED, form=form, asked_by=actor, asked_at=now)


def _decide(row: Approval, status: ApprovalStatus, actor: str, authority: Authority, now: datetime) -> None:
    row.status, row.decided_by, row.decided_at, row.authority = status, actor, now, authority
